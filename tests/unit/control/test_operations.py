"""What can be done to a destination that is there: pause, resume, release, ping."""

from dataclasses import replace
from datetime import timedelta

import pytest

from relay.control.errors import ControlError
from relay.destinations.model import Destination, Holding, SourceState, SourceStatus, Status
from relay.destinations.reconcile import Look
from tests.unit.control.world import BACKEND, World
from tests.unit.destinations.destinations import ACTIVE, NOW, destination


def test_pause_and_resume_twice_are_the_same_as_once() -> None:
    world = World(destination(ACTIVE))
    paused = world.control.pause("c42", "prod", BACKEND)
    assert world.control.pause("c42", "prod", BACKEND) == paused
    resumed = world.control.resume("c42", "prod", BACKEND)
    assert world.control.resume("c42", "prod", BACKEND) == resumed
    assert world.event_names() == ["Destination Paused", "Destination Resumed"]


def test_resume_releases_what_waited() -> None:
    world = World(destination(ACTIVE, status=Status.PAUSED))
    assert world.control.resume("c42", "prod", BACKEND).state.releasing_at == NOW
    assert world.released == ["c42/prod"]


def test_resume_does_not_release_to_a_source_that_nobody_listens_to() -> None:
    world = World(destination(SourceState(SourceStatus.PENDING), status=Status.PAUSED))
    world.control.resume("c42", "prod", BACKEND)
    assert world.released == []


def test_a_disabled_destination_starts_again_and_is_looked_at() -> None:
    disabled = destination(ACTIVE, status=Status.DISABLED, status_reason="refused")
    resumed = World(disabled).control.resume("c42", "prod", BACKEND)
    assert (resumed.status, resumed.status_reason) == (Status.ENABLED, "")
    assert resumed.state.source_status is SourceStatus.UNKNOWN


def test_release_ends_settling() -> None:
    world = World(destination(replace(ACTIVE, settling_since=NOW)))
    assert world.control.release("c42", "prod", None, BACKEND).holding is None
    assert world.released == ["c42/prod"]


def test_release_since_sends_once_more() -> None:
    world = World(destination(ACTIVE))
    world.control.release("c42", "prod", NOW, BACKEND)
    assert world.released == ["c42/prod"]
    assert world.rows["c42", "prod"].state.restoring_since == NOW
    world.control.release("c42", "prod", NOW + timedelta(hours=1), BACKEND)
    assert world.rows["c42", "prod"].state.restoring_since == NOW
    world.control.release("c42", "prod", NOW - timedelta(hours=1), BACKEND)
    assert world.rows["c42", "prod"].state.restoring_since == NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    ("found", "holding"),
    [
        (destination(SourceState(SourceStatus.PENDING)), "source-pending"),
        (destination(ACTIVE, status=Status.PAUSED), "paused"),
        (destination(ACTIVE, status=Status.DISABLED), "disabled"),
    ],
)
def test_release_says_why_nothing_can_be_received(found: Destination, holding: str) -> None:
    world = World(found)
    with pytest.raises(ControlError) as raised:
        world.control.release("c42", "prod", None, BACKEND)
    assert (raised.value.status, raised.value.extra, world.released) == (409, {"holding": holding}, [])


def test_a_ping_says_whose_it_is() -> None:
    world = World(destination(replace(ACTIVE, settling_since=NOW)))
    assert world.control.ping("c42", "prod", BACKEND) == "event-1"
    [ping] = world.pings
    assert (ping["detail-type"], ping["customer"], ping["destination"]) == ("Ping", "c42", "prod")


def test_a_ping_to_a_source_that_nobody_attached_says_so() -> None:
    world = World(destination(SourceState(SourceStatus.PENDING)))
    with pytest.raises(ControlError) as raised:
        world.control.ping("c42", "prod", BACKEND)
    assert (raised.value.status, raised.value.extra) == (409, {"source_status": "pending"})


@pytest.mark.parametrize("operation", ["release", "ping"])
def test_a_source_that_has_just_become_active_is_looked_at_for_whoever_waits(operation: str) -> None:
    world = World(destination(SourceState(SourceStatus.PENDING, NOW)))
    world.look = Look(SourceStatus.ACTIVE)
    if operation == "release":
        assert world.control.release("c42", "prod", None, BACKEND).holding is None
        assert world.released == ["c42/prod"]
    else:
        assert world.control.ping("c42", "prod", BACKEND) == "event-1"
        assert world.rows["c42", "prod"].holding is Holding.SETTLING
    assert "Destination Activated" in world.event_names()
