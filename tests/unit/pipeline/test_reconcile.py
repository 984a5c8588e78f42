"""Every source is looked at in its turn, what fails for one stops no other, and what AWS wants slower is slower."""

from dataclasses import replace
from datetime import timedelta

import pytest

from relay.destinations.errors import (
    ChangedError,
    SourceOwnedError,
    SourceRefusedError,
    ThrottledError,
)
from relay.destinations.model import Destination, SourceState, SourceStatus, Status
from relay.destinations.reconcile import Look
from relay.pipeline.reconcile import reconcile
from tests.unit.destinations.destinations import ACTIVE, NOW, destination
from tests.unit.pipeline.reconcile_world import IS_ACTIVE, IS_GONE, IS_PENDING, REGION, SETTINGS, World, many


def test_what_somebody_waits_for_is_looked_at_first() -> None:
    quiet, waiting = many(3), destination(SourceState(), customer="new", id="new", source="the new one")
    world = World(*quiet, waiting)
    world.run()
    assert world.looked[0] == "the new one"
    assert sorted(world.looked) == sorted([*(found.source for found in quiet), "the new one"])


def test_the_others_are_looked_at_longest_not_looked_at_first() -> None:
    found = [
        replace(one, state=replace(one.state, source_status_at=NOW - timedelta(minutes=minutes)))
        for one, minutes in zip(many(3), (1, 3, 2), strict=True)
    ]
    world = World(*found)
    world.run()
    assert world.looked == [found[1].source, found[2].source, found[0].source]


def test_a_destination_of_another_region_is_not_looked_at() -> None:
    world = World(destination(aws_region="eu-west-1"))
    world.run()
    assert world.looked == []


def test_no_more_than_twenty_sources_are_looked_at_in_a_second() -> None:
    world = World(*many(2000))
    report = world.run()
    assert report.looks == pytest.approx(1000, abs=1)


def test_ten_thousand_sources_are_seen_within_ten_runs() -> None:
    old = replace(ACTIVE, source_status_at=NOW - timedelta(hours=1))
    world = World(*many(10_000, old))
    world.minutes(10)
    assert len(set(world.looked)) == 10_000


def test_a_throttle_halves_the_rate() -> None:
    found = many(2000)
    world = World(*found)
    world.looks = {one.source: ThrottledError("Rate exceeded") for one in found[:1]}
    world.looks[found[0].source] = ThrottledError("Rate exceeded")
    report = world.run()
    assert report.throttled == 1
    assert report.looks == pytest.approx(500, abs=2)


def test_what_fails_for_one_is_reported_and_the_others_are_looked_at() -> None:
    found = many(3)
    world = World(*found)
    world.looks[found[0].source] = OSError("InternalException")
    report = world.run()
    assert report.failed == ["c0/prod: InternalException"]
    assert report.looks == 2


@pytest.mark.parametrize(
    "error", [OSError("away"), SourceOwnedError(), SourceRefusedError("LimitExceededException", "no more")]
)
def test_what_is_refused_for_one_stops_no_other(error: Exception) -> None:
    found = many(3, SourceState(SourceStatus.PENDING))
    world = World(*found)
    world.looks = {one.source: IS_PENDING for one in found}

    def refuse(_before: Destination, after: Destination) -> None:
        if after.source == found[0].source:
            raise error

    report = reconcile(REGION, replace(world.services(), save=refuse), SETTINGS, NOW + timedelta(seconds=50))
    assert report.looks == 3
    assert len(report.failed) == 1
    assert report.failed[0].startswith("c0/prod: ")


def test_a_new_destination_is_delivered_ten_minutes_after_its_bus_was_attached() -> None:
    found = destination(SourceState())
    world = World(found)
    world.looks[found.source] = IS_PENDING
    world.minutes(3)
    world.looks[found.source] = IS_ACTIVE
    world.minutes(10)
    assert world.released == []
    world.minutes(1)
    assert world.released == ["c42/prod"]
    assert [event.detail_type for event in world.events] == ["Destination Pending", "Destination Activated"]


