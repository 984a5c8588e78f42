"""What a run has measured. Latencies count from the moment at which a webhook was due, not from when it was sent.

That is what corrects for coordinated omission: a generator that is held up by a slow answer would otherwise leave out
the very webhooks that had to wait. https://groups.google.com/g/mechanical-sympathy/c/icNZJejUHfE
"""

import math
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tools.load.ledger import Tally

LATE = 0.001  # seconds, at the 99th percentile
LATE_SHARE = 0.1  # of the latency at the 99th percentile, if that is more
MOST_BEHIND = 1.0  # seconds
SUCCESS = range(200, 300)
EPSILON = 1e-9  # 99.9 % of 1,000 are 999, whatever a float makes of it
PERCENTILES = (50.0, 90.0, 99.0, 99.9, 100.0)


class Times:
    """Seconds, every one of them: a histogram would have to round them."""

    def __init__(self) -> None:
        self._seconds = array("d")
        self._is_sorted = True

    def add(self, seconds: float) -> None:
        """Take one."""
        self._seconds.append(seconds)
        self._is_sorted = False

    def extend(self, other: "Times") -> None:
        """Take all of another's."""
        self._seconds.extend(other)
        self._is_sorted = False

    def __iter__(self) -> Iterator[float]:
        """Yield each."""
        return iter(self._seconds)

    def percentile(self, percentile: float) -> float:
        """Return the smallest of them that so many per cent do not exceed (the nearest rank)."""
        if not self._is_sorted:
            self._seconds, self._is_sorted = array("d", sorted(self._seconds)), True
        rank = math.ceil(percentile / 100 * len(self._seconds) - EPSILON)
        return self._seconds[max(0, rank - 1)]


@dataclass
class Run:
    """Webhooks that were sent, by the status of their answers, or by the word for why there was none.

    `offered` is how many were sent a second, `backlog` how many waited for an answer when the last one was sent.
    """

    seconds: float
    offered: float = 0
    backlog: int = 0
    answers: Counter[int | str] = field(default_factory=Counter)
    acknowledged: Tally = field(default_factory=Tally)
    latency: Times = field(default_factory=Times)
    lateness: Times = field(default_factory=Times)

    def answered(self, number: int, status: int, seconds: float) -> None:
        """Take an answer and the seconds since its webhook was due."""
        self.answers[status] += 1
        self.latency.add(seconds)
        if status in SUCCESS:
            self.acknowledged.add(number)

    def failed(self, why: str, seconds: float) -> None:
        """Take that there was no answer. The wait counts, too."""
        self.answers[why] += 1
        self.latency.add(seconds)

    def sent_late(self, seconds: float) -> None:
        """Take how much later than due a webhook was sent."""
        self.lateness.add(seconds)

    @property
    def webhooks(self) -> int:
        """Return how many were sent."""
        return self.answers.total()

    @property
    def errors(self) -> int:
        """Return how many were answered with anything but 2xx, or not at all."""
        return sum(n for status, n in self.answers.items() if not (isinstance(status, int) and status in SUCCESS))

    @property
    def throughput(self) -> float:
        """Return the webhooks a second that were answered 2xx."""
        return (self.webhooks - self.errors) / self.seconds

    def percentiles(self) -> dict[str, float]:
        """Return seconds by percentile."""
        return {f"{each:g}": self.latency.percentile(each) for each in PERCENTILES}

    def refusal(self) -> str | None:
        """Return why this run says little about what it was sent to, None if it says enough.

        Either its generator was late: what it was late by counts as latency, too, so it must be less than a
        millisecond, or little beside the latency. Or more than a second's webhooks waited at the end: then it was no
        seven tenths of anything, and the latency is that of a queue which grows.
        """
        late, worst = (self.lateness.percentile(each) for each in (99.0, 100.0))
        allowed = max(LATE, LATE_SHARE * self.latency.percentile(99.0))
        if late > allowed:
            return (
                f"refused: the generator itself was late, by {late * 1000:.2f} ms at the 99th percentile and"
                f" {worst * 1000:.2f} ms at most, of {self.webhooks} webhooks at {self.offered:.0f} a second;"
                f" {allowed * 1000:.2f} ms are allowed. Run it when the machine has less to do"
            )
        if self.backlog > self.offered * MOST_BEHIND:
            return (
                f"refused: it fell behind: {self.backlog} of {self.webhooks} webhooks waited when the last one was"
                f" sent, at {self.offered:.0f} a second. Run it when the machine has less to do"
            )
        return None


def pooled(runs: Sequence[Run]) -> Run:
    """Return the runs of several rounds as one. The numbers of their webhooks are all different."""
    whole = Run(sum(run.seconds for run in runs), sum(run.offered * run.seconds for run in runs))
    whole.offered /= whole.seconds
    for run in runs:
        whole.answers.update(run.answers)
        whole.latency.extend(run.latency)
        whole.lateness.extend(run.lateness)
        whole.acknowledged.merge(run.acknowledged)
    return whole
