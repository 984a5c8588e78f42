"""What EventBridge refuses during a release: for its source, or for the relay itself."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from relay.delivery.undelivered import Queue
from relay.destinations.model import Holding
from relay.entry import Entry, Failed, Outcome
from relay.pipeline.release import Released, release
from tests.unit.destinations.destinations import NOW
from tests.unit.pipeline.release_world import C42, PACE, PROD, REFUSED, World, held_keys


def test_a_source_that_refuses_goes_on_being_held_and_the_release_stops() -> None:
    world = World()
    world.hold(1, "a", "b")
    world.hold(2, "c")
    world.outcome = REFUSED
    assert world.run() == Released(refused=2)
    assert len(held_keys(world)) == 2
    assert world.destination
    assert (world.destination.holding, world.destination.state.refusals) == (Holding.REFUSED, 1)


def test_the_third_refusal_of_an_entry_dead_letters_it() -> None:
    world = World()
    world.hold(1, "a")
    world.outcome = REFUSED
    for _ in range(3):
        world.destination = PROD
        world.run()
    [letter] = world.queues[Queue.DEAD_LETTERS]
    assert (letter.failed.code, letter.failed.attempts) == (REFUSED.code, 3)
    assert held_keys(world) == []


def test_attempts_that_were_throttled_are_no_refusals() -> None:
    world = World()
    world.hold(1, "a")
    world.outcome = replace(REFUSED, attempts=3)
    world.run()
    assert world.queues[Queue.DEAD_LETTERS] == []
    assert len(held_keys(world)) == 1


def test_a_refused_request_blames_no_destination_and_goes_to_the_retry_queue() -> None:
    world = World()
    world.hold(1, "a")
    world.outcome = replace(REFUSED, is_of_request=True)
    assert world.run() == Released(queued=1)
    assert world.destination
    assert world.destination.state.refusals == 0


def test_a_refused_webhook_of_a_hundred_entries_is_one_refusal() -> None:
    world = World()
    world.hold(1, *map(str, range(100)))
    world.outcome = REFUSED
    world.run()
    assert world.destination
    assert world.destination.state.refusals == 1
    assert len(held_keys(world)) == 1


def test_what_the_relay_itself_may_not_put_stays_held_and_the_release_fails() -> None:
    world = World()
    world.hold(1, *map(str, range(50)))
    world.hold(2, "last")
    services = world.services()

    def allow_once(entries: Sequence[Entry]) -> Sequence[Outcome]:
        world.outcome = Failed("AccessDeniedException", "no events:PutPartnerEvents", 1) if world.delivered else None
        return services.deliver(entries)

    with pytest.raises(OSError, match="permissions"):
        release(C42, replace(services, deliver=allow_once), PACE, NOW + timedelta(hours=1))
    assert (len(world.delivered), world.queues[Queue.DEAD_LETTERS]) == (20, [])
    world.outcome = None
    world.run()
    assert sorted(world.delivered) == sorted([*map(str, range(50)), "last"])


def test_an_entry_that_is_accepted_ends_a_row_of_refusals() -> None:
    world = World(replace(PROD, state=replace(PROD.state, refusals=99)))
    world.hold(1, "a")
    world.run()
    assert world.destination
    assert world.destination.state.refusals == 0
