"""Sizes and times as relay.toml writes them: a whole number and its unit, such as `"1 MiB"` and `"5 min"`."""

import re
from collections.abc import Mapping

SIZES = {"B": 1, "kB": 1000, "KiB": 1024, "MB": 1_000_000, "MiB": 1024 * 1024}
"""Bytes in each unit of size."""

DURATIONS = {"s": 1, "min": 60, "h": 3600, "day": 86400, "days": 86400}
"""Seconds in each unit of time."""


def parse_quantity(text: str, units: Mapping[str, int]) -> int | None:
    """Return how many of the smallest unit `text` is, or None if it is not a whole number and one of `units`."""
    match = re.fullmatch(r"(-?[0-9]{1,12}) ?([A-Za-z]+)", text)
    return int(match[1]) * units[match[2]] if match and match[2] in units else None


def format_quantity(value: int, units: Mapping[str, int]) -> str:
    """Return `value` in the largest unit that divides it: `5 min` for 300 seconds."""
    fitting = [unit for unit, factor in units.items() if factor <= abs(value) and value % factor == 0]
    unit = max(fitting, key=units.__getitem__, default=min(units, key=units.__getitem__))
    unit = "days" if unit == "day" and value != units[unit] else unit
    return f"{value // units[unit]} {unit}"
