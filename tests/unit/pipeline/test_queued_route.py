"""A route with `delivery = "queued"`: the sender's answer waits for a queue alone, and what fails is redelivered."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from relay.config.model import Config
from relay.delivery.message import Message
from relay.delivery.undelivered import NotSent, Queue, Queued, Unsent
from relay.entry import Entry, Failed
from relay.pipeline import entry_lines
from relay.pipeline.accept import accept
from relay.pipeline.hold import reference
from relay.pipeline.results import Done, Postponed, RejectedRequest, Relayed, RequestResult
from relay.pipeline.services import Response
from relay_local.samples import SIGNERS
from tests import doubles
from tests.conftest import RELAY_TOML, Load, http_api_event
from tests.unit.pipeline import customers_world, retry_world
from tests.unit.pipeline.customers_world import PENDING, event, prod

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOML = RELAY_TOML.replace("[route.event]", 'delivery = "queued"\ndedupe = true\n[route.event]\neach = "${body.events}"')
TOML = TOML.replace("body.type", "item.type")
LEFT = Failed("Queued", "")


def post(config: Config, *types: str, **overrides: Any) -> tuple[Response, RequestResult]:
    body = json.dumps({"events": [{"type": name} for name in types]}).encode()
    services = doubles.services(config, read_secret=lambda _: [SECRET], send=doubles.never, **overrides)
    request = http_api_event("/orders/c42", body, SIGNERS["standard-webhooks"](SECRET, body))
    return accept(request, services, datetime.now(UTC), lambda: 29)


class Queues:
    """Queues that take everything but what is for those that are down."""

    def __init__(self, *down: Queue) -> None:
        self.stored: list[tuple[Queue, Message]] = []
        self._down = down

    def store(self, queue: Queue, messages: Sequence[Message]) -> list[str | None]:
        if queue in self._down:
            return ["down"] * len(messages)
        self.stored += [(queue, message) for message in messages]
        return [None] * len(messages)


def test_it_is_answered_once_a_queue_has_each_entry_and_eventbridge_is_not_asked(load: Load) -> None:
    queues = Queues()
    response, result = post(load(TOML), "a", "b", store=queues.store)
    assert (response["statusCode"], json.loads(response["body"])) == (
        202,
        {"accepted": 0, "queued": 2, "dead_lettered": 0, "entries": [{"queued": True}, {"queued": True}]},
    )
    assert [(queue, message.failed, message.index) for queue, message in queues.stored] == [
        (Queue.DELIVERY, LEFT, 0),
        (Queue.DELIVERY, LEFT, 1),
    ]
    assert isinstance(result, Relayed)
    lines = list(entry_lines.of_webhook(result))
    assert [line["result"] for line in lines] == ["queued_for_delivery"] * 2
    assert not any({"put_ms", "error_code"} & line.keys() for line in lines)


@pytest.mark.parametrize(
    ("down", "status", "place"),
    [
        ([Queue.DELIVERY], 202, [Queue.RETRY]),
        ([Queue.RETRY, Queue.DEAD_LETTERS], 202, [Queue.DELIVERY]),
        ([Queue.DELIVERY, Queue.RETRY], 503, []),
    ],
)
def test_a_queue_that_is_down_is_replaced_by_the_retry_queue_or_the_sender_keeps_the_webhook(
    load: Load, down: list[Queue], status: int, place: list[Queue]
) -> None:
    queues, idempotency = Queues(*down), doubles.Remembered()
    response, result = post(load(TOML), "a", store=queues.store, idempotency=idempotency)
    assert (response["statusCode"], [queue for queue, _ in queues.stored]) == (status, place)
    assert isinstance(result, RejectedRequest) is (status == 503)
    assert len(idempotency.released) == (status == 503)


def test_what_eventbridge_would_refuse_is_a_dead_letter_at_once(load: Load) -> None:
    queues = Queues()
    response, _ = post(load(TOML), "a", "x" * 129, store=queues.store)
    assert json.loads(response["body"])["entries"][1]["error_code"] == "InvalidArgument"
    assert [queue for queue, _ in queues.stored] == [Queue.DELIVERY, Queue.DEAD_LETTERS]


def test_a_webhook_sent_again_gets_the_first_answer_and_is_queued_once(load: Load) -> None:
    queues, idempotency = Queues(), doubles.Remembered(remembers=True)
    body = b'{"events":[{"type":"a"}]}'
    services = doubles.services(
        load(TOML), read_secret=lambda _: [SECRET], send=doubles.never, store=queues.store, idempotency=idempotency
    )
    request = http_api_event("/orders/c42", body, SIGNERS["standard-webhooks"](SECRET, body))
    bodies = {accept(request, services, datetime.now(UTC), lambda: 29)[0]["body"] for _ in range(2)}
    assert (len(bodies), len(queues.stored)) == (1, 1)


def test_retry_for_has_no_meaning_beside_it(load: Load) -> None:
    with pytest.raises(Exception, match='retry_for: expected delivery = "direct" beside it'):
        load(TOML.replace("[route.event]", 'retry_for = "1 s"\n[route.event]'))


def left(name: str) -> Message:
    return Message(retry_world.ORIGIN, retry_world.entry(name).content, LEFT)


def test_entries_of_many_webhooks_are_put_in_one_request_and_are_accepted_for_the_first_time(load: Load) -> None:
    world = retry_world.World()
    results = world.run(load(RELAY_TOML), *(left(str(number)) for number in range(20)))
    assert world.requests == [[str(number) for number in range(20)]]
    assert results == [Done(1)] * 20
    assert {line["result"] for result in results if isinstance(result, Done) for line in result.lines} == {"accepted"}


def test_what_fails_leaves_the_delivery_queue_at_once_and_takes_nothing_with_it(load: Load) -> None:
    world = retry_world.World({"b": "ThrottlingException", "c": "MalformedDetail"})
    results = world.run(load(RELAY_TOML), left("a"), left("b"), left("c"))
    assert results == [Done(1), Done(queued=1), Done(dead_lettered=1)]
    [again], [letter] = world.kept[Queue.RETRY], world.kept[Queue.DEAD_LETTERS]
    assert (again.failed.code, again.failed.attempts, letter.failed.code) == (
        "ThrottlingException",
        1,
        "MalformedDetail",
    )
    assert world.kept[Queue.DELIVERY] == []
    # From then on it waits as everything in the retry queue does.
    assert world.run(load(RELAY_TOML), again) == [Postponed(5, "ThrottlingException")]


@pytest.mark.parametrize("code", ["ThrottlingException", "MalformedDetail"])
def test_what_fails_stays_while_no_queue_takes_it(load: Load, code: str) -> None:
    world = retry_world.World({"a": code}, Queue.RETRY, Queue.DEAD_LETTERS)
    assert world.run(load(RELAY_TOML), left("a")) == [Postponed(5, "NotStored")]


CUSTOMERS_TOML = customers_world.TOML.replace("customer =", 'delivery = "queued"\ncustomer =')


def test_for_a_customer_it_waits_for_its_destination_before_it_is_queued(load: Load) -> None:
    config, world = load(CUSTOMERS_TOML), customers_world.World(prod(), prod("c43", state=PENDING))
    webhook = customers_world.webhook(config, event(), event("c43"), event("c44"))
    assert customers_world.deliver(webhook, world.services(config), lambda: 29) == [
        Queued(Queue.DELIVERY, LEFT, "c42/prod"),
        NotSent(Unsent.HELD, "c43/prod"),
        NotSent(Unsent.UNSUBSCRIBED),
    ]
    [message] = world.queues[Queue.DELIVERY]
    assert (world.put, message.destination) == ([], reference(prod()))
    assert isinstance(message.content, Entry)
