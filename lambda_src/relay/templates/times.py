"""Times as payloads have them."""

from datetime import UTC, datetime
from typing import Any


def parse_time(value: Any) -> datetime | None:
    """Return the time that an RFC 3339 text with its zone, or epoch seconds, stand for, in UTC; None for all else."""
    try:
        if isinstance(value, str) and not (value.isascii() and value.isdecimal()):
            time = datetime.fromisoformat(value)
            return time.astimezone(UTC) if time.tzinfo else None
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None
