"""The samples of the shipped catalog are events by which a customer can test a rule's pattern."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from relay.catalog import loader
from relay.catalog.event_type import EventType
from relay_local.deploy import CUSTOMER
from relay_local.process import LocalAws
from tests.local_bus import REGION, SOURCE

TYPES = loader.load(Path(__file__).parents[2] / "events")
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html; the local AWS asks for none.
MANDATORY = {"id", "account", "source", "time", "region", "resources", "detail-type"}


@pytest.mark.parametrize("event_type", TYPES, ids=[each.detail_type for each in TYPES])
def test_a_sample_event_is_matched_by_patterns_as_a_real_one_is(bus: LocalAws, event_type: EventType) -> None:
    now = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
    event = event_type.sample_event(source=SOURCE, account=CUSTOMER, region=REGION, time=now)
    assert event.keys() == MANDATORY | {"version", "detail"}
    name, value = next((name, value) for name, value in event_type.sample.items() if isinstance(value, str))
    pattern = {
        "source": [{"prefix": "aws.partner/acme.example"}],
        "account": [CUSTOMER],
        "region": [REGION],
        "time": [{"prefix": "2026-11-22T"}],
        "detail-type": [event_type.detail_type],
        "detail": {name: [value]},
    }
    assert is_matched(bus, event, pattern)
    assert not is_matched(bus, event, pattern | {"detail-type": ["another"]})
    assert not is_matched(bus, event, pattern | {"detail": {name: ["another"]}})


def is_matched(bus: LocalAws, event: dict[str, Any], pattern: dict[str, Any]) -> bool:
    events = bus.client("events", CUSTOMER, REGION)
    return bool(events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))["Result"])
