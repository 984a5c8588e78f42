"""The times that senders sign: one spelling, one unit, and a window that is closed on both sides."""

from datetime import UTC, datetime, timedelta

import pytest

from relay.auth.timestamps import RFC3339, S_OR_MS, TIMESTAMP_UNITS, check_timestamp, format_timestamp
from relay.errors import Unauthorized

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
UNITS = {"s": str(SECONDS), "ms": f"{SECONDS}000", "us": f"{SECONDS}000000", RFC3339: "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize("unit", UNITS)
def test_a_time_is_written_and_read_in_its_unit(unit: str) -> None:
    assert format_timestamp(NOW, unit) == UNITS[unit]
    check_timestamp(UNITS[unit], unit, 0, NOW)


@pytest.mark.parametrize("unit", [*TIMESTAMP_UNITS, RFC3339])
@pytest.mark.parametrize("seconds", [-300, 300])
def test_the_window_is_closed_on_both_sides(unit: str, seconds: int) -> None:
    text = format_timestamp(NOW + timedelta(seconds=seconds), unit)
    check_timestamp(text, unit, 300, NOW)
    with pytest.raises(Unauthorized, match="outside the tolerance of 299 s"):
        check_timestamp(text, unit, 299, NOW)


@pytest.mark.parametrize("text", [str(SECONDS), f"{SECONDS}000"])
def test_a_sender_of_two_units_is_read_in_the_one_it_used(text: str) -> None:
    check_timestamp(text, S_OR_MS, 0, NOW)


@pytest.mark.parametrize(
    ("text", "year"),
    [("99999999999", 5138), ("100000000000", 1973)],  # the last second of 11 digits, the first millisecond of 12
)
def test_a_time_of_more_than_eleven_digits_is_in_milliseconds(text: str, year: int) -> None:
    check_timestamp(text, S_OR_MS, 366 * 86_400, datetime(year, 6, 1, tzinfo=UTC))


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_a_sender_of_one_unit_is_not_read_in_another(unit: str) -> None:
    for other, text in UNITS.items():
        if other not in {unit, RFC3339}:
            with pytest.raises(Unauthorized, match="outside the tolerance"):
                check_timestamp(text, unit, 86_400, NOW)


@pytest.mark.parametrize("text", ["", "00", f"0{SECONDS}", f"+{SECONDS}", f"{SECONDS}.0", f" {SECONDS}", "٣", "1" * 21])
def test_a_time_in_digits_has_one_spelling(text: str) -> None:
    with pytest.raises(Unauthorized, match="not decimal digits"):
        check_timestamp(text, "s", 86_400, NOW)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-01-01 00:00:00Z", "not RFC 3339"),
        ("2026-01-01T00:00:00", "not RFC 3339"),
        ("2026-01-01T00:00:00z", "not RFC 3339"),
        ("2026-13-01T00:00:00Z", "not a time"),
        ("0001-01-01T00:00:00+23:59", "tolerance|not a time"),
    ],
)
def test_a_time_in_rfc_3339_names_its_offset_and_exists(text: str, reason: str) -> None:
    with pytest.raises(Unauthorized, match=reason):
        check_timestamp(text, RFC3339, 86_400, NOW)
