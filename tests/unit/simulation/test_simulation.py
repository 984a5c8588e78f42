"""The simulator agrees with the formulas, its rules are AWS's, and the page shows what it finds."""

import random
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from partner_event_relay.capacity import Quotas
from relay.pipeline.waiting import LONGEST_SECONDS
from tools.simulation import fidelity, page, results, scenarios
from tools.simulation.model import Environment, EventBridge, Function, Parameters, TokenBucket, derived
from tools.simulation.redelivery import RetryQueue

FOUND = results.read()
CHEAP = "500/s fixed, the usual quotas (before)"


def test_each_formula_holds_within_three_percent() -> None:
    found = fidelity.comparisons()
    assert {each.what: each.difference for each in found if abs(each.difference) > 0.03} == {}
    assert [each._asdict() for each in found] == FOUND["fidelity"]


def test_the_results_are_those_of_the_simulator() -> None:
    assert scenarios.step(scenarios.STEPS[CHEAP]) == FOUND["steps"][CHEAP]


@pytest.mark.parametrize("path", page.files(FOUND), ids=lambda path: path.name)
def test_the_page_and_its_pictures_are_those_of_the_results(path: Path) -> None:
    assert path.read_text("utf-8") == page.files(FOUND)[path], "run .venv/bin/python -m tools.simulation"


@pytest.mark.parametrize("path", sorted(page.PICTURES.glob("*.svg")), ids=lambda path: path.name)
def test_a_picture_is_well_formed(path: Path) -> None:
    root = ET.fromstring(path.read_text("utf-8"))
    assert root.tag.endswith("svg")
    assert [line for line in root if line.tag.endswith("polyline")]


def test_a_bucket_is_full_at_first_and_never_fuller() -> None:
    bucket = TokenBucket(rate=10, size=3)
    assert [bucket.take(0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(0.1), bucket.take(0.1)] == [True, False]
    assert [bucket.take(100) for _ in range(4)] == [True, True, True, False]


def test_lambda_gives_a_thousand_environments_at_once_and_a_hundred_a_second() -> None:
    function = Function(Parameters(quotas=Quotas(concurrency=100_000), scale=1.0))
    assert sum(function.start(0) is not None for _ in range(2_000)) == 1_000
    assert sum(function.start(1) is not None for _ in range(2_000)) == 100


def test_lambda_takes_ten_requests_a_second_for_each_unit_of_concurrency() -> None:
    function = Function(Parameters(reserved=5))
    taken = 0
    for number in range(1_000):  # a request each millisecond, that takes no time
        if environment := function.start(number / 1_000):
            function.end(environment, number / 1_000)
            taken += 1
    assert taken == pytest.approx(2 * 5 * 10, abs=1)  # what the full bucket holds, and what a second adds


def test_an_environment_that_was_idle_for_too_long_is_gone() -> None:
    function = Function(Parameters(kept=60))
    function.end(Environment(cold=False), 0)
    function.busy = 0
    first = function.start(59)
    assert first
    assert not first.cold
    function.end(first, 59)
    second = function.start(120)
    assert second
    assert second.cold


def test_a_queue_gives_no_more_than_may_be_in_flight_and_each_message_again() -> None:
    queue, rng = RetryQueue(most_in_flight=5), random.Random(1)
    queue.send(8)
    assert queue.receive(0, 3) == [1, 1, 1]
    assert queue.receive(0, 3) == [1, 1]
    queue.hide(0, [1, 1, 1], rng)
    assert queue.receive(0, 3) == []
    assert queue.receive(LONGEST_SECONDS, 3) == [2, 2, 2]
    queue.delete(5)
    assert queue.receive(LONGEST_SECONDS, 10) == [1, 1, 1]
    assert (len(queue), queue.delivered) == (3, 5)


@pytest.mark.parametrize("taken", [True, False])
def test_a_put_over_the_quota_is_throttled(taken: bool) -> None:
    bus = EventBridge(Parameters(quotas=Quotas(puts=1 if not taken else 2)), random.Random(1))
    bus.put(0)
    assert bus.put(0)[0] is taken


def test_a_small_outage_drains_within_the_longest_wait_and_half_of_the_quota() -> None:
    quotas = Quotas(puts=400)
    found = scenarios.outage(Parameters(quotas=quotas, throttle=derived(quotas)), rate=20, seconds=600)
    assert found["entries"] >= 20 * 600
    assert found["drain_seconds"] <= LONGEST_SECONDS
    assert 0 < found["put_share"] <= 0.5
    assert found["live_during"]["stored"] == 0


def test_the_goals_are_met_in_the_results_of_the_page() -> None:
    outage = FOUND["outage"]
    assert outage["entries"] >= scenarios.OUTAGE_RATE * scenarios.HOUR
    assert outage["drain_seconds"] <= 600
    assert outage["put_share"] <= 0.5
    assert outage["live_during"]["p99_ms"] <= 1.1 * outage["live_after"]["p99_ms"]


def test_time_is_simulated_and_a_seed_decides() -> None:
    runs = [scenarios.simulate_step(Parameters(), 200, 5, seed) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
