"""What the page knows of an entry after its webhook was answered."""

from typing import Any

import pytest

from relay_local.inspector import fates as module
from relay_local.inspector.fates import Fates, later_steps

GITHUB = ("github", "delivery-1")


def nothing_arrived(_: str) -> None:
    """No event has reached the customer."""


def line(result: str, webhook_id: str = "delivery-1", index: int = 0, **more: Any) -> dict[str, Any]:
    return {"route": "github", "webhook_id": webhook_id, "index": index, "result": result, **more}


def followed(*results: Any) -> Fates:
    fates = Fates()
    fates.answered(1, GITHUB, results, 10.0, nothing_arrived)
    return fates


QUEUED = {"queued": True, "error_code": "ServiceUnavailable"}
DEAD = {"dead_lettered": True, "error_code": "MalformedDetail"}


def test_an_entry_goes_from_the_queue_to_the_customer() -> None:
    fates = followed(QUEUED, {"event_id": "a"})
    assert fates.counts(1) == {"queued": 1, "accepted": 1}
    assert fates.logged(line("redelivered", event_id="b", attempts=7), 20.0, nothing_arrived) == 1
    assert fates.counts(1) == {"accepted": 2}
    assert fates.arrived("b", 21.0) == 1
    assert fates.counts(1) == {"delivered": 1, "accepted": 1}
    assert [step.result for step in fates.steps(1)[0]] == ["queued", "redelivered", "delivered"]
    assert fates.steps(1)[0][1].attempts == 7


def test_a_dead_letter_is_redriven_refused_again_redriven_and_delivered() -> None:
    fates = followed(DEAD)
    for result in ("redriven", "dead_lettered", "redriven"):
        if result == "redriven":
            fates.moved(1, 0, result, 11.0)
        else:
            assert fates.logged(line(result, error_code="MalformedDetail"), 12.0, nothing_arrived) == 1
        assert fates.counts(1) == {result: 1}
    fates.logged(line("redelivered", event_id="b"), 13.0, lambda _: 13.5)  # it has arrived before its line was read
    assert fates.counts(1) == {"delivered": 1}


def test_what_was_discarded_or_delivered_changes_no_more() -> None:
    fates = followed(DEAD, {"event_id": "a"})
    fates.moved(1, 0, "discarded", 11.0)
    for index in (0, 1):
        assert fates.logged(line("dead_lettered", index=index), 12.0, nothing_arrived) is None
    assert fates.counts(1) == {"discarded": 1, "accepted": 1}


def test_an_event_that_came_before_the_answer_is_delivered() -> None:
    fates = Fates()
    fates.answered(1, GITHUB, [{"event_id": "a"}], 10.0, lambda _: 9.9)
    assert fates.counts(1) == {"delivered": 1}


def test_of_two_webhooks_with_one_id_the_older_that_waits_is_meant() -> None:
    fates = followed(QUEUED)
    fates.answered(2, GITHUB, [QUEUED], 11.0, nothing_arrived)
    assert fates.logged(line("redelivered", event_id="a"), 12.0, nothing_arrived) == 1
    assert fates.logged(line("redelivered", event_id="b"), 13.0, nothing_arrived) == 2


def test_what_is_logged_is_of_an_entry_in_the_queue_rather_than_of_an_older_dead_letter() -> None:
    fates = followed(DEAD)
    fates.answered(2, GITHUB, [QUEUED], 11.0, nothing_arrived)
    assert fates.logged(line("redelivered", event_id="a"), 12.0, nothing_arrived) == 2
    assert fates.waiting(GITHUB, 0, ("dead_lettered",)) == [1]
    assert fates.logged(line("redelivered", event_id="b"), 12.0, nothing_arrived) == 1  # a command has redriven it


def test_what_a_replay_sends_again_is_a_step_of_what_was_delivered() -> None:
    fates = followed({"event_id": "e1"})
    assert fates.logged(line("redelivered", event_id="e2", replay="replay-1"), 5, nothing_arrived) == 1
    assert fates.arrived("e2", 6) == 1
    assert [(step.result, step.replay) for step in fates.steps(1)[0]] == [
        ("accepted", ""),
        ("replayed", "replay-1"),
        ("delivered", ""),
    ]
    assert fates.counts(1) == {"delivered": 1}


def test_each_replay_is_of_the_webhook_with_this_id_that_was_replayed_least_or_waits_in_it() -> None:
    fates = followed({"event_id": "e1"})
    fates.answered(2, ("github", "delivery-1"), [{"event_id": "e2"}], 2, nothing_arrived)
    numbers = [
        fates.logged(line("queued", replay="replay-1"), 3, nothing_arrived),
        fates.logged(line("redelivered", event_id="e3", replay="replay-1"), 4, nothing_arrived),
        fates.logged(line("redelivered", event_id="e4", replay="replay-1"), 5, nothing_arrived),
    ]
    assert numbers == [1, 1, 2]


def test_the_attempts_of_the_first_request_come_from_its_log() -> None:
    fates = followed(QUEUED)
    fates.put(1, 0, 4)
    assert fates.steps(1)[0][0].attempts == 4


@pytest.mark.parametrize("wrong", [{}, line("queued", index=5), line("queued", "other"), {"index": "0"}])
def test_a_line_of_no_followed_entry_is_nothing(wrong: dict[str, Any]) -> None:
    assert followed({"event_id": "a"}).logged(wrong, 12.0, nothing_arrived) is None


def test_the_oldest_webhooks_are_followed_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ENTRIES", 4)
    fates = Fates()
    for number in range(1, 5):
        fates.answered(number, GITHUB, [QUEUED, {"event_id": f"{number}"}], 10.0, nothing_arrived)
    assert [number for number in range(1, 5) if fates.steps(number)] == [3, 4]
    assert fates.arrived("1", 11.0) is None
    assert fates.logged(line("redelivered", event_id="x"), 12.0, nothing_arrived) == 3


def test_what_happened_to_many_entries_in_one_second_is_one_step() -> None:
    fates = followed(QUEUED, QUEUED, DEAD)
    for index, at in ((0, 20.1), (1, 20.9)):
        fates.logged(line("redelivered", index=index, event_id=str(index)), at, nothing_arrived)
    fates.arrived("0", 21.0)
    assert [(step.result, number) for step, number in later_steps(fates.steps(1))] == [
        ("redelivered", 2),
        ("delivered", 1),
    ]
