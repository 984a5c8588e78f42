"""What is made of a release: the local AWS has no CodeDeploy, so only this is tested."""

from collections import Counter

import pytest

from tools.first_hour.canary import Release


def good() -> Release:
    return Release("1", "2", Counter({202: 900}), {0.1}, succeeded=True, seconds=650)


def bad() -> Release:
    return Release("2", "2", Counter({202: 500, 503: 50}), {0.1}, alarms=("CanaryErrors7EFD1A15",), seconds=240)


def test_a_release_that_works_is_let_through() -> None:
    assert good().let_through()
    assert not good().taken_back()


def test_a_release_that_fails_is_taken_back() -> None:
    assert bad().taken_back()
    assert not bad().let_through()


@pytest.mark.parametrize(
    "change",
    [
        {"succeeded": False},
        {"after": "1"},
        {"shares": set()},
        {"shares": {1.0}},
        {"answers": Counter({202: 9, 503: 1})},
    ],
)
def test_a_release_is_not_let_through_if_anything_was_otherwise(change: dict[str, object]) -> None:
    assert not Release(**vars(good()) | change).let_through()


@pytest.mark.parametrize(
    "change",
    [
        {"succeeded": True},
        {"after": "3"},
        {"alarms": ("ServerErrors7F78D318",)},
        {"alarms": ()},
        {"answers": Counter({202: 550})},
        {"shares": set()},
    ],
)
def test_a_release_is_not_taken_back_if_anything_was_otherwise(change: dict[str, object]) -> None:
    assert not Release(**vars(bad()) | change).taken_back()


def test_what_was_seen_is_told_in_a_sentence() -> None:
    assert bad().summary() == (
        "cdk deploy failed after 240 s; live was version 2, is 2; shares of the new version: 10%; "
        "answers: 500 x 202, 50 x 503; alarms that went off: CanaryErrors7EFD1A15"
    )
