"""Whether customers' destinations can receive, by what the control API says of them."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from relay.destinations.model import SourceStatus, Status
from relayctl.doctor.finding import RUNBOOK, Check, Finding, Unread, not_checked, ok, wrong

Row = Mapping[str, Any]
"""A destination, as the control API returns it."""

CONNECTING = timedelta(days=1)
"""How long a new destination may be pending: its customer is attaching a bus."""
LOOKED_AT = timedelta(minutes=10)
"""By when a new destination has its source, and the reconciler has looked at it."""


def check_destinations(rows: Iterable[Row] | Unread, now: datetime) -> list[Finding]:
    """Return the destinations that cannot receive."""
    if isinstance(rows, Unread):
        return [not_checked(Check.DESTINATIONS, "", rows)]
    rows = list(rows)
    findings = [finding for row in rows if (finding := _check(row, now))]
    if findings:
        return findings
    connecting = sum(row["source_status"] == SourceStatus.PENDING for row in rows)
    note = f", {connecting} of them waiting for a bus for less than a day" if connecting else ""
    return [ok(Check.DESTINATIONS, f"{len(rows)}{note}")]


def age(row: Row, now: datetime) -> timedelta:
    """Return how long the destination has been there; very long, if that is not known."""
    created = row.get("created_at")
    return now - datetime.fromisoformat(created) if created else timedelta.max


def label(row: Row) -> str:
    """Return `c42/prod`."""
    return f"{row['customer']}/{row['name']}"


def _check(row: Row, now: datetime) -> Finding | None:
    if row["status"] == Status.DISABLED:
        message = f"it is disabled ({row['status_reason']}): its events are dropped"
        action = f"relayctl destinations resume {_arguments(row)}, or delete"
    elif row["source_status"] == SourceStatus.MISSING:
        message = "its partner event source is gone: its events are held"
        action = f"relayctl destinations show {_arguments(row)}; {RUNBOOK}#sourcesvanished"
    elif row["source_status"] == SourceStatus.PENDING and age(row, now) > CONNECTING:
        message = "the customer has attached no event bus: its events are held"
        action = f"tell the customer ({RUNBOOK}#sourcespending)"
    elif row["source_status"] == SourceStatus.UNKNOWN and age(row, now) > LOOKED_AT:
        message = "the reconciler has not looked at its source"
        action = f"{RUNBOOK}#reconcilersilent"
    else:
        return None
    where = f"{label(row)} (account {row['aws_account_id']}, {row['aws_region']})"
    return wrong(Check.DESTINATIONS, where, message, action)


def _arguments(row: Row) -> str:
    return f"{row['customer']} {row['name']}"
