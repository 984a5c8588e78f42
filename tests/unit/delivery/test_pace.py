"""Redelivery's requests are paced, however fast EventBridge answers."""

from collections.abc import Sequence

import pytest

from relay.delivery.pace import REQUESTS_PER_SECOND, paced
from relay.entry import Accepted, Entry, Failed, Outcome
from tests.conftest import NOW

ENTRY = Entry(NOW, "aws.partner/acme.example/c42/orders", (), "order.created", "{}", "us-east-1")
INTERVAL = 1 / REQUESTS_PER_SECOND


class World:
    """EventBridge that takes so many seconds to answer, and the time that passes."""

    def __init__(self, seconds: float, outcome: Outcome) -> None:
        self.now = 0.0
        self._seconds, self._outcome = seconds, outcome

    def send(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        self.now += self._seconds
        return [self._outcome] * len(entries)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("outcome", [Accepted("1"), Failed("ThrottlingException", "")])
@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.0, INTERVAL), (INTERVAL / 4, INTERVAL), (INTERVAL, INTERVAL), (3.0, 3.0)]
)
def test_a_request_takes_its_share_of_a_second_and_no_longer_than_it_must(
    outcome: Outcome, seconds: float, expected: float
) -> None:
    world = World(seconds, outcome)
    send = paced(world.send, lambda: world.now, world.sleep)
    assert [send([ENTRY, ENTRY]) for _ in range(3)] == [[outcome, outcome]] * 3
    assert world.now == pytest.approx(3 * expected)
