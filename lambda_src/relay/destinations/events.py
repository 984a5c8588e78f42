"""Operational events: what happens to destinations, for those who operate the relay."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relay.destinations.model import Destination


@dataclass(frozen=True, slots=True)
class OperationalEvent:
    """An event of the relay's own: its detail-type and its detail."""

    detail_type: str
    detail: Mapping[str, Any]


def event_of(destination: Destination, detail_type: str, now: datetime, **more: Any) -> OperationalEvent:
    """Return what happened to a destination, with the fields that every such event has, and `more`."""
    detail = {
        "customer": destination.customer,
        "destination": destination.name,
        "source": destination.source,
        "aws_region": destination.aws_region,
        "status": destination.status.value,
        "status_reason": destination.status_reason or None,
        "source_status": destination.state.source_status.value,
        "holding": destination.holding.value if destination.holding else None,
        "updated_by": destination.updated_by,
        "time": now.isoformat(),
    }
    return OperationalEvent(detail_type, detail | more)
