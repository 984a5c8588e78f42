"""Inject faults into the local partner bus on demand. Pure: the clock is an argument.

A fault holds for the next `requests` requests of PutPartnerEvents or PutEvents (without it, until the faults are
replaced), in one `region` if it names one, and has one of: `error_code` (per entry; at the indexes `entries`, or all),
`status` (the whole request, with `error_code`), `delay` (seconds before it is processed), `cut` (the connection, in the
middle of the answer, "before" or "after" it is processed), `garbage` (a 200 with this text, as `content_type`),
`entries_per_second` (a token bucket; what does not fit is throttled), `chaos` (the share of requests that one of the
others hits, at random from `seed`).
"""

import random
from dataclasses import dataclass, fields, replace
from typing import Any

THROTTLED = ("ThrottlingException", "Rate exceeded")
SIMULATED = "Simulated failure"
"""What EventBridge's answer says of an entry that a fault refuses, unless the fault has words of its own."""


@dataclass(frozen=True)
class Fault:
    """One fault; see the module."""

    requests: int | None = None
    region: str = ""
    error_code: str = ""
    error_message: str = SIMULATED
    entries: tuple[int, ...] | None = None
    status: int = 0
    delay: float = 0
    cut: str = ""
    garbage: str = ""
    content_type: str = "application/x-amz-json-1.1"
    entries_per_second: float = 0
    chaos: float = 0
    seed: int = 0


_TYPES: dict[str, type | tuple[type, ...]] = {
    "requests": (int, type(None)),
    "entries": (list, type(None)),
    "status": int,
    "seed": int,
    "delay": (int, float),
    "entries_per_second": (int, float),
    "chaos": (int, float),
}
"""What each key may be, if it is not a text."""


def parse(document: Any) -> list[Fault]:
    """Return the faults of a JSON list. Raise ValueError, whose message says what is wrong."""
    if not isinstance(document, list):
        raise ValueError("expected a JSON list of faults")  # noqa: TRY004 - the document is wrong, not the caller
    names = {field.name for field in fields(Fault)}
    for item in document:
        if not isinstance(item, dict) or not item.keys() <= names:
            raise ValueError(f"expected objects with keys of {', '.join(sorted(names))}, got {item!r}")
        if item.get("cut", "") not in ("", "before", "after"):
            raise ValueError(f'cut: expected "before" or "after", got {item["cut"]!r}')
        for name, value in item.items():
            if isinstance(value, bool) or not isinstance(value, _TYPES.get(name, str)):
                raise ValueError(f"{name}: expected another type, got {value!r}")  # noqa: TRY004 - as above
        if not all(isinstance(index, int) for index in item.get("entries") or ()):
            raise ValueError("entries: expected a list of indexes")
    return [
        Fault(**{**item, "entries": tuple(item["entries"]) if item.get("entries") is not None else None})
        for item in document
    ]


class Faults:
    """The faults in force."""

    def __init__(self) -> None:
        self.replace([])

    def replace(self, faults: list[Fault]) -> None:
        """Put these faults in force, instead of the ones before."""
        self.waiting = faults
        self._tokens: float | None = None
        self._filled_at = 0.0
        self._random = random.Random(faults[0].seed if faults else 0)  # noqa: S311 - has to be repeatable

    def next(self, region: str = "") -> Fault:
        """Return the fault of the next request in this Region; one without effect if there is none."""
        position = next((n for n, fault in enumerate(self.waiting) if fault.region in ("", region)), None)
        if position is None:
            return Fault()
        fault = self.waiting[position]
        if fault.requests is not None:
            left = [replace(fault, requests=fault.requests - 1)] if fault.requests > 1 else []
            self.waiting[position : position + 1] = left
        return self._by_chance() if self._random.random() < fault.chaos else fault

    def _by_chance(self) -> Fault:
        some = tuple(index for index in range(20) if self._random.random() < 0.5)  # noqa: PLR2004 - every other one
        return self._random.choice(
            [
                Fault(error_code="ThrottlingException", entries=some),
                Fault(error_code="InternalFailure", entries=some),
                Fault(status=500, error_code="InternalException"),
                Fault(status=503, error_code="ServiceUnavailable"),
                Fault(cut="before"),
                Fault(cut="after"),
                Fault(garbage="<html>"),
                Fault(garbage='{"FailedEntryCount":0,"Entries":[]}'),
            ]
        )

    def entry_error(self, fault: Fault, index: int, now: float) -> tuple[str, str] | None:
        """Return code and message if `fault` hits the entry at `index`, else None."""
        if fault.error_code and not fault.status and (fault.entries is None or index in fault.entries):
            return fault.error_code, fault.error_message
        if fault.entries_per_second and not self._token(fault.entries_per_second, now):
            return THROTTLED
        return None

    def _token(self, rate: float, now: float) -> bool:
        filled = rate if self._tokens is None else min(rate, self._tokens + (now - self._filled_at) * rate)
        self._tokens, self._filled_at = filled - (filled >= 1), now
        return filled >= 1
