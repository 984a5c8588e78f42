"""While EventBridge is away a webhook does not wait for it: its entries go to the retry queue, and none is lost."""

from relay.delivery.undelivered import Queue
from tests.conftest import Load
from tests.unit.pipeline.regions_world import Regions


def test_the_webhook_after_the_one_that_waited_is_stored_without_a_request(load: Load) -> None:
    regions = Regions("us-east-1")
    assert regions.post(load, "us-east-1")["queued"] == 1
    assert regions.requests == ["us-east-1"]
    assert regions.post(load, "us-east-1")["queued"] == 1
    assert regions.requests == []
    [(queue, message)] = regions.stored
    assert (queue, message.failed.code, message.failed.attempts) == (Queue.RETRY, "CircuitOpen", 0)


def test_the_other_region_is_served_and_each_result_is_in_its_place(load: Load) -> None:
    regions = Regions("us-east-1")
    regions.post(load, "us-east-1")
    body, open_ = (
        regions.post(load, "us-east-1", "eu-west-1", "us-east-1"),
        {"queued": True, "error_code": "CircuitOpen"},
    )
    assert body["entries"] == [open_, {"event_id": "id"}, open_]
    assert regions.requests == ["eu-west-1"]
    assert [message.index for _, message in regions.stored] == [0, 2]


def test_eventbridge_that_is_back_is_found_by_the_first_webhook_after_ten_seconds(load: Load) -> None:
    regions = Regions("us-east-1")
    regions.post(load, "us-east-1")
    regions.away.clear()
    regions.now += 9
    assert regions.post(load, "us-east-1")["queued"] == 1
    regions.now += 1
    assert regions.post(load, "us-east-1")["accepted"] == 1
    assert regions.post(load, "us-east-1")["accepted"] == 1


def test_what_eventbridge_would_refuse_is_dead_lettered_all_the_same(load: Load) -> None:
    regions = Regions("us-east-1")
    regions.post(load, "us-east-1")
    assert regions.post(load, "us-east-1", type_="t" * 129)["dead_lettered"] == 1
    assert regions.stored[0][0] is Queue.DEAD_LETTERS
