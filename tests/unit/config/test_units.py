"""Sizes and times are a whole number and its unit."""

import pytest

from relay.config.units import DURATIONS, SIZES, format_quantity, parse_quantity


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 B", 1),
        ("2 kB", 2000),
        ("2 KiB", 2048),
        ("5 MB", 5_000_000),
        ("1 MiB", 1048576),
        ("1MiB", 1048576),
        ("1  MiB", None),
        ("1.5 MiB", None),
        ("1 mib", None),
        ("1048576", None),
        ("1 MiB ", None),
        ("", None),
    ],
)
def test_a_size_is_a_whole_number_and_its_unit(text: str, expected: int | None) -> None:
    assert parse_quantity(text, SIZES) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 s", 0),
        ("30 s", 30),
        ("5 min", 300),
        ("24 h", 86400),
        ("1 day", 86400),
        ("14 days", 14 * 86400),
        ("5 m", None),
    ],
)
def test_a_time_is_a_whole_number_and_its_unit(text: str, expected: int | None) -> None:
    assert parse_quantity(text, DURATIONS) == expected


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (2, "2 s"), (90, "90 s"), (300, "5 min"), (43200, "12 h"), (86400, "1 day"), (345600, "4 days")],
)
def test_a_time_is_shown_in_the_largest_unit_that_divides_it(seconds: int, text: str) -> None:
    assert format_quantity(seconds, DURATIONS) == text
    assert parse_quantity(text, DURATIONS) == seconds


@pytest.mark.parametrize(("size", "text"), [(262143, "262143 B"), (1_000_000, "1 MB"), (4_500_000, "4500 kB")])
def test_a_size_is_shown_in_the_largest_unit_that_divides_it(size: int, text: str) -> None:
    assert format_quantity(size, SIZES) == text
    assert parse_quantity(text, SIZES) == size
