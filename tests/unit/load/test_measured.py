"""What a run says: percentiles, what it was late by, who was lost."""

import math
import random
import statistics
from itertools import pairwise

import pytest

from tools.load.ledger import Counted, Tally, count
from tools.load.measured import Run, pooled
from tools.load.schedule import poisson

RATE, SECONDS = 200.0, 50.0


def a_run(*latencies: float, late: float = 0.0001, first: int = 0) -> Run:
    run = Run(seconds=1.0, offered=len(latencies))
    for number, seconds in enumerate(latencies, first):
        run.answered(number, 202, seconds)
        run.sent_late(late)
    return run


def test_independent_senders_keep_the_rate_and_the_gaps_are_exponential() -> None:
    times = list(poisson(RATE, SECONDS, seed=1))
    gaps = [after - before for before, after in pairwise(times)]
    # Their number has a standard deviation of its root; of exponential gaps 1 - 1/e are shorter than the mean.
    assert len(times) == pytest.approx(RATE * SECONDS, abs=4 * math.sqrt(RATE * SECONDS))
    assert sum(gap < 1 / RATE for gap in gaps) / len(gaps) == pytest.approx(1 - 1 / math.e, abs=0.02)
    assert min(times) > 0
    assert max(times) < SECONDS


def test_the_same_seed_sends_at_the_same_times() -> None:
    assert list(poisson(RATE, 1, seed=7)) == list(poisson(RATE, 1, seed=7)) != list(poisson(RATE, 1, seed=8))


def test_percentiles_are_those_of_the_sorted_latencies_and_of_their_distribution() -> None:
    chance = random.Random(3)
    latencies = [chance.expovariate(100) for _ in range(20_000)]
    seen, rest = a_run(*latencies).percentiles(), sorted(latencies)
    assert [seen[name] for name in ("50", "99.9", "100")] == [statistics.median_low(latencies), rest[19_979], rest[-1]]
    # The exponential distribution's own, within four standard errors.
    assert seen["99"] == pytest.approx(math.log(100) / 100, abs=4 * math.sqrt(0.99 / 0.01 / len(latencies)) / 100)


def test_rounds_are_pooled_webhook_by_webhook_and_not_by_their_percentiles() -> None:
    fast, slow = a_run(*[0.001] * 99), a_run(*[1.0], first=99)
    whole = pooled([fast, slow])
    assert (whole.webhooks, whole.percentiles()["99"]) == (100, 0.001)
    assert (whole.throughput, whole.offered) == (50, 50)
    assert whole.acknowledged[99] == 1


def test_a_run_whose_generator_was_late_is_refused_with_the_numbers() -> None:
    refusal = a_run(*[0.005] * 100, late=0.0023).refusal()
    assert refusal
    assert "by 2.3" in refusal
    assert "100 webhooks" in refusal
    assert "1.00 ms are allowed" in refusal


@pytest.mark.parametrize(("latency", "late"), [(0.005, 0.0009), (0.1, 0.009)], ids=["a millisecond", "a tenth"])
def test_a_run_is_not_refused_for_what_changes_little(latency: float, late: float) -> None:
    assert a_run(*[latency] * 100, late=late).refusal() is None


def test_a_run_that_fell_behind_is_refused_with_the_numbers() -> None:
    run = a_run(*[0.005] * 100)
    run.backlog = 99
    assert run.refusal() is None  # a second's webhooks, and no more
    run.backlog = 101
    assert "101 of 100 webhooks waited" in (run.refusal() or "")


def test_what_was_not_answered_counts_as_an_error_and_as_latency() -> None:
    run = a_run(0.001)
    run.failed("no answer", 60.0)
    run.answered(2, 503, 0.002)
    assert (run.errors, run.webhooks) == (2, 3)
    assert run.percentiles()["100"] == 60
    assert [run.acknowledged[number] for number in range(3)] == [1, 0, 0]


def test_each_webhook_is_counted_by_its_number() -> None:
    acknowledged, arrived, kept = Tally(), Tally(), Tally()
    for number in (0, 1, 2, 3):
        acknowledged.add(number)
    for number in (0, 1, 1, 5):
        arrived.add(number)
    kept.add(2)
    assert count(acknowledged, arrived, kept) == Counted(
        acknowledged=4, arrived=2, kept=1, lost=1, twice=1, unacknowledged=1
    )


def test_a_tally_that_travelled_as_bytes_counts_on() -> None:
    tally, other = Tally(), Tally()
    tally.add(3)
    other.add(3)
    other.add(9)
    tally = Tally(bytes(tally))
    tally.merge(other)
    assert [tally[number] for number in (2, 3, 9, 10)] == [0, 2, 1, 0]
