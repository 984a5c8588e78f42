"""The Lambda handler behind API Gateway, on the services and at the time that a test passes in."""

import os
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

from relay.pipeline.services import Services
from tests.doubles import Context

# What the module reads when Lambda imports it; a test's handler has services of its own.
with mock.patch.dict(
    os.environ,
    {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "DESTINATIONS_TABLE": "destinations",
        "RELAY_CONFIG": str(Path(__file__).parents[1] / "relay.toml"),
        "POWERTOOLS_METRICS_NAMESPACE": "PartnerEventRelay",
        "POWERTOOLS_SERVICE_NAME": "partner-event-relay",
    },
):
    from relay import ingest, redeliver

__all__ = ["handle", "ingest", "redeliver"]


def handle(event: Any, services: Services, now: datetime, context: Context | None = None) -> dict[str, Any]:
    """Return the response of the ingest handler, at `now`."""
    handler = ingest.create_handler(services, lambda: now)
    return handler(event, context or Context())  # type: ignore[arg-type]  # of Lambda's context, only what it uses
