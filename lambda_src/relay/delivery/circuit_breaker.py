"""Stop asking an EventBridge that answers nothing: each request would hold an execution environment for seconds.

https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker
"""

import time
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from relay.delivery import error_codes
from relay.delivery.deliver import JITTER, Send
from relay.entry import Entry, Failed, Outcome

FIRST_SECONDS = 10
LONGEST_SECONDS = 80
PATIENCE_SECONDS = 1
"""For so much longer than a webhook is tried have requests to fail: one that is refused at once opens no circuit."""


class _Open(NamedTuple):
    """A circuit that was opened then, for so many seconds, after requests had failed this often in a row."""

    since: float
    seconds: float
    times: int


class CircuitBreaker:
    """What one process has seen of each Region's EventBridge.

    A circuit opens when requests have failed for a while without a success between them, and after a time the next
    request shows whether to close it. That time doubles from ten seconds to eighty, of which `jitter` (0 to 1) takes up
    to half: a thousand execution environments must not all find out at once, for three seconds each.
    `clock` is the time of day in seconds: a monotonic clock may stand still while Lambda freezes the function, and a
    circuit would be open for longer.
    """

    def __init__(self, clock: Callable[[], float] = time.time, jitter: Callable[[], float] = JITTER) -> None:
        self._clock, self._jitter = clock, jitter
        self._failing_since: dict[str, float] = {}
        self._open: dict[str, _Open] = {}

    def open_regions(self) -> Collection[str]:
        """Return the Regions to which nothing is to be sent now."""
        if not self._open:
            return ()
        now = self._clock()
        # A clock that was set back closes a circuit.
        return [region for region, circuit in self._open.items() if 0 <= now - circuit.since < circuit.seconds]

    def watch(self, send: Send, retry_seconds: float) -> Send:
        """Return `send` that notes how each request ends; see `note`."""

        def watched(entries: Sequence[Entry]) -> Sequence[Outcome]:
            began = self._clock()
            outcomes = send(entries)
            self.note(entries[0].region, began, has_failed=_has_failed(outcomes[0]), retry_seconds=retry_seconds)
            return outcomes

        return watched

    def note(self, region: str, began: float, *, has_failed: bool, retry_seconds: float) -> None:
        """Note the end of a request that began then, for a webhook that is tried again for so many seconds.

        Requests that fail for a second longer open the circuit.
        """
        if not has_failed:
            self._failing_since.pop(region, None)
            self._open.pop(region, None)
            return
        now, since = self._clock(), self._failing_since.setdefault(region, began)
        if now - since >= retry_seconds + PATIENCE_SECONDS:
            times = self._open[region].times + 1 if region in self._open else 1
            longest = min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** (times - 1))
            self._open[region] = _Open(now, longest * (0.5 + self._jitter() / 2), times)


def _has_failed(outcome: Outcome) -> bool:
    """Return whether EventBridge has failed, and not an entry: one that is refused must not stop the others."""
    if not isinstance(outcome, Failed) or not outcome.is_of_request:
        return False
    return error_codes.is_retryable(outcome) and outcome.code not in error_codes.REFUSES_SOURCE
