"""Entries are put in as few requests as the limits allow, those that may yet be taken again, and all accounted for."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from relay.delivery import error_codes
from relay.delivery.deliver import Budget, Send, deliver
from relay.entry import Accepted, Entry, Failed, Outcome
from tests.conftest import NOW, no_retries

ENTRY = Entry(NOW, "aws.partner/acme.example/c42/orders", (), "order.created", "{}", "us-east-1")


def put(entries: Sequence[Entry], send: Send, budget: Budget, max_request_bytes: int = 256 * 1024) -> list[Outcome]:
    return deliver(entries, send, budget, partner="aws.partner/acme.example", max_request_bytes=max_request_bytes)


def numbered(count: int) -> list[Entry]:
    return [replace(ENTRY, detail_type=str(number)) for number in range(count)]


class Bus:
    """Accepts everything but the detail-types it is told to refuse, so many times; remembers the requests."""

    def __init__(self, *refused: str, code: str = "MalformedDetail", times: int = 1000) -> None:
        self.requests: list[tuple[str, list[str]]] = []
        self._refused = Counter(dict.fromkeys(refused, times))
        self._code = code

    def __call__(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        self.requests.append((entries[0].region, [entry.detail_type for entry in entries]))
        return [self._outcome(entry.detail_type) for entry in entries]

    def _outcome(self, name: str) -> Outcome:
        if not self._refused[name]:
            return Accepted(f"id-{name}")
        self._refused[name] -= 1
        return Failed(self._code, "")

    @property
    def sent(self) -> list[list[str]]:
        return [entries for _, entries in self.requests]


class Clock:
    """Time that passes only when somebody sleeps; jitter that is always the longest."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def budget(self, retry: float, send: float = math.inf) -> Budget:
        return Budget(retry, send, clock=lambda: self.now, sleep=self.sleep, jitter=lambda: 1.0)


def test_forty_five_entries_are_three_requests_in_order() -> None:
    bus = Bus("7", "30")
    made = put(numbered(45), bus, no_retries())
    assert [len(entries) for entries in bus.sent] == [20, 20, 5]
    assert [number for entries in bus.sent for number in entries] == [str(n) for n in range(45)]
    assert [n for n, outcome in enumerate(made) if outcome == Failed("MalformedDetail", "", 1)] == [7, 30]
    assert made[44] == Accepted("id-44")


def test_what_would_be_refused_is_not_sent_and_keeps_its_place() -> None:
    bus = Bus()
    made = put([ENTRY, replace(ENTRY, detail_type="x" * 129), ENTRY], bus, no_retries())
    assert [len(entries) for entries in bus.sent] == [2]
    assert isinstance(made[1], Failed)
    assert made[1].attempts == 0
    assert isinstance(made[0], Accepted)
    assert isinstance(made[2], Accepted)


def test_an_entry_over_the_request_limit_travels_alone() -> None:
    large = replace(ENTRY, detail_type="large", detail='{"x":"' + "x" * 400 + '"}')
    bus = Bus()
    put([ENTRY, ENTRY, large, ENTRY], bus, no_retries(), max_request_bytes=300)
    assert bus.sent == [["order.created"] * 2, ["large"], ["order.created"]]


def test_each_region_has_its_own_requests() -> None:
    bus = Bus()
    entries = [replace(entry, region="eu-west-1") if int(entry.detail_type) % 2 else entry for entry in numbered(4)]
    made = put(entries, bus, no_retries())
    assert sorted(bus.requests) == [("eu-west-1", ["1", "3"]), ("us-east-1", ["0", "2"])]
    assert made == [Accepted(f"id-{n}") for n in range(4)]


def test_no_entries_are_no_requests() -> None:
    bus = Bus()
    assert put([], bus, no_retries()) == []
    assert bus.requests == []


def test_only_what_failed_is_put_again_and_the_pauses_grow() -> None:
    bus, clock = Bus("1", "3", code="ThrottlingException", times=3), Clock()
    made = put(numbered(5), bus, clock.budget(2))
    assert bus.sent == [["0", "1", "2", "3", "4"], ["1", "3"], ["1", "3"], ["1", "3"]]
    assert made == [Accepted(f"id-{n}", attempts=4 if n in {1, 3} else 1) for n in range(5)]
    assert clock.slept == [0.1, 0.2, 0.4]


