"""An EventBridge that has failed for a while is left alone for a time; one whose entries fail is not."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from relay.delivery.circuit_breaker import CircuitBreaker
from relay.delivery.deliver import MAX_ENTRIES_PER_REQUEST, Send
from relay.entry import Accepted, Entry, Failed, Outcome
from tests.conftest import NOW

ENTRY = Entry(NOW, "aws.partner/acme.example/c42/orders", (), "order.created", "{}", "us-east-1")
AWAY = Failed("InternalException", "away", is_of_request=True)
THERE = Accepted("id")


class Region:
    """One Region's EventBridge, which answers after a while, and a breaker that watches it."""

    def __init__(self, outcome: Outcome = AWAY, seconds: float = 0.0, jitter: float = 1.0) -> None:
        self.outcome, self.seconds, self.now = outcome, seconds, 1000.0
        self.breaker = CircuitBreaker(lambda: self.now, lambda: jitter)

    def _send(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        self.now += self.seconds
        return [self.outcome] * len(entries)

    def send(self, *, retry_seconds: float = 2, region: str = "us-east-1") -> Sequence[Outcome]:
        send: Send = self.breaker.watch(self._send, retry_seconds)
        return send([replace(ENTRY, region=region)] * MAX_ENTRIES_PER_REQUEST)

    def at(self, seconds: float) -> "Region":
        self.now = 1000.0 + seconds
        return self

    @property
    def is_open(self) -> bool:
        return "us-east-1" in self.breaker.open_regions()


def opened(jitter: float = 1.0) -> Region:
    region = Region(seconds=3.0, jitter=jitter)
    region.send()
    region.seconds = 0.0
    return region


def open_seconds(region: Region) -> float:
    began = region.now
    while region.is_open:
        region.now += 0.5
    return region.now - began


def test_what_was_sent_comes_back_as_it_was() -> None:
    assert Region().send() == [AWAY] * 20
    assert Region(THERE).send() == [THERE] * 20


def test_failures_for_a_second_longer_than_a_webhook_is_tried_open_it() -> None:
    region = Region()
    for seconds in (0, 1, 2.9):
        region.at(seconds).send()
        assert not region.is_open
    region.at(3).send()
    assert region.is_open


def test_one_request_that_took_that_long_opens_it() -> None:
    region = Region(seconds=3)
    region.send()
    assert region.is_open


def test_a_route_that_does_not_try_again_gives_it_a_second() -> None:
    region = Region()
    region.send(retry_seconds=0)
    region.at(0.9).send(retry_seconds=0)
    assert not region.is_open
    region.at(1).send(retry_seconds=0)
    assert region.is_open


def test_a_success_between_them_begins_the_time_anew() -> None:
    region = Region()
    region.send()
    region.outcome = THERE
    region.at(1).send()
    region.outcome = AWAY
    region.at(2).send()
    region.at(4.9).send()
    assert not region.is_open


@pytest.mark.parametrize(
    "outcome",
    [
        Failed("ThrottlingException", "of this entry"),
        Failed("ValidationException", "of one in the request", is_of_request=True),
        Failed("AccessDenied", "whatever is sent", is_of_request=True),
        Failed("ResourceNotFoundException", "its source", is_of_request=True),
    ],
)
def test_an_answer_about_entries_never_opens_it(outcome: Outcome) -> None:
    region = Region(outcome, seconds=3)
    region.send()
    region.send()
    assert not region.is_open


def test_it_is_open_for_half_to_all_of_ten_seconds() -> None:
    assert open_seconds(opened()) == 10
    assert open_seconds(opened(jitter=0)) == 5


def test_it_is_open_for_twice_as_long_after_each_failure_up_to_eighty_seconds() -> None:
    region, times = Region(seconds=3), []
    for _ in range(6):
        region.send()
        times.append(open_seconds(region))
    assert times == [10, 20, 40, 80, 80, 80]


def test_a_success_after_it_closes_it_for_good() -> None:
    region = opened().at(13)
    region.outcome = THERE
    region.send()
    region.outcome, region.seconds = AWAY, 3
    region.send()
    assert region.is_open
    assert open_seconds(region) == 10


def test_a_failure_after_it_opens_it_at_once() -> None:
    region = opened().at(13)
    region.send()
    assert region.is_open


def test_each_region_has_its_own() -> None:
    region = opened()
    region.outcome = THERE
    region.send(region="eu-west-1")
    assert region.breaker.open_regions() == ["us-east-1"]


def test_a_clock_that_was_set_back_closes_it() -> None:
    region = opened()
    assert not region.at(-3600).is_open
