"""A release that takes more than one run goes on where it was, and what was released can be sent once more."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from relay.destinations import held
from relay.entry import Entry, Outcome
from relay.pipeline.release import Pace, release
from tests.unit.destinations.destinations import NOW
from tests.unit.pipeline.release_world import C42, PACE, PROD, REFUSED, World, held_keys


def test_it_stops_in_time_and_goes_on_where_it_was() -> None:
    world = World()
    for number in range(10):
        world.hold(number, *(f"{number}-{index}" for index in range(20)))
    first = world.run(Pace(10, 150), seconds=31 + 4)
    assert first.is_cut_off
    assert 0 < first.accepted < 200
    world.run()
    assert len(world.delivered) == len(set(world.delivered)) == 200


def _send_again(world: World, since: datetime) -> None:
    assert world.destination
    world.destination = replace(world.destination, state=replace(world.destination.state, restoring_since=since))


def test_what_was_released_can_be_sent_once_more() -> None:
    world = World()
    world.hold(1, "early", at=NOW - timedelta(hours=2))
    world.hold(2, "late", at=NOW - timedelta(hours=1))
    world.run()
    _send_again(world, NOW - timedelta(hours=1))
    world.run()
    assert world.delivered == ["early", "late", "late"]
    world.run()
    assert world.delivered == ["early", "late", "late"]


def test_what_cannot_all_be_held_again_in_time_goes_on_where_it_stopped() -> None:
    world = World()
    for number in (1, 2, 3):
        world.hold(number, str(number))
    world.run()
    copied: list[str] = []
    services = world.services()

    def copy(key: str, to: str) -> None:
        if to.startswith(held.HELD):
            copied.append(to)
            world.now += timedelta(seconds=20)
        services.copy(key, to)

    _send_again(world, NOW - timedelta(days=1))
    slow = replace(services, copy=copy)
    assert release(C42, slow, PACE, world.now + timedelta(seconds=60)).is_cut_off
    assert len(copied) == 2
    assert world.destination
    assert world.destination.state.restoring_since == NOW + timedelta(milliseconds=3)
    release(C42, slow, PACE, world.now + timedelta(seconds=60))
    assert copied == sorted(set(copied))
    assert len(copied) == 3
    world.run()
    assert world.delivered == ["1", "2", "3", "1", "2", "3"]


def test_an_object_that_takes_longer_than_a_run_is_released_without_a_repetition() -> None:
    world = World()
    names = [str(number) for number in range(301)]
    world.hold(1, *names)
    [(key, content)] = world.objects.items()
    slow = Pace(entries_per_second=1, straggler_seconds=150)
    runs = 1
    while world.run(slow, seconds=120).is_cut_off:
        runs += 1
    assert world.delivered == names
    assert runs > 3
    assert world.objects.pop(held.released_key(key)) == content
    parts = [len(held.load(part)[0]) for _, part in sorted(world.objects.items())]
    assert sorted(parts) == list(range(1, 301, 20))  # of what was left each time: when it was made says when that was


def test_what_is_refused_of_an_object_does_not_replace_the_copy_of_all_of_it() -> None:
    world = World()
    world.hold(1, *(str(number) for number in range(30)))
    [(key, content)] = world.objects.items()
    services = world.services()

    def accept_twenty(entries: Sequence[Entry]) -> Sequence[Outcome]:
        world.outcome = None if len(entries) == PACE.batch else REFUSED
        return services.deliver(entries)

    release(C42, replace(services, deliver=accept_twenty), PACE, NOW + timedelta(hours=1))
    assert held_keys(world) == [held.rest_key(key)]
    world.destination, world.outcome = PROD, None
    world.run()
    assert sorted(map(int, world.delivered)) == list(range(30))
    assert world.objects[held.released_key(key)] == content
    world.destination = replace(PROD, state=replace(PROD.state, restoring_since=NOW))
    world.run()
    assert sorted(map(int, world.delivered)) == sorted([*range(30), *range(30)])
