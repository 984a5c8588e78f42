"""Store undelivered messages. Each queue is the fallback for the other, so nothing acknowledged is lost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import NamedTuple

from relay.delivery import error_codes
from relay.delivery.message import Message
from relay.entry import Accepted, Failed


class Queue(Enum):
    """The delivery queue has what is put for the first time, and the retry queue what is put again, both automatically.

    The dead-letter queue waits for an operator.
    """

    DELIVERY = "delivery queue"
    RETRY = "retry queue"
    DEAD_LETTERS = "dead-letter queue"

    def fallback(self) -> "Queue":
        """Return the queue that stores what this one refuses."""
        return Queue.DEAD_LETTERS if self is Queue.RETRY else Queue.RETRY


class Queued(NamedTuple):
    """What was not accepted, the queue it is in, and the label of the destination it is for, if it is for one."""

    queue: Queue
    failed: Failed
    destination: str = ""


class Unsent(StrEnum):
    """Why an entry of a route with `customer` was not put, as the answer and the log say it."""

    HELD = "held"  # it waits until the destination can receive it
    DISABLED = "disabled"  # the destination is, by name
    UNSUBSCRIBED = "unsubscribed"  # no destination of the customer wants it
    WITHOUT_CUSTOMER = "without_customer"


@dataclass(frozen=True, slots=True)
class NotSent:
    """An entry that was not put, and why; `destination` is the label of the one that it is for (`c42/prod`), if any.

    `customer` is whose it would have been, for the log and the archive: two results that differ in nothing else are
    answered alike.
    """

    why: Unsent
    destination: str = ""
    customer: str = field(default="", compare=False)


EntryResult = Accepted | Queued | NotSent
"""Where an entry is: in EventBridge, in a queue, held; or nobody has subscribed to it."""

Store = Callable[[Queue, Sequence[Message]], Sequence[str | None]]
"""Store messages. Return one element per message, in order: None if stored, otherwise the error. Never raise."""


class StorageError(Exception):
    """At least one message is in neither of its queues; the text has the errors of both."""


def queue_for(failed: Failed) -> Queue:
    """Return the queue for a failure: the retry queue only if a retry may help."""
    if failed.code == error_codes.QUEUED:
        return Queue.DELIVERY
    return Queue.RETRY if error_codes.is_retryable(failed) else Queue.DEAD_LETTERS


def store_undelivered(messages: Sequence[Message], store: Store) -> list[Queued]:
    """Store each message and return its queue, in order. Raise StorageError if one is in no queue."""
    stored: dict[int, Queued] = {}
    errors: list[str] = []
    for preferred in Queue:
        indexes = [index for index, message in enumerate(messages) if queue_for(message.failed) is preferred]
        for queue in (preferred, preferred.fallback()):
            if not (pending := [index for index in indexes if index not in stored]):
                break
            for index, error in zip(pending, store(queue, [messages[index] for index in pending]), strict=True):
                if error is None:
                    stored[index] = Queued(queue, messages[index].failed)
                else:
                    errors.append(f"{queue.value}: {error}")
    if len(stored) < len(messages):
        raise StorageError(", ".join(dict.fromkeys(errors)))
    return [stored[index] for index in range(len(messages))]
