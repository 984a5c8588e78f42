"""The rows of the matrix for a route with `delivery = "queued"`: whatever EventBridge or SQS does, nothing is lost."""

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from relay.aws import http_transport
from relay.delivery.undelivered import Queue
from relay.entry import Entry, Outcome
from relay_local.deploy import Customer
from tests.faults.conftest import PrintRow
from tests.local_bus import Functions, Inject


@dataclass(frozen=True)
class Fault:
    """What fails while the webhook is received and while it is delivered, and where its entries are after each."""

    name: str
    bus: list[dict[str, Any]] = field(default_factory=list)
    down: frozenset[str] = frozenset()
    first: Queue | None = Queue.DELIVERY  # where the webhook's entries are once it is answered; None: with the sender
    then: Queue | None = None  # where they are once they were put: None is the customer's bus


DOWN = frozenset({Queue.DELIVERY.name})
FAULTS = [
    Fault("nothing"),
    Fault("EventBridge hangs", [{"delay": 3.5}], then=Queue.RETRY),
    Fault("EventBridge is unreachable", down=frozenset({"events"}), then=Queue.RETRY),
    Fault("EventBridge throttles", [{"status": 400, "error_code": "ThrottlingException"}], then=Queue.RETRY),
    Fault("EventBridge throttles each entry", [{"error_code": "ThrottlingException"}], then=Queue.RETRY),
    Fault("EventBridge refuses each entry", [{"error_code": "MalformedDetail"}], then=Queue.DEAD_LETTERS),
    Fault("the delivery queue is down", down=DOWN, first=Queue.RETRY),
    Fault("the delivery and the retry queue are down", down=DOWN | {Queue.RETRY.name}, first=None),
    Fault("SQS is unreachable", down=frozenset({"sqs", Queue.RETRY.name}), first=None),
    Fault("the other queues are down", down=frozenset({Queue.RETRY.name, Queue.DEAD_LETTERS.name})),
]


def ids(messages: Sequence[dict[str, Any]]) -> list[str]:
    return [json.loads(json.loads(message["Body"])["entry"]["Detail"])["id"] for message in messages]


def post(relay: Functions, wanted: Sequence[str]) -> dict[str, Any]:
    return relay.post("/queued", json.dumps({"events": [{"id": each} for each in wanted]}).encode())


@pytest.mark.parametrize("fault", [pytest.param(each, id=each.name.replace(" ", "-")) for each in FAULTS])
def test_every_acknowledged_entry_is_in_a_queue_and_arrives_once_it_can(
    relay: Functions,
    customer: Customer,
    faults: Inject,
    break_down: Callable[[frozenset[str]], None],
    monkeypatch: pytest.MonkeyPatch,
    print_row: PrintRow,
    fault: Fault,
) -> None:
    count = 21  # two batches, and three requests to SQS
    posted = sorted(f"queued/{fault.name}/{count}/{number}" for number in range(count))
    faults(fault.bus)
    break_down(fault.down)
    answer = post(relay, posted)
    if fault.first is None:
        monkeypatch.undo()
        http_transport.close_connections()
        assert answer["statusCode"] == 503
        assert not [message for queue in Queue for message in relay.taken(queue)]
        return
    assert (answer["statusCode"], answer["body"]["queued"], answer["body"]["accepted"]) == (202, count, 0)
    messages = relay.taken(fault.first)
    assert sorted(ids(messages)) == posted
    for start in range(0, count, 20):  # as many as an invocation gets
        assert relay.batch(messages[start : start + 20]) == {"batchItemFailures": []}
    faults([])
    monkeypatch.undo()
    http_transport.close_connections()
    moved = {queue: relay.taken(queue) for queue in Queue}
    if fault.then:
        assert sorted(ids(moved[fault.then])) == posted
        relay.batch(moved[fault.then])  # for dead letters this is what a redrive does
    assert [queue for queue in Queue if moved[queue]] == ([fault.then] if fault.then else [])
    arrived = Counter(event["detail"]["id"] for event in customer.received())
    arrived = Counter({each: arrived[each] for each in posted})
    assert sorted(+arrived) == posted
    again = arrived.total() - len(posted)
    print_row(f"queued: {fault.name:41} {count:3} {answer['statusCode']} {len(arrived):>8} {again:>4}")


def test_the_answer_does_not_wait_for_eventbridge(relay: Functions, customer: Customer, faults: Inject) -> None:
    faults([{"delay": 60}])
    started = time.monotonic()
    assert post(relay, ["hanging"])["statusCode"] == 202
    assert time.monotonic() - started < 3  # the shortest time that a request to EventBridge is waited for
    faults([])
    assert relay.batch(relay.taken(Queue.DELIVERY)) == {"batchItemFailures": []}
    assert "hanging" in [event["detail"]["id"] for event in customer.received()]


class Killed(BaseException):
    """The function is gone."""


@pytest.mark.filterwarnings("ignore:No application metrics")  # nor has a function that is killed
def test_a_function_that_is_killed_between_putting_and_deleting_makes_copies_of_the_same_id_and_loses_nothing(
    relay: Functions, customer: Customer
) -> None:
    posted = [f"killed/{number}" for number in range(20)]
    post(relay, posted)
    messages = relay.taken(Queue.DELIVERY)

    def put_and_die(entries: Sequence[Entry]) -> Sequence[Outcome]:
        relay.services.send(entries)
        raise Killed

    with pytest.raises(Killed):
        replace(relay, services=replace(relay.services, send=put_and_die)).batch(messages)
    assert not [message for queue in Queue for message in relay.taken(queue)]
    assert relay.batch(messages) == {"batchItemFailures": []}  # SQS delivers them again
    arrived = Counter(event["detail"]["id"] for event in customer.received())
    assert {each: arrived[each] for each in posted} == dict.fromkeys(posted, 2)
