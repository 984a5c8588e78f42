"""A source whose entries make EventBridge refuse whole requests takes little of what the others' deliveries take."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from relay.delivery.message import Message
from relay.delivery.undelivered import Queue
from relay.entry import Accepted, Entry, Failed, Outcome
from relay.pipeline.results import Done, MessageResult, Postponed
from relay.pipeline.retry import redeliver
from relay.pipeline.spoilers import Spoilers
from relay.pipeline.waiting import ReceivedMessage
from tests import doubles
from tests.conftest import NOW, RELAY_TOML, Load, no_retries
from tests.unit.pipeline.retry_world import ENTRY, ORIGIN, THROTTLED

SPOILED = "aws.partner/acme.example/spoiler/orders"
LEFT = Failed("Queued", "")
WAITS = Postponed(5, "NotAttempted")


class Bus:
    """EventBridge, which refuses every request in which there is an entry of one source."""

    def __init__(self, code: str = "ValidationException") -> None:
        self.requests: list[int] = []
        self.stored: list[tuple[Queue, str]] = []
        self.now = 0.0
        self._code, self._spoilers = code, Spoilers(lambda: self.now)

    def send(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        self.requests.append(len(entries))
        if any(entry.source == SPOILED for entry in entries):
            return [Failed(self._code, "no", is_of_request=True)] * len(entries)
        return [Accepted("id")] * len(entries)

    def store(self, queue: Queue, messages: Sequence[Message]) -> list[str | None]:
        self.stored += [(queue, message.failed.code) for message in messages]
        return [None] * len(messages)

    def run(self, load: Load, failed: Failed, *spoiled: bool) -> list[MessageResult]:
        """Redeliver a batch with an entry for each of `spoiled`."""
        self.requests.clear()
        entries = [replace(ENTRY, source=SPOILED) if each else ENTRY for each in spoiled]
        batch = [ReceivedMessage(Message(ORIGIN, each, failed).text(), 1, NOW) for each in entries]
        services = doubles.services(load(RELAY_TOML), send=self.send, store=self.store, spoilers=self._spoilers)
        return redeliver(batch, services, NOW, no_retries())


def test_once_known_it_is_put_alone_and_the_others_together(load: Load) -> None:
    bus = Bus()
    assert bus.run(load, THROTTLED, True, *[False] * 19) == [Done(dead_lettered=1), *[Done(1)] * 19]
    assert bus.requests == [20] + [1] * 20
    assert bus.run(load, THROTTLED, False, True, False) == [Done(1), Done(dead_lettered=1), Done(1)]
    assert bus.requests == [2, 1]


@pytest.mark.parametrize(("size", "alone"), [(3, 1), (20, 1), (40, 2), (100, 5)])
def test_a_batch_puts_no_more_of_it_than_it_makes_requests(load: Load, size: int, alone: int) -> None:
    bus = Bus()
    bus.run(load, THROTTLED, True)
    assert bus.run(load, THROTTLED, *[True] * size) == [Done(dead_lettered=1)] * alone + [WAITS] * (size - alone)
    assert bus.requests == [1] * alone


def test_what_has_no_turn_leaves_the_delivery_queue_for_the_retry_queue(load: Load) -> None:
    bus = Bus()
    bus.run(load, THROTTLED, True)
    assert bus.run(load, LEFT, True, True) == [Done(dead_lettered=1), Done(queued=1)]
    assert bus.stored[-1] == (Queue.RETRY, "NotAttempted")


def test_after_ten_minutes_it_is_trusted_again(load: Load) -> None:
    bus = Bus()
    bus.run(load, THROTTLED, True)
    bus.now = 600
    bus.run(load, THROTTLED, True, False)
    assert bus.requests == [2, 1, 1]


def test_a_refusal_that_is_not_about_an_entry_says_nothing_of_its_source(load: Load) -> None:
    bus = Bus("AccessDeniedException")
    bus.run(load, THROTTLED, True)
    bus.run(load, THROTTLED, True, False)
    assert bus.requests == [2]
