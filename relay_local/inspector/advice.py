"""What the runbook says to do about a dead letter, from its table: the page of `make run` has no words of its own."""

import re
from collections.abc import Mapping

from relay_local.emulator.faults import SIMULATED

OTHERS = "others"
_ROW = re.compile(r"^\| (`[^|]+?) \| ([^|]+) \|$", re.MULTILINE)


def read(runbook: str) -> dict[str, str]:
    """Return the advice for each error code in docs/how-to/operations.md; `others` is for any other code."""
    section = runbook.partition("\n## Dead letters\n")[2].partition("\n## ")[0]
    advice: dict[str, str] = {}
    for codes, what in _ROW.findall(section):
        names = re.findall(r"`([^`]+)`", codes) + ([OTHERS] if codes.endswith("and others") else [])
        advice |= dict.fromkeys(names, what.replace("`", ""))
    return advice


def for_letter(advice: Mapping[str, str], code: str | None, message: str = "") -> str:
    """Return what to do about a dead letter with this error code and message."""
    if message == SIMULATED:
        return "EventBridge was simulated to fail: end the simulation, then redrive"
    return advice.get(code or "", advice.get(OTHERS, ""))
