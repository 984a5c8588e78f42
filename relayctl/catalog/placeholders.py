"""Replace the values of real traffic: samples are published, and a customer's data is nobody else's."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from relay.auth.redaction import MARKER

KINDS = (
    (re.compile(re.escape(MARKER)), MARKER),
    (re.compile(r"\d{4}-\d{2}-\d{2}"), "2026-01-01"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE), "00000000-0000-0000-0000-000000000000"),
    (re.compile(r"https?://.*", re.DOTALL), "https://example.com/"),
    (re.compile(r"[^@\s]+@[^@\s]+"), "name@example.com"),
    (re.compile(r"-?\d+"), "0"),
    (re.compile(r"-?\d+\.\d+"), "0.00"),
)
"""Texts that a consumer may parse, and what stands for them."""
TIME, TEXT = "2026-01-01T00:00:00Z", "text"

Path = tuple[str, ...]


def replace_values(detail: Mapping[str, Any], kept: Collection[Path]) -> dict[str, Any]:
    """Return a detail with a placeholder of the same type for each text and number, but for those at `kept` paths.

    Names of properties stay.
    """
    return {name: _replaced(value, (name,), kept) for name, value in detail.items()}


def _replaced(value: Any, path: Path, kept: Collection[Path]) -> Any:
    if path in kept and not isinstance(value, dict | list):
        return value
    if isinstance(value, dict):
        return {name: _replaced(inner, (*path, name), kept) for name, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, (*path, ""), kept) for inner in value]
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool) or value is None:
        return value
    return 0 if isinstance(value, int) else 0.5


def _text(text: str) -> str:
    for pattern, placeholder in KINDS:
        if pattern.fullmatch(text):
            return placeholder
    if not text:
        return ""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return TEXT
    return TIME
