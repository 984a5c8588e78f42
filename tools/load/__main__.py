"""`make load` and `make soak`: measure, save what was seen, and write docs/explanation/load.md from it."""

import argparse
import sys
from typing import Any

from bench import measuring
from relay_local.process import LocalAwsError
from tools.load import page, servers
from tools.load.load import BrokenError, Plan, load
from tools.load.soak import soak


def main() -> None:
    """Measure one of both."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    soaking = commands.add_parser("soak", help="many webhooks through one environment, one after the other")
    soaking.add_argument("--webhooks", type=int, default=1_000_000)
    soaking.set_defaults(run=_soak)
    loading = commands.add_parser("load", help="capacity, and what senders see at 70 % of it")
    loading.add_argument("--seconds", type=float, default=60, help="of each run; default: %(default)s")
    loading.add_argument("--rounds", type=int, default=3)
    loading.set_defaults(run=_load)
    options = parser.parse_args()
    options.run(options)


def _load(options: argparse.Namespace) -> None:
    try:
        page.save("load", load(Plan(options.seconds, options.rounds), _say))
    except (BrokenError, LocalAwsError) as error:
        sys.exit(f"load: {error}")
    page.write()


def _soak(options: argparse.Namespace) -> None:
    def save(seen: dict[str, Any]) -> None:
        page.save("soak", seen)
        _say(f"{seen['webhooks']} webhooks, {seen['seconds']:.0f} s: {seen['parts'][-1]}")

    with measuring.ready() as bench, servers.aws_stub() as stub:
        soak(bench, stub, options.webhooks, save)
    page.write()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
