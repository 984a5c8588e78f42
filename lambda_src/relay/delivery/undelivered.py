"""Where what could not be delivered is kept. Each queue stands in for the other: nothing acknowledged is lost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from relay.delivery import error_codes
from relay.delivery.message import Message
from relay.entry import Accepted, Failed


class Queue(Enum):
    """The retry queue delivers by itself once EventBridge is back; the dead-letter queue waits for a person."""

    RETRY = "retry queue"
    DEAD_LETTERS = "dead-letter queue"

    def fallback(self) -> "Queue":
        """The one that stands in for this."""
        return Queue.RETRY if self is Queue.DEAD_LETTERS else Queue.DEAD_LETTERS


@dataclass(frozen=True, slots=True)
class Queued:
    """What was not accepted, and the queue it is in."""

    queue: Queue
    failed: Failed


EntryResult = Accepted | Queued
"""What became of an entry: EventBridge has it, or a queue."""

Store = Callable[[Queue, Sequence[Message]], Sequence[str | None]]
"""Stores messages. Gives, in the same order, None for each that is in the queue, else why it is not. Does not raise."""


class StorageError(Exception):
    """At least one message is in neither queue; it says why."""


def queue_for(failed: Failed) -> Queue:
    """The queue this failure belongs to."""
    return Queue.RETRY if error_codes.is_retryable(failed) else Queue.DEAD_LETTERS


def store_undelivered(messages: Sequence[Message], store: Store) -> list[Queued]:
    """Where each message is now, in order. Raises StorageError if one is nowhere."""
    kept: dict[int, Queued] = {}
    reasons: list[str] = []
    for queue in Queue:
        mine = [index for index, message in enumerate(messages) if queue_for(message.failed) is queue]
        for choice in (queue, queue.fallback()):
            if not (left := [index for index in mine if index not in kept]):
                break
            for index, why_not in zip(left, store(choice, [messages[index] for index in left]), strict=True):
                if why_not is None:
                    kept[index] = Queued(choice, messages[index].failed)
                else:
                    reasons.append(f"{choice.value}: {why_not}")
    if len(kept) < len(messages):
        raise StorageError(", ".join(dict.fromkeys(reasons)))
    return [kept[index] for index in range(len(messages))]
