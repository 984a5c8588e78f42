"""Each change has its audit line and its event, whatever fails after it."""

from dataclasses import replace

import pytest

from relay.control.errors import ControlError
from relay.control.service import Control
from relay.destinations.errors import SourceOwnedError
from relay.destinations.model import Destination, SourceState
from tests.unit.control.world import BACKEND, SETTINGS, World
from tests.unit.destinations.destinations import ACTIVE, NOW, destination


def test_each_change_is_audited_with_its_caller_before_and_after() -> None:
    world = World()
    created = world.put()
    paused = world.control.pause("c42", "prod", "arn:aws:iam::111111111111:role/other")
    assert world.audit == [
        ("Destination Created", BACKEND, None, replace(created, state=SourceState())),
        ("Destination Paused", "arn:aws:iam::111111111111:role/other", created, paused),
    ]


def test_a_destination_whose_source_could_not_be_created_yet_is_audited_and_told() -> None:
    world = World()
    world.refusal = OSError("AWS is away")
    with pytest.raises(OSError, match="away"):
        world.put()
    world.refusal = None
    again = world.put()
    assert world.audit == [("Destination Created", BACKEND, None, again)]
    assert world.event_names() == ["Destination Created"]


def test_a_destination_that_aws_refuses_is_audited_from_its_beginning_to_its_end() -> None:
    world = World()
    world.refusal = SourceOwnedError()
    with pytest.raises(ControlError):
        world.put()
    [(_, _, _, created), refused] = world.audit
    assert refused == ("Destination Refused", BACKEND, created, None)
    assert world.event_names() == []


def test_a_release_that_could_not_be_asked_for_is_audited() -> None:
    world = World(destination(replace(ACTIVE, settling_since=NOW)))

    def start_release(_found: Destination) -> None:
        raise OSError("SQS is away")

    control = Control(replace(world.control.services, start_release=start_release), SETTINGS)
    with pytest.raises(OSError, match="away"):
        control.release("c42", "prod", None, BACKEND)
    assert world.rows["c42", "prod"].holding is None
    assert [operation for operation, *_ in world.audit] == ["Destination Released"]
