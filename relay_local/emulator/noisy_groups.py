"""Which message of a standard queue with message groups is delivered next, as SQS documents fair queues. Pure.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html
SQS says that its thresholds are approximate, and nothing of how long "recent" is: a minute here.
"""

from collections import Counter, deque
from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")

SHARE = 0.1
"""A group with more than this share of what is in flight, or of the time that processing takes, is noisy."""
LEAST_IN_FLIGHT = 30
RECENT_SECONDS = 60
QUIET_SECONDS = 300
"""A group that has sent nothing for so long is noisy no more."""


class Noise:
    """Which groups of one queue are noisy. Times are in seconds of one clock; a message without a group is nobody's."""

    def __init__(self) -> None:
        self._noisy: set[str] = set()
        self._sent_at: dict[str, float] = {}
        self._spent: Counter[str] = Counter()
        self._recent: deque[tuple[float, str, float]] = deque()

    def sent(self, group: str, at: float) -> None:
        """Note that a message of a group was sent."""
        self._sent_at[group] = at

    def processed(self, group: str, seconds: float, at: float) -> None:
        """Note for how long a message was in flight that is deleted now."""
        self._spent[group] += seconds  # type: ignore[assignment]  # Counter counts seconds as well
        self._recent.append((at, group, seconds))

    def noisy(self, in_flight: Mapping[str, int], waiting: Collection[str], at: float) -> set[str]:
        """Return the noisy groups, given how many messages of each are in flight and which groups have some waiting."""
        while self._recent and self._recent[0][0] < at - RECENT_SECONDS:
            _, group, seconds = self._recent.popleft()
            self._spent[group] -= seconds  # type: ignore[assignment]  # a Counter of floats
        everything, all_seconds = sum(in_flight.values()), sum(self._spent.values())
        self._noisy |= {
            group
            for group in waiting
            if group
            and (
                (in_flight.get(group, 0) >= LEAST_IN_FLIGHT and in_flight[group] > SHARE * everything)
                or self._spent[group] > SHARE * all_seconds
            )
        }
        self._noisy = {
            group
            for group in self._noisy
            if (group in waiting or in_flight.get(group)) and at - self._sent_at.get(group, at) < QUIET_SECONDS
        }
        return self._noisy


def first(
    waiting: Sequence[tuple[str, T]], noisy: Collection[str], in_flight: Mapping[str, int], count: int
) -> list[T]:
    """Return what is delivered next of `waiting` (group and message, the oldest first), `count` messages at most.

    Those of noisy groups come last, and of them first those of the group with the fewest in flight.
    """
    chosen = [message for group, message in waiting if group not in noisy][:count]
    rest: dict[str, deque[T]] = {}
    for group, message in waiting:
        if group in noisy:
            rest.setdefault(group, deque()).append(message)
    flying = Counter(in_flight)
    while len(chosen) < count and rest:
        group = min(rest, key=lambda each: flying[each])
        chosen.append(rest[group].popleft())
        flying[group] += 1
        if not rest[group]:
            del rest[group]
    return chosen
