"""What the page says to do about a dead letter is what the runbook says."""

import pytest

from relay_local.emulator.faults import Fault
from relay_local.inspector import advice
from relay_local.process import ROOT

RUNBOOK = (ROOT / "docs/how-to/operations.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("NotAuthorizedForSourceException", "the source was deleted or never created"),
        ("InvalidArgument", "the message says which field"),
        ("MalformedDetail", "the message says which field"),
        ("MappingError", "relay.toml does not fit this payload"),
        ("InternalFailure", "EventBridge failed for more than a day"),
        ("SomethingNew", "EventBridge failed for more than a day"),
        (None, "EventBridge failed for more than a day"),
    ],
)
def test_each_error_code_has_the_advice_of_the_runbook(code: str | None, what: str) -> None:
    found = advice.for_letter(advice.read(RUNBOOK), code)
    assert found.startswith(what)
    assert "`" not in found


def test_only_the_table_of_the_dead_letters_is_read() -> None:
    assert "Blocked" not in advice.read(RUNBOOK)
    assert advice.read("nothing") == {}
    assert advice.for_letter({}, "X") == ""


def test_who_simulated_a_failure_is_not_told_to_correct_a_template() -> None:
    found = advice.for_letter(
        advice.read(RUNBOOK), "MalformedDetail", Fault(error_code="MalformedDetail").error_message
    )
    assert "end the simulation, then redrive" in found
