"""Puts entries, tries those again that may yet be taken, and accounts for every one of them, exactly once."""

import random
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from relay.config.loader import Config
from relay.delivery import error_codes
from relay.delivery.batching import batches
from relay.entry import Entry, Failed, Outcome, refusal

# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPartnerEvents.html
MAX_ENTRIES_PER_REQUEST = 20
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
MAX_ENTRIES_OF_PUT_EVENTS = 10

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 1.0

# Not random.random: functions restored from one SnapStart snapshot would all wait the same.
# https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html
JITTER = random.SystemRandom().random

# The last request may take 7 s: 3 s on a connection that has died, then a new one and 3 s (see call.py, direct.py).
# Then what is left is stored, at worst after both queues failed twice: 16 s (see aws.py).
RESERVED_SECONDS = 23

Send = Callable[[Sequence[Entry]], Sequence[Outcome]]
"""Puts entries of one Region and bus. Gives one outcome for each, in the same order, and does not raise."""


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
    jitter: Callable[[], float] = JITTER

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

    What EventBridge would refuse is not sent; what has an event id, or has failed for good, is not sent again. Regions
    are served at the same time: one that is down neither delays nor loses what goes to another.
    """
    made: dict[int, Outcome] = {}
    regions: defaultdict[str, list[int]] = defaultdict(list)
    for index, entry in enumerate(entries):
        if refused := refusal(entry, config.partner):
            made[index] = refused
        else:
            regions[entry.region].append(index)

    def in_region(indexes: Sequence[int]) -> Iterable[tuple[int, Outcome]]:
        mine = [entries[index] for index in indexes]
        return zip(indexes, _in_region(mine, config.limits.request, send, budget), strict=True)

    if len(regions) > 1:
        from concurrent.futures import ThreadPoolExecutor  # for several Regions alone

        with ThreadPoolExecutor(len(regions)) as threads:
            made |= dict(chain.from_iterable(threads.map(in_region, regions.values())))
    else:
        made |= dict(chain.from_iterable(map(in_region, regions.values())))
    return [made[index] for index in range(len(entries))]


def _in_region(entries: Sequence[Entry], max_request_bytes: int, send: Send, budget: Budget) -> list[Outcome]:
    made: list[Outcome] = [Failed("NotAttempted", "there was no time for it", 0)] * len(entries)
    pending: Sequence[int] = range(len(entries))
    attempt, failing = 0, False
    while pending:
        waiting = deque(requests(pending, entries, max_request_bytes))
        while waiting and budget.allows(failing=failing):
            batch = waiting.popleft()
            results = send([entries[index] for index in batch])
            blamed = len(batch) > 1 and all(error_codes.blames_one_entry(result) for result in results)
            if blamed:  # the others may not suffer for one of them: each is put on its own, while there is time
                waiting.extendleft([index] for index in reversed(batch))
                results = [Failed("NotAttempted", "there was no time for it on its own")] * len(batch)
            for index, outcome in zip(batch, results, strict=True):
                made[index] = _counted(outcome, made[index])
            failing = failing or (not blamed and all(error_codes.is_retryable(result) for result in results))
        pending = [index for index in pending if error_codes.is_retryable(made[index])]
        if pending and not budget.pause(attempt):
            break
        attempt += 1
    return made


def requests(pending: Iterable[int], entries: Sequence[Entry], max_request_bytes: int) -> Iterator[list[int]]:
    """The indexes of `pending` in as few requests as there can be: each for one Region and bus, in order."""
    by_destination: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for index in pending:
        by_destination[entries[index].region, entries[index].bus].append(index)
    for (_, bus), indexes in by_destination.items():
        most = MAX_ENTRIES_OF_PUT_EVENTS if bus else MAX_ENTRIES_PER_REQUEST
        yield from batches(indexes, lambda i: entries[i].size, most, max_request_bytes)


def _counted(outcome: Outcome, before: Outcome) -> Outcome:
    if isinstance(outcome, Failed) and isinstance(before, Failed):
        return replace(outcome, attempts=before.attempts + 1)
    return outcome
