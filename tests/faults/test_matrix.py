"""Whatever goes wrong, every entry of a webhook answered 2xx is on the bus or in a queue, and then on the bus."""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from relay.aws import http_transport
from relay.delivery.undelivered import Queue
from relay_local.deploy import Customer
from tests.faults.conftest import PrintRow
from tests.local_bus import Functions, Inject
from tests.transport import transport

ALL = "all"


CUT_OFF = "ConnectionClosedError"


@dataclass(frozen=True)
class Fault:
    """What fails (relay_local/emulator/faults.py), what is down beside it, where the entries are expected, and why."""

    name: str
    bus: list[dict[str, Any]] = field(default_factory=list)
    down: frozenset[str] = frozenset()
    status: int = 202
    where: str = "queued"
    code: str = ""  # of what is not accepted; else the first that is injected
    recovers: bool = True  # redelivered once the bus is well; else it waits for a person


def whole(status: int, code: str, message: str = "") -> list[dict[str, Any]]:
    return [{"status": status, "error_code": code, "error_message": message}]


ALIGNED = json.dumps({"FailedEntryCount": 0, "Entries": [{"EventId": "x"}] * 50})
FAULTS = [
    Fault("nothing", where="accepted"),
    Fault("some throttled", [{"error_code": "ThrottlingException", "entries": [0, 3, 19]}], where="some queued"),
    Fault("all entries throttled", [{"error_code": "ThrottlingException"}]),
    Fault("internal failure of entries", [{"error_code": "InternalFailure"}]),
    Fault("an unknown code of entries", [{"error_code": "SomethingNew"}]),
    Fault("throttled as a whole", whole(400, "ThrottlingException")),
    Fault("500", whole(500, "InternalException")),
    Fault("503", whole(503, "ServiceUnavailable")),
    Fault("slower than the timeout", [{"delay": 3.5}], code="ReadTimeoutError"),
    Fault("cut before it was processed", [{"cut": "before"}], code=CUT_OFF),
    Fault("cut after it was processed", [{"cut": "after"}], code=CUT_OFF),
    Fault("an answer that is no JSON", [{"garbage": "<html>"}], code="InvalidResponse"),
    Fault("an answer of another type", [{"garbage": "ok", "content_type": "text/plain"}], code="InvalidResponse"),
    Fault("a result list too short", [{"garbage": '{"FailedEntryCount":0,"Entries":[]}'}], code="InvalidResponse"),
    Fault("a result list too long", [{"garbage": ALIGNED}], code="InvalidResponse"),
    Fault("expired credentials", whole(403, "ExpiredTokenException", "expired")),
    Fault("clock skew", whole(403, "InvalidSignatureException", "Signature expired")),
    Fault("the bus unreachable", down=frozenset({"events"}), code="EndpointConnectionError"),
    Fault("access denied", whole(403, "AccessDeniedException", "no"), where="dead-lettered", recovers=False),
    Fault("malformed detail", [{"error_code": "MalformedDetail"}], where="dead-lettered", recovers=False),
    Fault("one entry refused", [{"error_code": "NotAuthorizedForSourceException", "entries": [0]}], where="some dead"),
    Fault("retry queue down", whole(500, "InternalException"), frozenset({Queue.RETRY.name}), where="dead-lettered"),
    Fault("dead-letter queue down", whole(403, "AccessDeniedException"), frozenset({Queue.DEAD_LETTERS.name})),
    Fault("both queues and the bus down", whole(500, "X"), frozenset(Queue.__members__), status=503, where="nowhere"),
    Fault("secrets down", down=frozenset({"secretsmanager"}), status=503, where="nowhere"),
]  # fmt: skip
numbers = itertools.count()


def codes(messages: list[dict[str, Any]]) -> set[str]:
    """Why they wait, without those whose turn never came."""
    return {json.loads(message["Body"])["error"]["code"] for message in messages} - {"NotAttempted"}


def ids(messages: list[dict[str, Any]]) -> set[str]:
    return {json.loads(json.loads(message["Body"])["entry"]["Detail"])["id"] for message in messages}


