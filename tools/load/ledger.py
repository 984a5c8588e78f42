"""Which webhooks were answered 2xx, which have arrived, and how often: by their numbers. Pure."""

from dataclasses import dataclass

MOST = 255  # a byte for each webhook


@dataclass(frozen=True)
class Counted:
    """What became of the webhooks that were answered 2xx. `lost`: they are nowhere. `twice`: arrived more than once."""

    acknowledged: int
    arrived: int
    kept: int
    lost: int
    twice: int
    unacknowledged: int
    """Arrived although the answer was no 2xx, or never came."""


class Tally:
    """How often each number was seen, a byte each."""

    def __init__(self, counts: bytes = b"") -> None:
        self._counts = bytearray(counts)

    def add(self, number: int) -> None:
        """Count a number once more."""
        self._extend(number)
        self._counts[number] = min(MOST, self._counts[number] + 1)

    def merge(self, other: "Tally") -> None:
        """Count what another tally has counted, too."""
        for number, times in enumerate(bytes(other)):
            if times:
                self._extend(number)
                self._counts[number] = min(MOST, self._counts[number] + times)

    def __getitem__(self, number: int) -> int:
        """Return how often a number was seen."""
        return self._counts[number] if number < len(self._counts) else 0

    def __len__(self) -> int:
        """Return a number above all that were seen."""
        return len(self._counts)

    def __bytes__(self) -> bytes:
        """Return the counts."""
        return bytes(self._counts)

    def _extend(self, number: int) -> None:
        if number >= len(self._counts):
            self._counts.extend(bytes(number + 1 - len(self._counts)))


def count(acknowledged: Tally, arrived: Tally, kept: Tally) -> Counted:
    """Compare what was answered 2xx with what has arrived at the customer, and what waits in a queue."""
    told = there = waiting = lost = twice = unacknowledged = 0
    for number in range(max(len(acknowledged), len(arrived), len(kept))):
        seen = arrived[number]
        if acknowledged[number]:
            told += 1
            there += seen > 0
            twice += seen > 1
            waiting += kept[number] > 0
            lost += not seen and not kept[number]
        else:
            unacknowledged += seen > 0
    return Counted(told, there, waiting, lost, twice, unacknowledged)
