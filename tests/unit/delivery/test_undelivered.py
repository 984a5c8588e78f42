"""What could not be delivered is kept somewhere, or the sender is told that it was not."""

from collections.abc import Sequence

import pytest

from relay.delivery.message import Message, Origin
from relay.delivery.undelivered import Queue, Queued, StorageError, store_undelivered
from relay.entry import Failed
from relay.http.request import Request

THROTTLED, DENIED = Failed("ThrottlingException", "", 1), Failed("AccessDeniedException", "", 1)
REQUEST = Request("POST", "/", "", {}, b"", "")


def messages(*failures: Failed) -> list[Message]:
    return [Message(Origin("orders", str(number), ""), REQUEST, one) for number, one in enumerate(failures)]


class Queues:
    """Two queues; those named are down, and the messages of these ids are refused by all."""

    def __init__(self, *down: Queue, refused: Sequence[str] = ()) -> None:
        self.held: dict[Queue, list[str]] = {queue: [] for queue in Queue}
        self._down, self._refused = down, refused

    def __call__(self, queue: Queue, letters: Sequence[Message]) -> list[str | None]:
        ids = [letter.origin.webhook_id for letter in letters]
        reasons = ["down" if queue in self._down or one in self._refused else None for one in ids]
        self.held[queue] += [one for one, reason in zip(ids, reasons, strict=True) if reason is None]
        return reasons


def test_what_may_yet_be_delivered_waits_and_the_rest_is_dead_lettered() -> None:
    queues = Queues()
    kept = store_undelivered(messages(THROTTLED, DENIED, Failed("WhoKnows", ""), THROTTLED), queues)
    retry, dead = Queue.RETRY, Queue.DEAD_LETTERS
    assert [one.queue for one in kept] == [retry, dead, retry, retry]
    assert (queues.held[retry], queues.held[dead]) == (["0", "2", "3"], ["1"])


@pytest.mark.parametrize("down", [Queue.RETRY, Queue.DEAD_LETTERS])
def test_each_queue_stands_in_for_the_other(down: Queue) -> None:
    queues = Queues(down)
    assert store_undelivered(messages(THROTTLED, DENIED), queues) == [
        Queued(down.fallback(), THROTTLED),
        Queued(down.fallback(), DENIED),
    ]
    assert queues.held[down] == []


def test_what_is_left_to_the_delivery_queue_waits_in_the_retry_queue_if_that_is_down() -> None:
    left, queues = Failed("Queued", ""), Queues()
    assert store_undelivered(messages(left, THROTTLED), queues) == [
        Queued(Queue.DELIVERY, left),
        Queued(Queue.RETRY, THROTTLED),
    ]
    assert store_undelivered(messages(left), Queues(Queue.DELIVERY)) == [Queued(Queue.RETRY, left)]
    with pytest.raises(StorageError, match="delivery queue: down, retry queue: down"):
        store_undelivered(messages(left), Queues(Queue.DELIVERY, Queue.RETRY))


def test_a_message_that_no_queue_takes_is_told_with_both_reasons() -> None:
    with pytest.raises(StorageError, match="retry queue: down, dead-letter queue: down"):
        store_undelivered(messages(THROTTLED, THROTTLED), Queues(refused=["1"]))


def test_nothing_to_keep_is_nothing_kept() -> None:
    assert store_undelivered([], Queues(*Queue)) == []
