"""What is held is released in order, at a rate, in bounded memory; killed anywhere, nothing is lost."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from relay.delivery.message import Message
from relay.delivery.undelivered import Queue
from relay.destinations import held
from relay.destinations.model import Destination, SourceState, SourceStatus, Status
from relay.entry import Entry, Failed, Outcome
from relay.pipeline.release import OBJECTS_BETWEEN_LOOKS, Released, release
from tests.unit.destinations.destinations import ACTIVE, NOW, destination
from tests.unit.pipeline.release_world import C42, PACE, PROD, REFUSED, Killed, World, held_keys


def test_what_is_held_is_released_in_the_order_in_which_it_came() -> None:
    world = World()
    for number in (3, 1, 2):
        world.hold(number, f"{number}a", f"{number}b")
    assert world.run() == Released(accepted=6)
    assert world.delivered == ["1a", "1b", "2a", "2b", "3a", "3b"]
    assert held_keys(world) == []


def test_a_copy_of_what_was_released_stays() -> None:
    world = World()
    world.hold(1, "a")
    [(key, content)] = world.objects.items()
    world.run()
    assert world.objects == {held.released_key(key): content}


def test_entries_go_to_the_source_and_the_region_of_today() -> None:
    world = World()
    world.hold(1, "a")
    world.run()
    assert world.sources == {PROD.source}


def test_a_release_keeps_to_its_rate() -> None:
    world = World()
    world.hold(1, *map(str, range(300)))
    world.run()
    assert world.now - NOW >= timedelta(seconds=3)
    assert len(world.delivered) == 300


def test_it_ends_only_after_nothing_has_come_for_the_time_of_stragglers() -> None:
    world = World()
    world.hold(1, "a")
    assert not world.run().is_cut_off
    world.now += timedelta(seconds=149)
    world.hold(2, "straggler")
    assert not world.run().is_cut_off
    assert world.delivered == ["a", "straggler"]
    world.now += timedelta(seconds=150)
    assert world.run() == Released()
    assert world.destination
    assert world.destination.state.releasing_at is None


def test_an_early_second_look_does_not_end_it() -> None:
    world = World()
    world.run()
    world.now += timedelta(seconds=149)
    assert not world.run().is_cut_off
    assert world.destination
    assert world.destination.state.releasing_at


def test_a_clock_that_was_set_back_does_not_end_it_early() -> None:
    world = World()
    world.run()
    world.now -= timedelta(hours=1)
    assert not world.run().is_cut_off
    world.now += timedelta(seconds=149)
    assert not world.run().is_cut_off


@pytest.mark.parametrize(
    "found",
    [
        None,
        replace(PROD, id="zzzzzz"),
        replace(PROD, deleting=True),
        replace(PROD, status=Status.PAUSED),
        replace(PROD, status=Status.DISABLED),
        destination(SourceState()),
        destination(replace(ACTIVE, settling_since=NOW)),
    ],
)
def test_nothing_is_released_where_nobody_can_receive(found: Destination | None) -> None:
    world = World(found)
    world.hold(1, "a")
    before = dict(world.objects)
    assert world.run() == Released()
    assert (world.delivered, world.objects) == ([], before)


def test_what_fails_for_now_goes_to_the_retry_queue() -> None:
    world = World()
    world.hold(1, "a")
    world.outcome = Failed("ThrottlingException", "Rate exceeded", 1)
    assert world.run() == Released(queued=1)
    assert [message.failed.code for message in world.queues[Queue.RETRY]] == ["ThrottlingException"]
    assert held_keys(world) == []


def test_what_is_wrong_in_itself_is_dead_lettered() -> None:
    world = World()
    world.hold(1, "a")
    world.outcome = Failed("MalformedDetail", "Detail is malformed.", 1)
    assert world.run() == Released(dead_lettered=1)
    assert len(world.queues[Queue.DEAD_LETTERS]) == 1


@pytest.mark.parametrize("code", ["ThrottlingException", "MalformedDetail"])
def test_what_no_queue_takes_stays_held(code: str) -> None:
    world = World()
    world.hold(1, "a")
    world.outcome = Failed(code, "", 1)
    world.down = Queue.RETRY if code == "ThrottlingException" else Queue.DEAD_LETTERS
    with pytest.raises(OSError, match="down"):
        world.run()
    assert len(held_keys(world)) == 1


def test_a_destination_that_is_paused_meanwhile_gets_no_more_than_what_was_begun() -> None:
    world = World()
    for number in range(3 * OBJECTS_BETWEEN_LOOKS):
        world.hold(number, str(number))
    services = world.services()

    def deliver_and_pause(entries: Sequence[Entry]) -> Sequence[Outcome]:
        world.destination = replace(PROD, status=Status.PAUSED, version=2)
        return services.deliver(entries)

    release(C42, replace(services, deliver=deliver_and_pause), PACE, NOW + timedelta(hours=1))
    assert len(world.delivered) == OBJECTS_BETWEEN_LOOKS
    assert len(held_keys(world)) == 2 * OBJECTS_BETWEEN_LOOKS


def test_progress_is_noted_once_a_minute() -> None:
    world = World()
    for number in range(180):
        world.hold(number, *(f"{number}-{index}" for index in range(100)))
    services = world.services()
    noted: list[Destination] = []

    def save(before: Destination, after: Destination) -> None:
        noted.append(after)
        services.save(before, after)

    release(C42, replace(services, save=save), PACE, NOW + timedelta(hours=1))
    times = [after.state.releasing_at for after in noted if not after.state.emptied_at and after.state.releasing_at]
    assert len(times) == 3
    assert all(later - earlier >= timedelta(minutes=1) for earlier, later in pairwise(times))


def test_a_damaged_line_is_dead_lettered_and_the_others_are_released() -> None:
    world = World()
    world.hold(1, "a")
    [key] = world.objects
    world.objects[key] += b"{damaged\n"
    assert world.run() == Released(accepted=1, dead_lettered=1)
    assert world.unreadable == ["{damaged"]


@pytest.mark.parametrize("outcome", [None, REFUSED, Failed("Throttling", "", 1), Failed("MalformedDetail", "", 1)])
def test_killed_at_any_step_every_entry_is_accounted_for(outcome: Outcome | None) -> None:
    ids = {f"{number}{letter}" for number in range(3) for letter in "ab"}
    kill_at = 0
    while True:
        kill_at += 1
        world = World()
        for number in range(3):
            world.hold(number, f"{number}a", f"{number}b")
        world.outcome, world.kill_at = outcome, kill_at
        try:
            world.run()
        except Killed:
            pass
        else:
            break
        world.kill_at = 0
        for _ in range(5):
            world.destination = PROD
            world.run()
        assert _everywhere(world) >= ids
    assert kill_at > 5


def _everywhere(world: World) -> set[str]:
    """Return the ids of the entries that EventBridge or a queue has, or that are still held."""
    waiting = [message for key in held_keys(world) for message in held.load(world.objects[key])[0]]
    queued: Iterable[Message] = world.queues[Queue.RETRY] + world.queues[Queue.DEAD_LETTERS] + waiting
    entries = [message.content for message in queued if isinstance(message.content, Entry)]
    return set(world.delivered) | {json.loads(entry.detail)["id"] for entry in entries}


def test_a_bus_that_is_detached_meanwhile_is_noticed_within_seconds() -> None:
    world = World()
    for number in range(50):
        world.hold(number, *(f"{number}-{index}" for index in range(100)))
    services = world.services()

    def find(customer: str, name: str) -> Destination | None:
        if world.now - NOW >= timedelta(seconds=5):
            return destination(SourceState(SourceStatus.PENDING))
        return services.find(customer, name)

    release(C42, replace(services, find=find), PACE, NOW + timedelta(hours=1))
    assert len(world.delivered) <= 600
    assert _everywhere(world) == {f"{number}-{index}" for number in range(50) for index in range(100)}
