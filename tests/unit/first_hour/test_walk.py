"""The walk goes on after a failure, remembers what it has seen, and takes up what was interrupted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from relayctl.walk import FAILED, NOT_REACHED, NOT_SHOWN, PASSED, Step, UnexpectedError
from tools.first_hour import run as runs
from tools.first_hour import walk
from tools.first_hour.place import Place
from tools.first_hour.steps import STEPS

Look = Callable[[Place], str]


def place(tmp_path: Path, *, local: bool = False) -> Place:
    run = runs.new("111111111111", ["us-east-1"], "abc", "2026-11-25T10:00:00+00:00", local=local)
    return Place(run, "us-east-1", tmp_path)


def walked(there: Place, *steps: Step[Place]) -> dict[str, str]:
    walk.walk(there, steps, lambda: None, lambda _: None)
    return {result.step: result.status for result in there.run.results}


def sees(text: str) -> Look:
    return lambda _: text


def fails(_: Place) -> str:
    raise UnexpectedError("404")


def must_not_run(_: Place) -> str:
    raise AssertionError


def test_after_a_step_that_failed_the_others_are_taken_unless_they_need_it(tmp_path: Path) -> None:
    there = place(tmp_path)
    statuses = walked(
        there,
        Step("first", "x", fails),
        Step("second", "x", must_not_run, ["first"]),
        Step("third", "x", sees("202")),
        Step("fourth", "x", must_not_run, ["second"]),
    )
    assert statuses == {"first": FAILED, "second": NOT_REACHED, "third": PASSED, "fourth": NOT_REACHED}
    assert [one.step for one in there.run.failed] == ["first", "second", "fourth"]


def test_what_the_local_aws_cannot_show_is_neither_tried_nor_passed(tmp_path: Path) -> None:
    step = Step("firewall", "x", must_not_run, ["nothing"], "it has no AWS WAF")
    assert walked(place(tmp_path, local=True), step) == {"firewall": NOT_SHOWN}


def test_on_aws_the_same_step_is_tried(tmp_path: Path) -> None:
    assert walked(place(tmp_path), Step("firewall", "x", sees("403"), (), "it has no AWS WAF")) == {"firewall": PASSED}


def test_a_run_that_is_taken_up_does_only_what_has_not_passed(tmp_path: Path) -> None:
    there = place(tmp_path)
    walked(
        there, Step("first", "x", sees("")), Step("second", "x", fails), Step("third", "x", must_not_run, ["second"])
    )
    again = walked(
        there,
        Step("first", "x", must_not_run),
        Step("second", "x", sees("")),
        Step("third", "x", sees(""), ["second"]),
    )
    assert set(again.values()) == {PASSED}
    assert len(there.run.results) == 3


def test_each_result_is_saved_before_the_next_step(tmp_path: Path) -> None:
    there, path = place(tmp_path), tmp_path / "run.json"

    def crashes(_: Place) -> str:
        raise KeyboardInterrupt

    steps = [Step("first", "x", sees("202")), Step("second", "x", crashes)]
    with pytest.raises(KeyboardInterrupt):
        walk.walk(there, steps, lambda: runs.save(there.run, path), lambda _: None)
    assert [(one.step, one.seen) for one in runs.load(path).results] == [("first", "202")]


def test_a_step_only_needs_steps_that_come_before_it() -> None:
    names = [step.name for step in STEPS]
    assert len(set(names)) == len(names)
    for index, step in enumerate(STEPS):
        assert set(step.needs) <= set(names[:index]), step.name
