"""What a step can end as, and what that means for the steps that need it."""

import pytest

from relayctl.walk import (
    FAILED,
    NOT_REACHED,
    NOT_SHOWN,
    PASSED,
    NotShownError,
    Result,
    Step,
    UnexpectedError,
    table,
    take,
)


def took(step: Step[str], results: list[Result]) -> Result:
    result = take(step, "place", "us-east-1", results, (OSError,), local=True)
    results.append(result)
    return result


def sees(what: str) -> str:
    return f"seen in {what}"


def raises(error: Exception) -> Step[str]:
    def look(_: str) -> str:
        raise error

    return Step("step", "x", look)


@pytest.mark.parametrize(
    ("error", "status", "seen"),
    [
        (UnexpectedError("404"), FAILED, "404"),
        (NotShownError("no page"), NOT_SHOWN, "no page"),
        (TimeoutError("late"), FAILED, "TimeoutError: late"),
    ],
)
def test_a_step_that_raises_has_failed_or_is_not_shown(error: Exception, status: str, seen: str) -> None:
    result = took(raises(error), [])
    assert (result.status, result.seen) == (status, seen)


def test_an_error_that_nobody_expects_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        took(raises(ZeroDivisionError()), [])


def test_what_needs_a_step_that_is_not_shown_is_not_shown_and_what_needs_a_failed_one_is_not_reached() -> None:
    results: list[Result] = []
    took(Step("page", "x", sees, only_on_aws="it has none"), results)
    took(Step("create", "x", raises(UnexpectedError("404")).look), results)
    statuses = [took(Step("next", "x", sees, needs), []).status for needs in [()]]
    statuses += [took(Step("next", "x", sees, needs), list(results)).status for needs in (["page"], ["create"])]
    statuses.append(took(Step("next", "x", sees, ["page", "create"]), list(results)).status)
    assert statuses == [PASSED, NOT_SHOWN, NOT_REACHED, NOT_REACHED]


def test_a_step_that_passed_in_another_region_has_not_passed_here() -> None:
    elsewhere = Result("eu-west-1", "create", PASSED, "x", "y", "", 0)
    assert took(Step("next", "x", sees, ["create"]), [elsewhere]).status == NOT_REACHED


def test_no_text_breaks_a_table() -> None:
    assert table(("a", "b"), [("x | y", "1\n2")]) == ["| a | b |", "|---|---|", "| x \\| y | 1 2 |"]
