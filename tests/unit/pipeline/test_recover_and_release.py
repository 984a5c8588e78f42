"""When what may have been dropped is noted, and that the releaser holds it again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from relay.destinations.model import Destination, SourceStatus
from relay.destinations.reconcile import READ_ARCHIVE_AFTER, Action, Look, look_at
from tests.unit.destinations.destinations import ACTIVE, NOW
from tests.unit.pipeline import release_world
from tests.unit.pipeline.customers_world import prod
from tests.unit.pipeline.recovery import MINUTE
from tests.unit.pipeline.release_world import PROD, Killed, held_keys


def test_a_look_that_sees_a_bus_gone_notes_from_when_to_when_entries_may_be_dropped() -> None:
    seen = NOW + MINUTE
    active = prod(state=replace(ACTIVE, source_status_at=NOW))
    pending = look_at(active, Look(SourceStatus.PENDING), seen, MINUTE)
    state = pending.destination.state
    assert (state.dropped_since, state.dropped_until) == (NOW, seen)
    assert Action.RELEASE not in pending.actions
    again = look_at(pending.destination, Look(SourceStatus.PENDING), seen + READ_ARCHIVE_AFTER, MINUTE)
    assert again.actions == (Action.RELEASE,)


def test_what_was_noted_before_is_not_forgotten_by_the_next_detaching() -> None:
    active = prod(state=replace(ACTIVE, source_status_at=NOW + MINUTE, dropped_since=NOW, dropped_until=NOW))
    state = look_at(active, Look(SourceStatus.PENDING), NOW + 2 * MINUTE, MINUTE).destination.state
    assert (state.dropped_since, state.dropped_until) == (NOW, NOW + 2 * MINUTE)


def noted(world: release_world.World, *names: str) -> Destination:
    """Let these entries have been dropped, long enough ago, and return their destination."""
    world.dropped = list(names)
    since = NOW - timedelta(hours=1)
    world.destination = replace(PROD, state=replace(PROD.state, dropped_since=since, dropped_until=since))
    return world.destination


def test_the_releaser_holds_them_again_and_releases_them_once_it_may() -> None:
    world = release_world.World()
    noted(world, "a", "b")
    assert world.run().recovered == 2
    assert world.delivered == ["a", "b"]
    assert world.destination
    assert world.destination.state.dropped_since is None


def test_they_are_held_also_while_nobody_listens() -> None:
    world = release_world.World()
    found = noted(world, "a")
    world.destination = replace(found, state=replace(found.state, source_status=SourceStatus.PENDING))
    assert world.run().recovered == 1
    assert (world.delivered, len(held_keys(world))) == ([], 1)


def test_what_the_archive_may_not_have_yet_is_not_read() -> None:
    world = release_world.World()
    found = noted(world, "a")
    world.destination = replace(found, state=replace(found.state, dropped_until=NOW))
    assert world.run().recovered == 0


@pytest.mark.parametrize("step", range(1, 30))
def test_a_releaser_that_is_killed_at_any_step_loses_none_of_them(step: int) -> None:
    world = release_world.World()
    noted(world, "a", "b")
    world.hold(1, "c")
    world.kill_at = step
    try:
        world.run()
    except Killed:
        world.run()
    assert set(world.delivered) == {"a", "b", "c"}
