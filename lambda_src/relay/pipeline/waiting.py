"""For how long a message of the retry queue waits, and has waited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from relay.pipeline.results import MessageResult, Postponed

FIRST_SECONDS = 5
LONGEST_SECONDS = 4 * 60


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message as the queue delivered it. A redrive resets `sent_at` and `receive_count`, and gives another `id`."""

    text: str
    receive_count: int
    sent_at: datetime
    id: str = ""


def oldest_waiting_seconds(
    batch: Sequence[ReceivedMessage], results: Sequence[MessageResult], now: datetime
) -> float | None:
    """Return how long ago the oldest message that stays in the queue was sent, in seconds; None if none stays."""
    waiting = [
        received.sent_at for received, result in zip(batch, results, strict=True) if isinstance(result, Postponed)
    ]
    return (now - min(waiting)).total_seconds() if waiting else None


def backoff_seconds(receive_count: int, jitter: float) -> int:
    """Return for how long to hide a message that was received this often: exponentially longer, at most 4 minutes.

    `jitter`, from 0 to 1, takes between half and all of it: a backlog does not return at once, and what returns first
    finds out for the others whether EventBridge is back. A batch whose first request fails is not sent any further.
    """
    longest: int = min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** min(receive_count - 1, 20))
    return max(1, round(longest * (0.5 + jitter / 2)))
