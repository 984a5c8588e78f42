"""Send a window of the archive again, or count what would be sent: `relayctl replay`, for the page."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relay_local.deploy import STAGE
from relay_local.process import PARTNER
from relay_local.session import Session
from relayctl import output

OPTIONS = ("since", "until", "customer", "route", "detail-type", "was")
"""What the page can choose; `relayctl replay` says what each of them may be."""

_RELAYCTL = Path(sys.executable).with_name("relayctl")


class Mistake(Exception):
    """The command refuses its options; it says why."""


def arguments(chosen: Mapping[str, str], *, remap: bool, dry_run: bool) -> list[str]:
    """Return the arguments of `relayctl`; what a person wrote cannot become another option."""
    options = [f"--{name}={chosen[name]}" for name in OPTIONS if chosen.get(name)]
    return ["replay", *options, *(["--remap"] if remap else []), *(["--dry-run"] if dry_run else [])]


def run(session: Session, chosen: Mapping[str, str], *, remap: bool, dry_run: bool) -> dict[str, Any]:
    """Return the `rows` of entries, what the command `told`, the `command`, and whether all of it `succeeded`.

    Raise Mistake.
    """
    environment = session.aws.environment(PARTNER, session.stack.region)
    endpoint = environment.pop("AWS_ENDPOINT_URL")
    if session.connections:
        environment["RELAY_CONTROL_URL"] = session.connections.api.url
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RELAY_"))}
    given = arguments(chosen, remap=remap, dry_run=dry_run)
    done = subprocess.run(
        [_RELAYCTL, *given, "--output", "json", "--endpoint-url", endpoint],
        env={**clean, **environment, "RELAY_STAGE": STAGE},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line for line in done.stderr.splitlines() if line.strip()]
    if done.returncode == output.MISTAKE or not done.stdout:
        raise Mistake(" ".join(line.strip("│ ") for line in told if not line.startswith(("╭", "╰", "Usage", "Try"))))
    rows = json.loads(done.stdout)
    return {"rows": rows, "told": told, "command": shlex.join(["relayctl", *given]), "succeeded": done.returncode == 0}
