"""`make bench` measures the relay and its references doing their work: whoever does not answer 202 is not measured."""

from collections.abc import Iterator

import pytest

from bench import events, measuring
from bench.measuring import REDELIVER, RELAY, Bench
from bench.run import VARIANTS


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with measuring.ready() as made:
        yield made


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_variant_can_be_measured(bench: Bench, variant: str) -> None:
    figures = bench.figures(variant, "7 KB", ("count", "2"))
    assert 0 < figures["init"] < figures["first"]
    assert min(figures["warm"], figures["wall"], figures["memory"]) > 0


def test_the_function_of_the_retry_queue_is_measured_with_a_batch(bench: Bench) -> None:
    assert bench.figures(REDELIVER, events.MESSAGES, ("count", "1"))["warm"] > 0


def test_throughput_is_measured_for_a_while(bench: Bench) -> None:
    figures = bench.figures(RELAY, "7 KB", ("seconds", "0.5"))
    assert figures["per_second"] > 1
