"""An EventBridge that has failed for a while is left alone for a time; one that refuses entries is not."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from relay.delivery.circuit_breaker import CircuitBreaker
from relay.delivery.deliver import Send
from relay.entry import Accepted, Entry, Failed, Outcome
from tests.conftest import NOW

ENTRY = Entry(NOW, "aws.partner/acme.example/c42/orders", (), "order.created", "{}", "us-east-1")
AWAY = Failed("InternalException", "away", is_of_request=True)
THERE = Accepted("id")


class Region:
    """A Region's EventBridge, which answers after a while, and a breaker that watches it."""

    def __init__(self, *outcomes: Outcome, seconds: float = 0.0, jitter: float = 1.0) -> None:
        self.outcomes, self.seconds, self.now = outcomes or (AWAY,), seconds, 1000.0
        self.breaker = CircuitBreaker(lambda: self.now, lambda: jitter)

    def _send(self, _entries: Sequence[Entry]) -> Sequence[Outcome]:
        self.now += self.seconds
        return list(self.outcomes)

    def webhook(self, retry_seconds: float = 2) -> Send:
        """Return how the requests of one webhook are sent."""
        return self.breaker.watch(self._send, retry_seconds)

    def send(self, webhook: Send | None = None, *, region: str = "us-east-1") -> Sequence[Outcome]:
        """Send a request, of a webhook of its own without one."""
        return (webhook or self.webhook())([replace(ENTRY, region=region)] * len(self.outcomes))

    def at(self, seconds: float) -> "Region":
        self.now = 1000.0 + seconds
        return self

    def answers(self, *outcomes: Outcome, seconds: float = 0.0) -> "Region":
        self.outcomes, self.seconds = outcomes, seconds
        return self

    @property
    def is_open(self) -> bool:
        return "us-east-1" in self.breaker.open_regions()


def opened(jitter: float = 1.0) -> Region:
    """Return a Region whose circuit has just opened."""
    region = Region(seconds=3.0, jitter=jitter)
    region.send()
    assert not region.is_open
    region.send()
    assert region.is_open
    return region.answers(AWAY)


def open_seconds(region: Region) -> float:
    began = region.now
    while region.is_open:
        region.now += 0.5
    return region.now - began


def test_what_was_sent_comes_back_as_it_was() -> None:
    assert Region(AWAY, AWAY).send() == [AWAY, AWAY]
    assert Region(THERE, AWAY).send() == [THERE, AWAY]


def test_failures_of_several_webhooks_for_a_second_longer_than_one_is_tried_open_it() -> None:
    region = Region()
    for seconds in (0, 1, 2.9):
        region.at(seconds).send()
        assert not region.is_open
    region.at(3).send()
    assert region.is_open


def test_one_webhook_alone_never_opens_it() -> None:
    region = Region(seconds=3)
    webhook = region.webhook()
    for _ in range(9):
        region.send(webhook)
    assert not region.is_open
    region.send()
    assert region.is_open


def test_a_route_that_does_not_try_again_gives_it_a_second() -> None:
    region = Region()
    region.send(region.webhook(retry_seconds=0))
    region.at(0.9).send(region.webhook(retry_seconds=0))
    assert not region.is_open
    region.at(1).send(region.webhook(retry_seconds=0))
    assert region.is_open


def test_a_success_between_them_begins_the_time_anew() -> None:
    region = Region()
    region.send()
    region.answers(THERE).at(1).send()
    region.answers(AWAY).at(2).send()
    region.at(4.9).send()
    assert not region.is_open


def test_failures_five_minutes_apart_have_nothing_to_do_with_each_other() -> None:
    region = Region()
    region.send()
    region.at(300).send()
    assert not region.is_open
    region.at(303).send()
    assert region.is_open


@pytest.mark.parametrize(
    "outcomes",
    [
        (Failed("ThrottlingException", "of this entry"), THERE),
        (Failed("ThrottlingException", "of this entry"), Failed("MalformedDetail", "of that one")),
        (Failed("ValidationException", "of one in the request", is_of_request=True),),
        (Failed("AccessDenied", "whatever is sent", is_of_request=True),),
        (Failed("ResourceNotFoundException", "its source", is_of_request=True),),
    ],
)
def test_an_answer_about_entries_never_opens_it(outcomes: tuple[Outcome, ...]) -> None:
    region = Region(*outcomes, seconds=3)
    for _ in range(3):
        region.send()
    assert not region.is_open


def test_an_answer_that_takes_none_of_the_entries_is_a_failure() -> None:
    region = Region(Failed("ThrottlingException", ""), Failed("InternalFailure", ""), seconds=3)
    region.send()
    region.send()
    assert region.is_open


def test_it_is_open_for_half_to_all_of_ten_seconds() -> None:
    assert open_seconds(opened()) == 10
    assert open_seconds(opened(jitter=0)) == 5


def test_it_is_open_for_twice_as_long_each_time_up_to_eighty_seconds() -> None:
    region, times = opened(), []
    for _ in range(6):
        times.append(open_seconds(region))
        region.send()
    assert times == [10, 20, 40, 80, 80, 80]


def test_other_requests_of_webhooks_that_found_it_closed_do_not_keep_it_open() -> None:
    region = opened()
    webhook = region.webhook()
    region.now += 4
    region.send(webhook)
    region.send(webhook)
    assert open_seconds(region) == 6
    region.send(webhook)
    assert open_seconds(region) == 20


def test_after_it_one_failure_opens_it_again_however_long_that_webhook_is_tried() -> None:
    region = opened()
    region.now += 10
    region.send(region.webhook(retry_seconds=20))
    assert region.is_open


def test_a_success_after_it_closes_it_for_good() -> None:
    region = opened()
    region.now += 10
    region.answers(THERE).send()
    region.answers(AWAY, seconds=3).send()
    assert not region.is_open
    region.send()
    assert open_seconds(region) == 10


def test_each_region_has_its_own() -> None:
    region = opened()
    region.answers(THERE).send(region="eu-west-1")
    assert region.breaker.open_regions() == ["us-east-1"]


def test_a_clock_that_was_set_back_closes_it_and_it_opens_as_before() -> None:
    region = opened()
    assert not region.at(-3600).is_open
    region.send()
    region.at(-3597).send()
    assert region.is_open
