"""Put entries, retry those that may yet be accepted, and return exactly one outcome for each."""

import random
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from relay.delivery import error_codes
from relay.delivery.batching import batches
from relay.entry import Entry, Failed, Outcome, refusal

# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPartnerEvents.html
MAX_ENTRIES_PER_REQUEST = 20
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
MAX_ENTRIES_OF_PUT_EVENTS = 10

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 1.0

# Not random.random: functions restored from the same SnapStart snapshot would all wait equally long.
# https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html
JITTER = random.SystemRandom().random

# The last request may take 7 s: 3 s on a connection that is dead, then a new connection and 3 s (see aws/api.py).
# Then what is left is stored, at worst after both queues failed twice: 16 s (see aws/boto3_clients.py).
RESERVED_SECONDS = 23

Send = Callable[[Sequence[Entry]], Sequence[Outcome]]
"""Put entries of one Region and bus. Return one outcome for each, in the same order. Never raise."""


class Budget(NamedTuple):
    """How long to go on, in seconds of `clock`.

    After `retry_until` nothing is retried, and once a whole request has failed no other one begins; after `send_until`
    nothing begins at all. What is left goes to the retry queue.
    """

    retry_until: float
    send_until: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = JITTER

    def allows(self, *, failing: bool) -> bool:
        """Return whether another request may begin."""
        return self.clock() < (min(self.retry_until, self.send_until) if failing else self.send_until)

    def pause(self, attempt: int) -> bool:
        """Wait with full jitter after `attempt` (from 0). Return False, without waiting, if no time is left.

        https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
        """
        seconds = self.jitter() * min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)
        if self.clock() + seconds >= min(self.retry_until, self.send_until):
            return False
        self.sleep(seconds)
        return True


def budget(retry_seconds: float, seconds_left: float) -> Budget:
    """Return a budget of `retry_seconds` for retries within `seconds_left`, some of which are reserved for storing."""
    now = time.monotonic()
    return Budget(now + retry_seconds, now + seconds_left - RESERVED_SECONDS)


def deliver(
    entries: Sequence[Entry], send: Send, budget: Budget, *, partner: str, max_request_bytes: int
) -> list[Outcome]:
    """Return the outcome of each entry, at the same index.

    What EventBridge would refuse is not sent; what has an event id, or has failed for good, is not sent again. Regions
    are served at the same time: one that is down neither delays nor loses what goes to another.
    """
    outcomes: dict[int, Outcome] = {}
    regions: defaultdict[str, list[int]] = defaultdict(list)
    for index, entry in enumerate(entries):
        if refused := refusal(entry, partner):
            outcomes[index] = refused
        else:
            regions[entry.region].append(index)

    def deliver_indexes(indexes: Sequence[int]) -> Iterable[tuple[int, Outcome]]:
        of_region = [entries[index] for index in indexes]
        return zip(indexes, _deliver_to_region(of_region, max_request_bytes, send, budget), strict=True)

    if len(regions) > 1:
        from concurrent.futures import ThreadPoolExecutor  # only needed for several Regions

        with ThreadPoolExecutor(len(regions)) as threads:
            outcomes |= dict(chain.from_iterable(threads.map(deliver_indexes, regions.values())))
    else:
        outcomes |= dict(chain.from_iterable(map(deliver_indexes, regions.values())))
    return [outcomes[index] for index in range(len(entries))]


def leave_to_queue(entries: Sequence[Entry], partner: str, code: str, why: str = "") -> list[Outcome]:
    """Return the outcome of each entry when nothing is put now. What EventBridge would refuse has failed already."""
    return [refusal(entry, partner) or Failed(code, why) for entry in entries]


def _deliver_to_region(entries: Sequence[Entry], max_request_bytes: int, send: Send, budget: Budget) -> list[Outcome]:
    outcomes: list[Outcome] = [Failed("NotAttempted", "there was no time for it", 0)] * len(entries)
    pending: Sequence[int] = range(len(entries))
    attempt, failing = 0, False
    while pending:
        waiting = deque(requests(pending, entries, max_request_bytes))
        while waiting and budget.allows(failing=failing):
            batch = waiting.popleft()
            results = send([entries[index] for index in batch])
            blamed = len(batch) > 1 and all(error_codes.blames_one_entry(result) for result in results)
            if blamed:  # the others must not fail with it: each is put on its own, while there is time
                waiting.extendleft([index] for index in reversed(batch))
                results = [Failed("NotAttempted", "there was no time for it on its own")] * len(batch)
            for index, outcome in zip(batch, results, strict=True):
                outcomes[index] = _with_attempts(outcome, outcomes[index])
            failing = failing or (not blamed and all(error_codes.is_retryable(result) for result in results))
        pending = [index for index in pending if error_codes.is_retryable(outcomes[index])]
        if pending and not budget.pause(attempt):
            break
        attempt += 1
    return outcomes


def requests(pending: Iterable[int], entries: Sequence[Entry], max_request_bytes: int) -> Iterator[list[int]]:
    """Yield the indexes of `pending` in as few requests as possible: each for one Region and bus, in order."""
    by_destination: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for index in pending:
        by_destination[entries[index].region, entries[index].bus].append(index)
    for (_, bus), indexes in by_destination.items():
        max_count = MAX_ENTRIES_OF_PUT_EVENTS if bus else MAX_ENTRIES_PER_REQUEST
        yield from batches(indexes, lambda i: entries[i].size, max_count, max_request_bytes)


def _with_attempts(outcome: Outcome, previous: Outcome) -> Outcome:
    """Return `outcome`, with one attempt more than the previous one, which failed."""
    earlier = previous.attempts if isinstance(previous, Failed) else 0
    return replace(outcome, attempts=earlier + 1) if earlier or isinstance(outcome, Failed) else outcome
