"""`relayctl --stage`: whose stack, and whose secrets."""

import re

import pytest

from tests.relayctl.conftest import Relayctl

DEPLOYED = ["routes", "dead-letters list", "dead-letters redrive"]


@pytest.mark.parametrize("command", DEPLOYED)
@pytest.mark.parametrize(
    ("stage", "stack"),
    [
        ((), "PartnerEventRelay"),
        (("--stage", "prod"), "PartnerEventRelay"),
        (("--stage", "dev"), "PartnerEventRelay-dev"),
    ],
)
def test_a_command_looks_at_the_stack_of_the_stage(
    relayctl: Relayctl, command: str, stage: tuple[str, ...], stack: str
) -> None:
    shown = relayctl(*stage, *command.split(), "--help").stdout
    assert re.search(rf"default:\s+{stack}\]", shown)


def test_the_stage_may_stand_in_the_environment(relayctl: Relayctl) -> None:
    assert "PartnerEventRelay-test]" in relayctl("routes", "--help", RELAY_STAGE="test").stdout


def test_a_stage_that_can_have_no_stack_is_a_mistake_on_the_command_line(relayctl: Relayctl) -> None:
    done = relayctl("--stage", "a/b", "routes")
    assert done.returncode == 2
    assert "expected a letter" in done.stderr
    assert "Traceback" not in done.stderr
