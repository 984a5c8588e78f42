"""A destination for tests, with whatever a test says about it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from relay.destinations.model import Destination, SourceState, SourceStatus

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
ACTIVE = SourceState(source_status=SourceStatus.ACTIVE, source_status_at=NOW, was_active=True)


def destination(state: SourceState = ACTIVE, **values: Any) -> Destination:
    """Return c42/prod, active unless `state` says otherwise."""
    base = Destination(
        customer="c42",
        name="prod",
        id="k3x9qa",
        aws_account_id="222222222222",
        aws_region="us-east-1",
        source="aws.partner/acme.example/c42/prod-k3x9qa",
        created_at=NOW,
        updated_at=NOW,
        updated_by="arn:aws:iam::111111111111:role/backend",
        state=state,
    )
    return replace(base, **values)
