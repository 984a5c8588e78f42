"""One customer at a hundred times their share, or whose events are all refused, makes the others wait no longer."""

from dataclasses import replace

import pytest

from relay.delivery.undelivered import Queue
from tools.fairness.__main__ import page
from tools.fairness.simulation import NOISY, Scenario, simulate

SMALL = Scenario(customers=40, rate=10, seconds=3, concurrency=4)
NOISY_ONE = replace(SMALL, noisy_rate=1000)
ALLOWED = 1.2


@pytest.fixture(scope="module")
def quiet() -> float:
    """Return what 95 % of the entries wait at most when nobody is noisy, in seconds."""
    return simulate(SMALL).others()


@pytest.mark.parametrize("refused", ["", "InternalFailure"])
def test_the_others_wait_no_longer_for_a_customer_at_a_hundred_times_their_share(quiet: float, refused: str) -> None:
    result = simulate(replace(NOISY_ONE, refused=refused))
    assert result.others() <= ALLOWED * quiet
    elsewhere = result.stored.get(Queue.RETRY, 0) + result.stored.get(Queue.DEAD_LETTERS, 0)
    assert result.delivered(NOISY) + elsewhere == result.sent[NOISY]  # nothing of it is lost, either


def test_without_groups_everybody_waits_for_the_noisy_one(quiet: float) -> None:
    assert simulate(replace(NOISY_ONE, fair=False)).others() > 5 * quiet


def test_every_entry_is_delivered_once() -> None:
    result = simulate(replace(NOISY_ONE, seconds=1))
    assert {customer: len(waits) for customer, waits in result.waits.items()} == result.sent


def test_the_page_has_a_line_for_each_scenario() -> None:
    brief = replace(SMALL, seconds=0.5)
    text = page({"nobody is noisy": brief, "one is": replace(brief, noisy_rate=100)})
    assert text.startswith("# Fairness\n")
    assert ["100%" in line for line in text.splitlines() if line.startswith("| nobody is noisy |")] == [True]
    assert "| one is |" in text