@pytest.mark.parametrize("count", [1, 7, 45])
@pytest.mark.parametrize("fault", [pytest.param(one, id=one.name.replace(" ", "-")) for one in FAULTS])
def test_every_acknowledged_entry_is_somewhere_and_arrives_once_it_can(
    relay: Functions,
    customer: Customer,
    faults: Inject,
    break_down: Callable[[frozenset[str]], None],
    monkeypatch: pytest.MonkeyPatch,
    print_row: PrintRow,
    fault: Fault,
    count: int,
) -> None:
    posted = {f"{fault.name}/{next(numbers)}" for _ in range(count)}
    body = json.dumps({"events": [{"id": one} for one in sorted(posted)]}).encode()
    faults(fault.bus)
    break_down(fault.down)
    answer = relay.post("/orders", body)
    faults([])
    monkeypatch.undo()
    http_transport.close_connections()
    told = answer["body"]
    assert answer["statusCode"] == fault.status, told

    def mine() -> list[str]:  # what was slow before may still arrive
        return [one for event in customer.received() if (one := event["detail"]["id"]) in posted]

    arrived = mine()
    queued, dead = relay.taken(Queue.RETRY), relay.taken(Queue.DEAD_LETTERS)
    if fault.status == 202:
        assert len(told["entries"]) == count
        assert {*arrived} | ids(queued) | ids(dead) == posted
        assert (told["queued"], told["dead_lettered"]) == (len(queued), len(dead))
        injected = fault.code or next((one["error_code"] for one in fault.bus), None)
        if injected == CUT_OFF and transport() == "boto3":
            injected = "InvalidResponse"  # botocore takes an answer that was cut off for an empty one
        assert codes(queued + dead) == ({injected} if injected else set())  # this fault, and no other
        assert expected(fault.where, count) == (told["accepted"], told["queued"], told["dead_lettered"])
    else:
        assert int(answer["headers"]["retry-after"]) > 0
        assert (arrived, queued, dead) == ([], [], [])

    # The bus is well again; what a person redrives goes the same way.
    waiting = queued + (dead if fault.recovers else [])
    if waiting:
        assert relay.batch(waiting) == {"batchItemFailures": []}
    arrived += mine()
    assert relay.taken(Queue.RETRY) == []
    if fault.status == 202:
        assert {*arrived} == posted - (set() if fault.recovers else ids(dead))
    told = told if fault.status == 202 else {"accepted": "-", "queued": "-", "dead_lettered": "-"}
    print_row(
        f"{fault.name:30} {count:3} {answer['statusCode']} {told['accepted']:>4} {told['queued']:>4}"
        f" {told['dead_lettered']:>4} {len({*arrived}):>8} {len(arrived) - len({*arrived}):>4}"
    )


def expected(where: str, count: int) -> tuple[int, int, int]:
    """Return how many are accepted, queued and dead-lettered."""
    in_requests = [min(20, count - start) for start in range(0, count, 20)]
    hit = sum(sum(index < size for index in (0, 3, 19)) for size in in_requests)
    return {
        "accepted": (count, 0, 0),
        "queued": (0, count, 0),
        "dead-lettered": (0, 0, count),
        "some queued": (count - hit, hit, 0),
        "some dead": (count - len(in_requests), 0, len(in_requests)),
    }[where]


def test_what_is_redelivered_and_fails_again_stays_or_is_dead_lettered(
    relay: Functions, customer: Customer, faults: Inject
) -> None:
    faults([{"error_code": "ThrottlingException"}])
    relay.post("/orders", json.dumps({"events": [{"id": str(number)} for number in range(3)]}).encode())
    messages = relay.taken(Queue.RETRY)
    faults([{"error_code": "ThrottlingException", "entries": [0]}])
    assert relay.batch(messages) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert len(list(customer.received())) == 2
    faults([{"error_code": "MalformedDetail", "entries": [1]}])
    assert relay.batch(messages) == {"batchItemFailures": []}
    [letter] = relay.taken(Queue.DEAD_LETTERS)
    letter = json.loads(letter["Body"])
    assert (letter["error"]["code"], letter["attempts"]) == ("MalformedDetail", 2)
    list(customer.received())


def test_a_day_after_it_was_queued_it_is_given_up(relay: Functions, faults: Inject) -> None:
    faults([{"error_code": "ThrottlingException"}])
    relay.post("/orders", b'{"events":[{"id":"old"}]}')
    messages = relay.taken(Queue.RETRY)
    assert relay.batch(messages, received=100, sent_ms=1) == {"batchItemFailures": []}
    [letter] = relay.taken(Queue.DEAD_LETTERS)
    letter = json.loads(letter["Body"])
    assert (letter["error"]["code"], letter["attempts"]) == ("ThrottlingException", 101)


def test_a_message_over_sqs_limit_goes_through_the_overflow_bucket(
    relay: Functions, customer: Customer, faults: Inject
) -> None:
    large = json.dumps({"id": "large", "text": '"' * 300_000})  # each quote is escaped twice in the queue
    faults([{"status": 500}])
    answer = relay.post("/orders", f'{{"events":[{large}]}}'.encode())
    assert (answer["statusCode"], answer["body"]["queued"]) == (202, 1)
    faults([])
    [message] = relay.taken(Queue.RETRY)
    pointer = json.loads(message["Body"])
    assert pointer["overflow"]["size"] > 1024 * 1024
    assert (pointer["route"], pointer["error"]["code"]) == ("orders", "InternalException")
    assert relay.batch([message]) == {"batchItemFailures": []}
    assert [event["detail"]["id"] for event in customer.received()] == ["large"]


def test_a_fault_does_not_change_the_order_of_the_answers(relay: Functions, customer: Customer, faults: Inject) -> None:
    faults([{"error_code": "MalformedDetail", "entries": [1]}])
    answer = relay.post("/orders", json.dumps({"events": [{"id": str(number)} for number in range(3)]}).encode())
    assert [min(entry) for entry in answer["body"]["entries"]] == ["event_id", "dead_lettered", "event_id"]
    arrived = {event["id"]: event["detail"]["id"] for event in customer.received()}
    assert [arrived[entry["event_id"]] for entry in answer["body"]["entries"] if "event_id" in entry] == ["0", "2"]
    relay.taken(Queue.DEAD_LETTERS)
