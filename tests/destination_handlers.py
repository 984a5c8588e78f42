"""The Lambda handlers that look after destinations, for tests: each is composed anew from a test's environment."""

import os
import tempfile
from pathlib import Path
from unittest import mock

from tests.unit.pipeline.customers_world import TOML

# What the modules read when Lambda imports them; a test's handlers have an environment of their own.
with tempfile.TemporaryDirectory() as folder:
    relay_toml = Path(folder) / "relay.toml"
    relay_toml.write_text(TOML, "utf-8")
    with mock.patch.dict(
        os.environ,
        {
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "RELAY_CONFIG": str(relay_toml),
            "DESTINATIONS_TABLE": "destinations",
            "HELD_BUCKET": "held",
            "POWERTOOLS_METRICS_NAMESPACE": "PartnerEventRelay",
            "POWERTOOLS_SERVICE_NAME": "partner-event-relay",
        },
    ):
        from relay import control_api, process_cache, reconciler, releaser, source_health

process_cache.clear()

__all__ = ["control_api", "reconciler", "releaser", "source_health"]