def test_what_cannot_be_taken_in_time_is_left_with_its_attempts() -> None:
    bus, clock = Bus("1", code="InternalFailure"), Clock()
    made = put(numbered(2), bus, clock.budget(2))
    assert clock.slept == [0.1, 0.2, 0.4, 0.8]  # 0.1 + … + 0.8 = 1.5; another second would be too long
    assert made[1] == Failed("InternalFailure", "", 5)


@pytest.mark.parametrize("code", sorted(error_codes.PERMANENT))
def test_what_fails_for_good_is_put_once(code: str) -> None:
    bus, clock = Bus("0", code=code), Clock()
    made = put(numbered(1), bus, clock.budget(2))
    assert (bus.sent, made, clock.slept) == ([["0"]], [Failed(code, "", 1)], [])


@pytest.mark.parametrize(
    "code",
    ["ThrottlingException", "InternalFailure", "ExpiredTokenException", "ReadTimeoutError", "InvalidResponse", "New"],
)
def test_any_other_code_is_put_again(code: str) -> None:
    bus = Bus("0", code=code, times=1)
    assert put(numbered(1), bus, Clock().budget(2)) == [Accepted("id-0", attempts=2)]


def test_once_something_fails_and_the_time_is_over_nothing_more_is_begun() -> None:
    clock = Clock()

    def slow(entries: Sequence[Entry]) -> Sequence[Outcome]:
        clock.now += 3
        return [Failed("ReadTimeoutError", "") for _ in entries]

    made = put(numbered(45), slow, clock.budget(2))
    assert clock.now == 3
    assert [one.attempts for one in made if isinstance(one, Failed)] == [1] * 20 + [0] * 25
    assert made[44] == Failed("NotAttempted", "there was no time for it", 0)


def test_a_bus_that_is_only_slow_is_not_given_up_before_the_functions_own_deadline() -> None:
    clock = Clock()

    def slow(entries: Sequence[Entry]) -> Sequence[Outcome]:
        clock.now += 3
        return [Accepted("id") for _ in entries]

    made = put(numbered(100), slow, clock.budget(2, send=9))
    assert [isinstance(one, Accepted) for one in made] == [True] * 60 + [False] * 40


def test_one_entry_does_not_take_the_others_of_its_request_with_it() -> None:
    class Strict(Bus):
        def __call__(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
            made = super().__call__(entries)
            whole = Failed("ValidationException", "")
            return [whole] * len(entries) if any(isinstance(one, Failed) for one in made) else made

    bus = Strict("2")
    made = put(numbered(4), bus, no_retries())
    assert bus.sent == [["0", "1", "2", "3"], ["0"], ["1"], ["2"], ["3"]]
    assert [isinstance(one, Accepted) for one in made] == [True, True, False, True]


class Blaming:
    """Refuses each request of several for what one entry may be, and fails each of one; every request takes 3 s."""

    def __init__(self, clock: Clock) -> None:
        self.sizes: list[int] = []
        self._clock = clock

    def __call__(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        self.sizes.append(len(entries))
        self._clock.now += 3
        return [Failed("ValidationException" if len(entries) > 1 else "ReadTimeoutError", "")] * len(entries)


def test_no_request_is_begun_after_the_time_is_over_also_when_a_request_is_taken_apart() -> None:
    clock = Clock()
    bus = Blaming(clock)
    made = put(numbered(20), bus, clock.budget(20, send=6))
    assert (bus.sizes, clock.now) == ([20, 1], 6)
    assert [one.code for one in made if isinstance(one, Failed)] == ["ReadTimeoutError"] + ["NotAttempted"] * 19


def test_what_was_put_with_others_and_not_on_its_own_may_be_put_again() -> None:
    clock = Clock()
    made = put(numbered(20), Blaming(clock), clock.budget(20, send=6))
    assert all(error_codes.is_retryable(one) for one in made)
    assert [one.attempts for one in made if isinstance(one, Failed)] == [2] + [1] * 19
