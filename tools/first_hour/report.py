"""The report of a run, in Markdown for people and in JSON for programs. No URL, secret or whole account id is in it."""

import json
from collections import Counter
from dataclasses import asdict

from relayctl.walk import STATUSES, table
from tools.first_hour.run import Run

COLUMNS = ("step", "result", "seconds", "expected", "seen")


def as_json(run: Run) -> str:
    """Return the whole run as JSON."""
    return json.dumps(asdict(run) | {"account": account(run)}, indent=1) + "\n"


def as_markdown(run: Run) -> str:
    """Return a table for each Region: what was expected, what was seen, how long it took."""
    counts = Counter(result.status for result in run.results)
    where = "the local AWS, which is not AWS" if run.local else f"AWS account {account(run)}"
    lines = [
        f"# {'Afternoon' if run.afternoon else 'First hour'} {run.id}",
        "",
        f"On {where}, from {run.began} (UTC), with commit `{run.commit}`.",
        ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status]) + ".",
    ]
    for region in run.regions:
        rows = [
            (result.step, f"**{result.status}**", f"{result.seconds:.0f}", result.expected, result.seen)
            for result in run.results
            if result.region == region
        ]
        lines += ["", f"## {region}", "", *table(COLUMNS, rows)]
    return "\n".join(lines) + "\n"


def account(run: Run) -> str:
    """Return the last four digits of the account, so that a report can be shared."""
    return f"…{run.account[-4:]}"
