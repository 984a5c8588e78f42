"""The times that senders sign: read in one spelling, compared with a clock that is passed in, and written."""

import re
from datetime import datetime

from relay.errors import Unauthorized

# s-or-ms: the sender documents both (Mercado Pago); a time of more than 11 digits is in milliseconds.
S_OR_MS = "s-or-ms"
TIMESTAMP_UNITS = {"s": 1, "ms": 1000, "us": 1_000_000, S_OR_MS: 1}
RFC3339 = "rfc3339"

# Without leading zeros: `100` + `17…` is also `1` + `0017…`.
_DIGITS = re.compile(r"0|[1-9][0-9]{0,19}")
_DIGITS_OF_SECONDS = 11  # until the year 5138; 12 digits of milliseconds are 1973 and later
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def check_timestamp(text: str, unit: str, tolerance: float, now: datetime) -> None:
    """Raise Unauthorized unless `text` is a time in this unit, at most `tolerance` seconds before or after `now`."""
    if unit == RFC3339:
        seconds = _seconds_of_rfc3339(text)
    elif _DIGITS.fullmatch(text):
        unit = "ms" if unit == S_OR_MS and len(text) > _DIGITS_OF_SECONDS else unit
        seconds = int(text) / TIMESTAMP_UNITS[unit]
    else:
        raise Unauthorized("timestamp is not decimal digits")
    if abs(now.timestamp() - seconds) > tolerance:
        raise Unauthorized(f"timestamp outside the tolerance of {tolerance:g} s")


def format_timestamp(now: datetime, unit: str) -> str:
    """Return `now` as a sender with this unit writes it."""
    if unit == RFC3339:
        return now.isoformat(timespec="seconds").replace("+00:00", "Z")
    return str(int(now.timestamp() * TIMESTAMP_UNITS[unit]))


def _seconds_of_rfc3339(text: str) -> float:
    if not _RFC3339.fullmatch(text):
        raise Unauthorized("timestamp is not RFC 3339")
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError) as error:
        raise Unauthorized("timestamp is not a time") from error
