"""The moments of a webhook, in words."""

from relay_local.inspector import timeline
from relay_local.inspector.captures import Captures
from relay_local.inspector.fates import Step
from tests.unit.relay_local.captures import captured


def texts(*entries: list[Step], status: int = 202) -> list[str]:
    capture = captured(Captures(), at=100.0, seconds=0.5, status=status)
    return [moment["text"] for moment in timeline.moments(capture, "authentic", dict(enumerate(entries)), "its counts")]


def test_one_entry_goes_its_way() -> None:
    queued = Step(100.5, "queued", error_code="ThrottlingException", attempts=3)
    assert texts([queued, Step(101, "redelivered", "a", attempts=5), Step(102, "delivered", "a")]) == [
        "received, 24 bytes: authentic",
        "answered 202: its counts (ThrottlingException), after 3 attempts",
        "accepted by EventBridge, from the retry queue (5 attempts)",
        "arrived at the customer",
    ]


def test_of_several_entries_it_says_how_many_even_if_some_arrive_before_the_answer() -> None:
    accepted = Step(100.5, "accepted", "a")
    assert texts([accepted, Step(100.2, "delivered")], [accepted, Step(100.3, "delivered")], [accepted]) == [
        "received, 24 bytes: authentic",
        "2 entries arrived at the customer",
        "answered 202: its counts",
    ]
