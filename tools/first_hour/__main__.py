"""`make first-hour`: the first hour on an AWS account; docs/tutorial/first-hour-on-aws.md says what it shows.

With `--afternoon` it measures load instead: docs/how-to/afternoon-on-aws.md.

Works in the account of the environment's credentials; with AWS_ENDPOINT_URL, on the local AWS.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from relayctl.walk import PASSED
from tools.first_hour import afternoon, plan, report, walk
from tools.first_hour import run as runs
from tools.first_hour.place import ROOT, Place, client
from tools.first_hour.run import REGIONS, Run
from tools.first_hour.steps import STEPS

FOLDER = ROOT / ".build/first-hour"


def main(arguments: Sequence[str] | None = None) -> int:
    """Walk, or take a run up again, or destroy one. Return 0 only if nothing failed."""
    options = _options(arguments)
    try:
        known = options.resume or options.destroy
        run = _known(known) if known else _new(options.regions, afternoon=options.afternoon)
    except (ClientError, BotoCoreError) as error:
        sys.exit(f"first hour: AWS cannot be asked ({error}); are there credentials, and is the Region enabled?")
    folder = FOLDER / run.id
    places = [Place(run, region, folder) for region in run.regions]
    if options.destroy:
        return _destroy(places, sure=options.yes or _agreed(f"Delete every stack of run {run.id}?"))
    print(plan.text(run))
    if not options.yes and not _agreed("Begin?"):
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for place in places:
            walk.repair(place)
            walk.walk(place, afternoon.STEPS if run.afternoon else STEPS, partial(_save, run), _say)
    finally:  # also after Ctrl-C: what was made is named, and how to go on or to end
        _save(run)
        _say(f"\nReport: {(folder / 'report.md').relative_to(ROOT)}")
        _say(f"Take it up again: make first-hour ARGS='--resume {run.id}'")
        _say(f"Delete all of it: make first-hour ARGS='--destroy {run.id}'")
    for one in run.failed:
        _say(f"{one.status}: {one.region} {one.step}: {one.seen}")
    if options.yes and run.failed:
        _say("Something failed, so everything is left as it is, to be looked at.")
        return 1
    if options.yes or _agreed(f"Delete every stack of run {run.id} now?"):
        return _destroy(places, sure=True) or bool(run.failed)
    return bool(run.failed)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make first-hour", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--regions", nargs="+", help=f"where; default: {' '.join(REGIONS)}, the first with --afternoon")
    parser.add_argument(
        "--afternoon", action="store_true", help="measure load: cold starts, a million webhooks, a step"
    )
    parser.add_argument("--yes", action="store_true", help="ask nothing; what failed is left standing")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--resume", metavar="RUN", help="take up a run: what has passed is not done again")
    chosen.add_argument("--destroy", metavar="RUN", help="delete the stacks of a run")
    options = parser.parse_args(arguments)
    options.regions = options.regions or list(REGIONS[:1] if options.afternoon else REGIONS)
    return options


def _new(regions: Sequence[str], *, afternoon: bool) -> Run:
    # Asked in each Region: one that is not enabled knows no credentials.
    accounts = {client("sts", region).get_caller_identity()["Account"] for region in regions}
    local = bool(os.environ.get("AWS_ENDPOINT_URL"))
    began = datetime.now(UTC).isoformat(timespec="seconds")
    return runs.new(accounts.pop(), regions, _commit(), began, local=local, afternoon=afternoon)


def _known(run_id: str) -> Run:
    try:
        run = runs.load(FOLDER / run_id / "run.json")
    except OSError:
        there = sorted(path.parent.name for path in FOLDER.glob("*/run.json"))
        sys.exit(f"first hour: there is no run {run_id}; there are: {', '.join(there) or 'none'}")
    account = client("sts", run.regions[0]).get_caller_identity()["Account"]
    if (account, bool(os.environ.get("AWS_ENDPOINT_URL"))) != (run.account, run.local):
        sys.exit(f"first hour: run {run_id} is in another account than these credentials")
    return run


def _destroy(places: Sequence[Place], *, sure: bool) -> int:
    if not sure:
        return 1
    results = [walk.destroy(place, partial(_save, place.run), _say) for place in places]
    return int(any(result.status != PASSED for result in results))


def _save(run: Run) -> None:
    folder = FOLDER / run.id
    runs.save(run, folder / "run.json")
    (folder / "report.md").write_text(report.as_markdown(run), "utf-8")
    (folder / "report.json").write_text(report.as_json(run), "utf-8")


def _agreed(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:  # nobody is there to ask
        return False


def _say(text: str) -> None:
    print(text, flush=True)


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell says it
