"""Stop asking an EventBridge that fails: each request would hold an execution environment for seconds.

https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker
"""

import time
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from relay.delivery import error_codes
from relay.delivery.deliver import JITTER, Send
from relay.entry import Entry, Failed, Outcome

PATIENCE_SECONDS = 1
"""For so much longer than a webhook is tried have requests to fail."""
FIRST_SECONDS = 10
LONGEST_SECONDS = 80
FORGOTTEN_SECONDS = 300
"""After so long without a failure nothing is known: a function may be asked once an hour."""


class _Failing(NamedTuple):
    """A Region whose requests fail: from when on, until when, and which webhook's request was the first.

    `times` is how often the circuit was opened since, at last at `opened_at` for `seconds`.
    """

    since: float
    last: float
    webhook: object
    times: int = 0
    opened_at: float = 0
    seconds: float = 0

    def is_open(self, now: float) -> bool:
        """Return whether nothing is to be sent. A clock that was set back closes the circuit."""
        return 0 <= now - self.opened_at < self.seconds


class CircuitBreaker:
    """What one process has seen of each Region's EventBridge.

    A circuit opens when the requests of several webhooks have failed for a while without a success between them, and
    after a time the next webhook shows whether to close it. That time doubles from ten seconds to eighty, of which
    `jitter` (0 to 1) decides half: a thousand execution environments must not all find out at once, for three seconds
    each. `clock` is the time of day in seconds: a monotonic clock may stand still while Lambda freezes the function,
    and a circuit would be open for longer.
    """

    def __init__(self, clock: Callable[[], float] = time.time, jitter: Callable[[], float] = JITTER) -> None:
        self._clock, self._jitter = clock, jitter
        self._failing: dict[str, _Failing] = {}

    def open_regions(self) -> Collection[str]:
        """Return the Regions to which nothing is to be sent now."""
        if not self._failing:
            return ()
        now = self._clock()
        return [region for region, failing in self._failing.items() if failing.is_open(now)]

    def watch(self, send: Send, retry_seconds: float) -> Send:
        """Return `send` for one webhook, which notes how each request ends; see `note`."""
        webhook = object()

        def watched(entries: Sequence[Entry]) -> Sequence[Outcome]:
            began = self._clock()
            outcomes = send(entries)
            self.note(entries[0].region, webhook, began, has_failed=_has_failed(outcomes), retry_seconds=retry_seconds)
            return outcomes

        return watched

    def note(self, region: str, webhook: object, began: float, *, has_failed: bool, retry_seconds: float) -> None:
        """Note the end of a request that began then, for a webhook that is tried again for so many seconds.

        Failures for a second longer than that open the circuit, if the first was of another webhook. While it is open
        nothing is noted but a success; once it was open, one failure opens it again.
        """
        if not has_failed:
            self._failing.pop(region, None)
            return
        now = self._clock()
        failing = self._failing.get(region)
        if not failing or not 0 <= now - failing.last < FORGOTTEN_SECONDS:
            failing = _Failing(began, now, webhook)
        if failing.is_open(now):
            return
        is_long = failing.webhook is not webhook and now - failing.since >= retry_seconds + PATIENCE_SECONDS
        if failing.times or is_long:
            longest = min(LONGEST_SECONDS, FIRST_SECONDS * 2**failing.times)
            seconds = longest * (0.5 + self._jitter() / 2)
            failing = failing._replace(times=failing.times + 1, opened_at=now, seconds=seconds)
        self._failing[region] = failing._replace(last=now)


def _has_failed(outcomes: Sequence[Outcome]) -> bool:
    """Return whether EventBridge has failed, and not entries: those that are refused must not stop the others."""
    return all(isinstance(outcome, Failed) and error_codes.is_of_service(outcome) for outcome in outcomes)
