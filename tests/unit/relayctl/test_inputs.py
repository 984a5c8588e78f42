"""The windows of time that commands take."""

from datetime import UTC, datetime, timedelta

import pytest
import typer

from relayctl.inputs import parse_window

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TEN = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2h", None, (TEN, NOW)),
        ("2h", "30m", (TEN, TEN + timedelta(minutes=30))),
        ("2026-11-22T10:00", None, (TEN, NOW)),
        ("2026-11-22T11:00+01:00", "2026-11-22T10:30", (TEN, TEN + timedelta(minutes=30))),
        ("2h", "1d", (TEN, NOW)),
    ],
)
def test_a_window_is_durations_or_times_in_utc_and_ends_now_at_the_latest(
    since: str, until: str | None, expected: tuple[datetime, datetime]
) -> None:
    assert parse_window(since, until, NOW) == expected


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [
        ("2026-11-23", None, "in the future"),
        ("0s", None, "in the future"),
        ("1h", "2026-11-22T10:00", "not after"),
        ("yesterday", None, "expected a time"),
        ("1w", None, "expected a time"),
        ("1h", "later", "expected a time"),
    ],
)
def test_a_window_that_cannot_be_is_a_mistake(since: str, until: str | None, told: str) -> None:
    with pytest.raises(typer.BadParameter, match=told):
        parse_window(since, until, NOW)
