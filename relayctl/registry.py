"""Customers' destinations as the control API tells them, for what maps webhooks on this machine."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from relay.destinations.model import Destination, Holding, SourceState, SourceStatus, Status
from relayctl.control import ControlApi, customer_path


def finder(api: Callable[[], ControlApi]) -> Callable[[str], Sequence[Destination]]:
    """Return how to find a customer's destinations; each customer is asked for once. Raise as the control API does."""

    @cache
    def find(customer: str) -> Sequence[Destination]:
        return [_destination(found) for found in api().pages(f"{customer_path(customer)}/destinations", {})]

    return find


def _destination(found: Mapping[str, Any]) -> Destination:
    """Return a destination that holds entries for the same reason."""
    now, holding = datetime.now(UTC), found["holding"]
    state = SourceState(
        source_status=SourceStatus(found["source_status"]),
        settling_since=now if holding == Holding.SETTLING else None,
        refused_at=now if holding == Holding.REFUSED else None,
    )
    return Destination(
        found["customer"],
        found["name"],
        "",
        found["aws_account_id"],
        found["aws_region"],
        found["source"],
        tuple(found["detail_types"]),
        Status(found["status"]),
        state=state,
    )
