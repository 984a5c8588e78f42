"""The formulas, against values from books and cases that can be counted by hand."""

import pytest

from tools.simulation import closed_forms


@pytest.mark.parametrize(
    ("servers", "load", "expected"),
    # One server: a / (1 + a). Ten servers at 5 erlangs: the standard table of Erlang B has 0.0184.
    [(1, 1.0, 0.5), (1, 3.0, 0.75), (2, 1.0, 0.2), (10, 5.0, 0.0184)],
)
def test_erlang_b_is_that_of_the_tables(servers: int, load: float, expected: float) -> None:
    assert closed_forms.erlang_b(servers, load) == pytest.approx(expected, abs=5e-5)


def test_a_bucket_refuses_what_is_over_its_size_and_its_rate() -> None:
    assert closed_forms.refused_by_bucket(rate=10, burst=5, arrivals=30, seconds=2) == 60 - 5 - 20
    assert closed_forms.refused_by_bucket(rate=10, burst=5, arrivals=10, seconds=2) == 0


def test_the_largest_cold_step_is_the_one_of_which_nothing_is_refused() -> None:
    largest = closed_forms.largest_cold_step(0.25, new=1000, new_per_second=100)
    assert closed_forms.refused_in_cold_step(largest, 0.25, new=1000, new_per_second=100) == pytest.approx(0)
    assert closed_forms.refused_in_cold_step(largest + 100, 0.25, new=1000, new_per_second=100) == pytest.approx(25)
