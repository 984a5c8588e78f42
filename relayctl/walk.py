"""A walk: steps that are taken in each Region, what each expected and what it saw. Shared with `make first-hour`."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

PASSED, FAILED, NOT_SHOWN, NOT_REACHED = "passed", "failed", "not shown here", "not reached"
STATUSES = (PASSED, FAILED, NOT_REACHED, NOT_SHOWN)
POLL_SECONDS = 1

Place = TypeVar("Place")


class UnexpectedError(Exception):
    """A step saw something else than it expected; says what."""


class NotShownError(Exception):
    """A step cannot show here what it is about; says why."""


@dataclass(frozen=True)
class Step(Generic[Place]):
    """One step. `look` returns what it saw, or raises; `only_on_aws` says why the local AWS cannot show it.

    `asked` names what asks for it, if somebody does.
    """

    name: str
    expected: str
    look: Callable[[Place], str]
    needs: Sequence[str] = ()
    only_on_aws: str = ""
    asked: Sequence[str] = ()


@dataclass(frozen=True)
class Result:
    """What one step has shown in one Region. `began` is in UTC, as ISO 8601."""

    region: str
    step: str
    status: str
    expected: str
    seen: str
    began: str
    seconds: float


def take(
    step: Step[Place],
    place: Place,
    region: str,
    results: Sequence[Result],
    failures: tuple[type[Exception], ...],
    *,
    local: bool,
) -> Result:
    """Take a step in a Region after those that have `results`. An error of `failures` is a step that has failed."""
    if local and step.only_on_aws:
        return _result(step, region, NOT_SHOWN, f"the local AWS cannot: {step.only_on_aws}")
    statuses = {result.step: result.status for result in results if result.region == region}
    if missing := [name for name in step.needs if statuses.get(name) != PASSED]:
        hidden = all(statuses.get(name) == NOT_SHOWN for name in missing)
        return _result(step, region, NOT_SHOWN if hidden else NOT_REACHED, f"needs {', '.join(missing)}")
    begun = time.monotonic()
    try:
        status, seen = PASSED, step.look(place)
    except NotShownError as reason:
        status, seen = NOT_SHOWN, str(reason)
    except UnexpectedError as difference:
        status, seen = FAILED, str(difference)
    except failures as error:
        status, seen = FAILED, f"{type(error).__name__}: {error}"
    return _result(step, region, status, seen, time.monotonic() - begun)


def _result(step: Step[Place], region: str, status: str, seen: str, seconds: float = 0) -> Result:
    began = (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="seconds")
    return Result(region, step.name, status, step.expected, seen, began, round(seconds, 1))


def until(what: Callable[[], bool], seconds: float) -> float | None:
    """Ask until it holds; return after how many seconds that was, or None if it did not in time."""
    begun = time.monotonic()
    while not what():
        if time.monotonic() - begun > seconds:
            return None
        time.sleep(POLL_SECONDS)
    return time.monotonic() - begun


def require(condition: object, seen: str) -> None:
    """Raise UnexpectedError with what was seen, unless the condition holds."""
    if not condition:
        raise UnexpectedError(seen)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table in Markdown."""
    return [
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
        *(f"| {' | '.join(map(_cell, row))} |" for row in rows),
    ]


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
