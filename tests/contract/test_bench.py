"""`make bench` measures the relay and its references doing their work: whoever does not answer 202 is not measured."""

import sys
from collections.abc import Iterator

import pytest

from bench import budgets, events, measuring
from bench.budgets import Budget, Counts
from bench.measuring import REDELIVER, RELAY, Bench
from bench.run import VARIANTS

LAMBDA_PYTHON = (3, 13)


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


def test_a_restored_function_answers_without_an_import_and_without_another_tls_context(bench: Bench) -> None:
    figures = bench.figures(RELAY, "7 KB", ("restore", "2"))
    assert 0 < figures["restored"] < figures["restored_wall"]
    assert figures["contexts"] == 0
    if sys.version_info[:2] == LAMBDA_PYTHON:  # others import encodings.idna with the first connection
        assert figures["imports"] == 0


def test_the_package_is_small_without_what_the_runtime_brings(bench: Bench) -> None:
    assert measuring.sizes(bench)["zipped, without boto3"] <= 1.5


def test_a_budget_is_kept_up_to_its_limit_and_what_is_exceeded_is_shown() -> None:
    kept, exceeded = Budget("kept", 0.45, 0.45), Budget("exceeded", 0.46, 0.45)
    assert (kept.is_kept, exceeded.is_kept) == (True, False)
    assert list(budgets.table([kept, exceeded]).columns[-1].cells) == ["kept", "exceeded"]


class Counted(Bench):
    """Instructions as they would be counted: 300 million to the first answer, and each webhook's."""

    def __init__(self, millions: dict[tuple[str, str], float]) -> None:
        self.__dict__["millions"] = millions

    def instructions(self, variant: str, event: str, webhooks: int) -> int:
        return int(300e6 + (webhooks + budgets.WARMED_UP) * self.__dict__["millions"][variant, event] * 1e6)


def test_the_first_answer_and_a_warm_webhook_are_told_apart_by_two_counts() -> None:
    assert Counts(Counted({("bare", "7 KB"): 5.0})).of("bare", "7 KB") == pytest.approx((300.0, 5.0))
