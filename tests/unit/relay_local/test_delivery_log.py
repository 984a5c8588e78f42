"""The delivery log that the local AWS keeps for the page."""

import json
from typing import Any

import pytest

from relay_local.emulator import delivery_log
from relay_local.emulator.delivery_log import DeliveryLog


def events(*messages: Any) -> list[dict[str, Any]]:
    return [
        {"message": each if isinstance(each, str) else json.dumps(each, separators=(",", ":"))} for each in messages
    ]


def entry(index: int) -> dict[str, Any]:
    return {"level": "INFO", "message": "entry", "index": index}


def test_only_new_lines_of_entries_are_returned() -> None:
    log = DeliveryLog()
    log.take(events("START RequestId: 1", entry(0), {"message": "relayed"}, '{"message":"entry"', entry(1)))
    assert log.since(0) == {"last": 3, "lines": [entry(0), entry(1)]}
    log.take(events(entry(2)))
    assert log.since(3) == {"last": 4, "lines": [entry(2)]}
    assert log.since(4)["lines"] == []


def test_the_oldest_lines_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_log, "MAX_LINES", 2)
    log = DeliveryLog()
    log.take(events(*map(entry, range(5))))
    assert log.since(0) == {"last": 5, "lines": [entry(3), entry(4)]}
