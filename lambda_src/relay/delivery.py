"""Puts entries, tries those again that may yet be taken, and accounts for every one of them, exactly once."""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from relay import outcomes
from relay.batching import batches
from relay.config import Config
from relay.entry import Entry, Failed, Outcome, refusal

# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPartnerEvents.html
MAX_ENTRIES_PER_REQUEST = 20

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 1.0

# The last request may take 4 s (see aws.py); then what is left is stored, at worst after both queues failed twice.
RESERVED_SECONDS = 20

Send = Callable[[str, Sequence[Entry]], Sequence[Outcome]]
"""Puts entries in a Region. Gives one outcome for each, in the same order, and does not raise."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to go on, in seconds of `clock`.

    After `retry_until` nothing is tried again, and once a whole request has failed no other is begun; after
    `send_until` nothing is begun at all. What is left goes to the retry queue.
    """

    retry_until: float
    send_until: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    def allows(self, *, failing: bool) -> bool:
        """Whether another request may begin."""
        return self.clock() < (min(self.retry_until, self.send_until) if failing else self.send_until)

    def pause(self, attempt: int) -> bool:
        """Wait with full jitter after `attempt` (from 0), or say that there is no time for another.

        https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
        """
        seconds = self.jitter() * min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)
        if self.clock() + seconds >= min(self.retry_until, self.send_until):
            return False
        self.sleep(seconds)
        return True


def budget(retry_seconds: float, seconds_left: float) -> Budget:
    """`retry_seconds` for trying again, within the `seconds_left` to a function, of which some are for storing."""
    now = time.monotonic()
    return Budget(now + retry_seconds, now + seconds_left - RESERVED_SECONDS)


def deliver(entries: Sequence[Entry], config: Config, send: Send, budget: Budget) -> list[Outcome]:
    """The outcome of each entry, at the same index.

    What EventBridge would refuse is not sent; what has an event id, or has failed for good, is not sent again.
    """
    made: dict[int, Outcome] = {}
    for index, entry in enumerate(entries):
        made[index] = refusal(entry, config.partner) or Failed("NotAttempted", "there was no time for it", 0)
    attempt, failing = 0, False
    pending = [index for index in made if outcomes.retryable(made[index])]
    while pending:
        for region, batch in _batches(pending, entries, config.max_request_bytes):
            if budget.allows(failing=failing):
                for index, outcome in _put(region, batch, entries, send):
                    made[index] = _counted(outcome, made[index])
                failing = failing or all(outcomes.retryable(made[index]) for index in batch)
        pending = [index for index in pending if outcomes.retryable(made[index])]
        if pending and not budget.pause(attempt):
            break
        attempt += 1
    return [made[index] for index in range(len(entries))]


def _batches(
    pending: Iterable[int], entries: Sequence[Entry], max_request_bytes: int
) -> Iterator[tuple[str, list[int]]]:
    by_region: defaultdict[str, list[int]] = defaultdict(list)
    for index in pending:
        by_region[entries[index].region].append(index)
    for region, indexes in by_region.items():
        for batch in batches(indexes, lambda i: entries[i].size, MAX_ENTRIES_PER_REQUEST, max_request_bytes):
            yield region, batch


def _put(region: str, batch: Sequence[int], entries: Sequence[Entry], send: Send) -> Iterator[tuple[int, Outcome]]:
    results = send(region, [entries[index] for index in batch])
    if len(batch) > 1 and all(outcomes.blames_one(result) for result in results):
        for index in batch:  # the others may not suffer for one of them
            yield from _put(region, [index], entries, send)
    else:
        yield from zip(batch, results, strict=True)


def _counted(outcome: Outcome, before: Outcome) -> Outcome:
    if isinstance(outcome, Failed) and isinstance(before, Failed):
        return replace(outcome, attempts=before.attempts + 1)
    return outcome
