"""`failover_region` gets what another Region's EventBridge has not taken; what it does not take waits for its own."""

import json

import pytest

from relay.delivery.deliver import Budget
from relay.pipeline import entry_lines, first_delivery
from tests.conftest import Load, no_retries
from tests.unit.pipeline.regions_world import TWO_REGIONS, Regions

TO_EUROPE = TWO_REGIONS.replace('region = "${item.region}"', "").replace(
    "[route.event]", 'failover_region = "eu-west-1"\n[route.event]'
)
EVENT = ("order.created", "")


def test_it_gets_what_the_own_region_has_not_taken_and_nothing_is_stored(load: Load) -> None:
    regions = Regions("us-east-1", toml=TO_EUROPE)
    assert regions.results(load, ("a", ""), ("b", ""), ("c", "")) == ["eu-west-1 a", "eu-west-1 b", "eu-west-1 c"]
    assert regions.requests == ["us-east-1", "eu-west-1"]
    assert regions.stored == []


def test_what_the_own_region_takes_is_put_nowhere_else(load: Load) -> None:
    regions = Regions("eu-west-1", toml=TO_EUROPE)
    assert regions.results(load, EVENT) == ["us-east-1 order.created"]
    assert regions.requests == ["us-east-1"]


def test_the_delivery_log_says_where_an_entry_went_and_how_often_it_was_put(load: Load) -> None:
    regions = Regions("us-east-1", toml=TO_EUROPE)
    regions.post(load, EVENT)
    [line] = entry_lines.of_webhook(regions.relayed)
    assert (line["result"], line["region"], line["attempts"]) == ("accepted", "eu-west-1", 2)


def test_while_the_circuit_is_open_it_gets_them_at_once(load: Load) -> None:
    regions = Regions("us-east-1", toml=TO_EUROPE)
    for _ in range(3):
        assert regions.results(load, EVENT) == ["eu-west-1 order.created"]
    assert regions.requests == ["eu-west-1"]


def test_what_it_has_not_taken_either_waits_for_its_own_region(load: Load) -> None:
    regions = Regions("us-east-1", "eu-west-1", toml=TO_EUROPE)
    assert regions.results(load, EVENT) == ["ReadTimeoutError"]
    assert regions.requests == ["us-east-1", "eu-west-1"]
    [(_, message)] = regions.stored
    assert (json.loads(message.text())["region"], message.failed.attempts) == ("us-east-1", 2)


def test_it_has_a_circuit_of_its_own(load: Load) -> None:
    regions = Regions("us-east-1", "eu-west-1", toml=TO_EUROPE)
    for _ in range(3):
        regions.post(load, EVENT)
    assert regions.requests == []


def test_it_is_asked_once_in_the_time_that_is_left(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[float, float]] = []

    def budget(retry_seconds: float, seconds_left: float) -> Budget:
        asked.append((retry_seconds, seconds_left))
        return no_retries()

    monkeypatch.setattr(first_delivery, "budget", budget)
    Regions("us-east-1", toml=TO_EUROPE.replace('"0 s"', '"2 s"')).post(load, EVENT)
    assert asked == [(2, 29), (0, 26)]


def test_it_is_not_asked_when_the_time_is_needed_to_store_what_failed(load: Load) -> None:
    regions = Regions("us-east-1", seconds=7, toml=TO_EUROPE)
    assert regions.results(load, EVENT) == ["ReadTimeoutError"]
    assert regions.requests == ["us-east-1"]


@pytest.mark.parametrize("code", ["AccessDenied", "ResourceNotFoundException"])
def test_what_is_refused_is_refused_anywhere(load: Load, code: str) -> None:
    regions = Regions("us-east-1", code=code, toml=TO_EUROPE)
    assert regions.results(load, EVENT) == [code]
    assert regions.requests == ["us-east-1"]
