"""While EventBridge is away a webhook does not wait for it: its entries go to the retry queue, and none is lost."""

import pytest

from relay.delivery.undelivered import Queue
from relay.pipeline import entry_lines, first_delivery
from tests.conftest import Load, no_retries
from tests.unit.pipeline.regions_world import TWO_REGIONS, Regions

EVENT = ("order.created", "us-east-1")


def away(load: Load) -> Regions:
    """Return a world in which two webhooks have waited for a Region that is away."""
    regions = Regions("us-east-1")
    assert regions.results(load, EVENT) == ["ReadTimeoutError"]
    assert regions.results(load, EVENT) == ["ReadTimeoutError"]
    assert regions.requests == ["us-east-1"]
    return regions


def test_the_webhook_after_those_that_waited_is_stored_without_a_request(load: Load) -> None:
    regions = away(load)
    assert regions.results(load, EVENT) == ["CircuitOpen"]
    assert regions.requests == []
    [(queue, message)] = regions.stored
    assert (queue, message.failed.attempts) == (Queue.RETRY, 0)


def test_the_delivery_log_says_that_it_was_not_put(load: Load) -> None:
    regions = away(load)
    regions.post(load, EVENT)
    [line] = entry_lines.of_webhook(regions.relayed)
    assert (line["error_code"], line["attempts"], line.get("put_ms")) == ("CircuitOpen", 0, None)


def test_the_other_region_is_served_and_each_result_is_in_its_place(load: Load) -> None:
    regions = away(load)
    events = [("a", "us-east-1"), ("b", "eu-west-1"), ("c", "us-east-1"), ("d", "eu-west-1")]
    assert regions.results(load, *events) == ["CircuitOpen", "eu-west-1 b", "CircuitOpen", "eu-west-1 d"]
    assert regions.requests == ["eu-west-1"]
    assert [message.index for _, message in regions.stored] == [0, 2]


def test_eventbridge_that_is_back_is_found_by_the_first_webhook_after_ten_seconds(load: Load) -> None:
    regions = away(load)
    regions.away.clear()
    regions.now += 9
    assert regions.results(load, EVENT) == ["CircuitOpen"]
    regions.now += 1
    assert regions.results(load, EVENT) == ["us-east-1 order.created"]
    assert regions.results(load, EVENT) == ["us-east-1 order.created"]


def test_a_route_that_tries_for_longer_opens_it_later(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_delivery, "budget", lambda *_: no_retries())
    regions = Regions("us-east-1", toml=TWO_REGIONS.replace('"0 s"', '"20 s"'))
    assert [regions.results(load, EVENT) for _ in range(8)] == [["ReadTimeoutError"]] * 7 + [["CircuitOpen"]]


def test_what_eventbridge_would_refuse_is_dead_lettered_all_the_same(load: Load) -> None:
    regions = away(load)
    assert regions.post(load, ("t" * 129, "us-east-1"))["dead_lettered"] == 1
    assert regions.stored[0][0] is Queue.DEAD_LETTERS
