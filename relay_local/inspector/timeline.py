"""The way of a webhook as a list of moments: it came, it was answered, and what happened to its entries later. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from relay_local.inspector.captures import Capture
from relay_local.inspector.fates import Step, later_steps

WORDS = {
    "accepted": "accepted by EventBridge",
    "delivered": "arrived at the customer",
    "redelivered": "accepted by EventBridge, from the retry queue",
    "replayed": "accepted by EventBridge once more",
    "released": "accepted by EventBridge: what was held is released",
    "queued": "put in a queue",
    "dead_lettered": "dead-lettered",
    "redriven": "sent back to the retry queue by a person",
    "discarded": "discarded",
    "held": "held",
    "disabled": "not sent: the destination is disabled",
    "unsubscribed": "not sent: nobody wants it",
    "without_customer": "not sent: it names no customer",
}


def moments(capture: Capture, verdict: str, entries: Mapping[int, Sequence[Step]], status: str) -> list[dict[str, Any]]:
    """Return the moments, oldest first; `status` is what the answer says in short."""
    shown = [
        _moment(capture.at, f"received, {len(capture.body):,} bytes: {verdict}"),
        _moment(capture.at + capture.seconds, f"answered {capture.status}{f': {status}' if status else ''}"),
    ]
    several = len(entries) > 1
    codes = dict.fromkeys(steps[0].error_code for steps in entries.values() if steps and steps[0].error_code)
    if codes:
        shown[-1]["text"] += f" ({', '.join(codes)})"
    if (attempts := max((steps[0].attempts for steps in entries.values() if steps), default=0)) > 1:
        shown[-1]["text"] += f", after {attempts} attempts"
    for step, number in later_steps(entries):
        what = f"{number} {'entry' if number == 1 else 'entries'} " if several else ""
        shown.append(_moment(step.at, what + describe(step), step.state))
    return sorted(
        shown, key=lambda moment: str(moment["at"])
    )  # an event may arrive before the whole webhook is answered


def describe(step: Step) -> str:
    """Return what became of an entry, in words."""
    why = f": {step.error_code}" if step.error_code else ""
    often = f" ({step.attempts} attempts)" if step.attempts > 1 else ""
    again = f", sent again by {step.replay}" if step.replay else ""
    return WORDS.get(step.result, step.result) + why + often + again


def _moment(at: float, text: str, state: str = "") -> dict[str, Any]:
    return {"at": datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds"), "text": text, "state": state}