def test_a_clock_of_the_function_that_is_wrong_does_not_shorten_settling() -> None:
    found = destination(SourceState())
    world = World(found)
    world.minutes(1)
    world.skew = timedelta(hours=5)
    world.minutes(8)
    assert world.released == []


def test_a_release_that_was_cut_off_is_started_again_every_minute() -> None:
    world = World(destination(replace(ACTIVE, releasing_at=NOW)))
    world.minutes(2)
    assert world.released == ["c42/prod"] * 2


def test_a_release_without_progress_is_reported_with_its_age() -> None:
    world = World(destination(replace(ACTIVE, releasing_at=NOW - timedelta(minutes=20))))
    assert world.run().stuck_seconds == 1200


def test_a_source_that_is_gone_is_created_again_and_stored_only_then() -> None:
    found = destination()
    world = World(found)
    world.looks[found.source] = IS_GONE
    world.minutes(1)
    assert world.created == []
    world.minutes(1)
    assert world.created == [found.source]
    assert [event.detail_type for event in world.events] == ["Destination Missing"]


def test_a_creation_that_fails_is_tried_again() -> None:
    found = destination()
    world = World(found)
    world.looks[found.source] = IS_GONE
    world.minutes(1)
    services = world.services()
    failing = replace(services, create_source=_raise)
    report = reconcile(REGION, failing, SETTINGS, world.now + timedelta(seconds=50))
    assert report.failed
    world.minutes(1)
    assert world.created == [found.source]


def _raise(_found: Destination) -> None:
    raise OSError("LimitExceededException")


def test_the_window_in_which_events_may_have_been_dropped_is_measured() -> None:
    found = destination(replace(ACTIVE, source_status_at=NOW - timedelta(seconds=60)))
    world = World(found)
    world.looks[found.source] = IS_PENDING
    assert world.run().dropped_seconds == 90


@pytest.mark.parametrize("look", [IS_ACTIVE, IS_PENDING, IS_GONE])
def test_observing_changes_nothing(look: Look) -> None:
    found = [destination(SourceState()), destination(customer="c43", deleting=True)]
    world = World(*found)
    world.looks = dict.fromkeys((one.source for one in found), look)
    key = world.held(found[0], NOW - timedelta(days=30))
    for _ in range(3):
        world.run(replace(SETTINGS, observe=True))
    assert list(world.destinations.values()) == found
    assert (world.created, world.deleted_sources, world.released, world.keys) == ([], [], [], {key})


def test_the_report_counts_sources_by_status_and_knows_the_oldest_look() -> None:
    old = replace(ACTIVE, source_status_at=NOW - timedelta(minutes=7))
    world = World(*many(2, old), destination(SourceState(SourceStatus.PENDING), status=Status.PAUSED))
    world.looks[destination().source] = IS_PENDING
    report = world.run()
    assert report.states == {"active": 2, "pending": 1}
    assert report.oldest_look_seconds == pytest.approx(420, abs=1)


def test_however_many_wait_a_bus_that_was_detached_is_seen() -> None:
    waiting = [
        destination(SourceState(SourceStatus.PENDING), customer=f"w{n:04}", id=f"w{n}", source=f"w{n}")
        for n in range(1001)
    ]
    detached = destination(ACTIVE)
    world = World(*waiting, detached)
    world.looks = {found.source: IS_PENDING for found in (*waiting, detached)}
    world.minutes(2)
    assert world.destinations["c42", "prod"].state.source_status is SourceStatus.PENDING
    world.minutes(2)
    assert {found.source for found in waiting} <= set(world.looked)


def test_what_somebody_else_changed_meanwhile_is_no_failure() -> None:
    found = many(3, SourceState(SourceStatus.PENDING))
    world = World(*found)
    world.looks = {one.source: IS_PENDING for one in found}

    def save(_before: Destination, _after: Destination) -> None:
        raise ChangedError

    report = reconcile(REGION, replace(world.services(), save=save), SETTINGS, NOW + timedelta(seconds=50))
    assert (report.looks, report.failed) == (3, [])
