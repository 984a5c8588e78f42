"""What the cost model is fed with: the bytes that the real handler logs, and what a request logs around it."""

import json
from collections.abc import Iterator

import pytest

from bench import measuring
from bench.measuring import NO_LOG, RELAY, Bench
from partner_event_relay.front.access_log import log_fields
from tools.cost.model import MEASURED

LOG = MEASURED["log"]
VALUES = {
    "request_id": "JKJaXmPLvHcESHA=",
    "ip": "192.0.2.100",
    "route": "ANY /github",
    "status": "202",
    "latency_ms": "24",
    "integration_ms": "23",
    "error": "-",
}


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with measuring.ready() as made:
        yield made


def test_the_function_logs_as_many_bytes_as_the_cost_model_says(bench: Bench) -> None:
    """Where fewer are enough, or more are needed: tools/cost/measured.toml, and `python -m tools.cost`."""
    one, twenty = (bench.figures(RELAY, event, ("log", "20"))["log"] for event in ("7 KB", "20 events"))
    without = bench.figures(NO_LOG, "7 KB", ("log", "20"))["log"]
    measured = {"entry": one, "more_entries": (twenty - one) / 19, "webhook": without}
    # A time has more digits than another.
    assert measured == {name: pytest.approx(LOG[name], abs=3) for name in measured}


def test_the_api_logs_as_many_bytes_as_the_cost_model_says() -> None:
    assert VALUES.keys() == log_fields("").keys()
    assert LOG["access"] == pytest.approx(len(json.dumps(VALUES, separators=(",", ":"))) + 1, abs=3)
