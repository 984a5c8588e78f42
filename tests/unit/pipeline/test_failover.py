"""`failover_region` gets what another Region's EventBridge has not taken; what it does not take waits for its own."""

import json

import pytest

from relay.pipeline import entry_lines
from tests.conftest import Load
from tests.unit.pipeline.regions_world import TWO_REGIONS, Regions

TO_EUROPE = TWO_REGIONS.replace("[route.event]", 'failover_region = "eu-west-1"\n[route.event]')


def test_it_gets_what_another_region_has_not_taken_and_nothing_is_stored(load: Load) -> None:
    regions = Regions("us-east-1", toml=TO_EUROPE)
    assert regions.post(load, "us-east-1", "eu-west-1", "us-east-1")["accepted"] == 3
    assert sorted(regions.requests) == ["eu-west-1", "eu-west-1", "us-east-1"]
    assert regions.stored == []


def test_the_delivery_log_says_which_entries_it_got_and_how_often_they_were_put(load: Load) -> None:
    regions = Regions("us-east-1", toml=TO_EUROPE)
    regions.post(load, "us-east-1", "eu-west-1")
    lines = [(line.get("region"), line.get("attempts")) for line in entry_lines.of_webhook(regions.relayed)]
    assert lines == [("eu-west-1", 2), (None, None)]


def test_while_the_circuit_is_open_it_gets_them_at_once(load: Load) -> None:
    regions = Regions("us-east-1", toml=TO_EUROPE)
    regions.post(load, "us-east-1")
    assert regions.post(load, "us-east-1")["accepted"] == 1
    assert regions.requests == ["eu-west-1"]


def test_what_it_has_not_taken_either_waits_for_its_own_region(load: Load) -> None:
    regions = Regions("us-east-1", "eu-west-1", toml=TO_EUROPE)
    assert regions.post(load, "us-east-1")["queued"] == 1
    assert regions.requests == ["us-east-1", "eu-west-1"]
    [(_, message)] = regions.stored
    assert (json.loads(message.text())["region"], message.failed.code) == ("us-east-1", "ReadTimeoutError")


def test_what_it_has_not_taken_of_its_own_is_put_nowhere_else(load: Load) -> None:
    regions = Regions("eu-west-1", toml=TO_EUROPE)
    assert regions.post(load, "eu-west-1")["queued"] == 1
    assert regions.requests == ["eu-west-1"]


@pytest.mark.parametrize("code", ["AccessDenied", "ResourceNotFoundException"])
def test_what_is_refused_is_refused_anywhere(load: Load, code: str) -> None:
    regions = Regions("us-east-1", code=code, toml=TO_EUROPE)
    regions.post(load, "us-east-1")
    assert regions.requests == ["us-east-1"]
    assert len(regions.stored) == 1
