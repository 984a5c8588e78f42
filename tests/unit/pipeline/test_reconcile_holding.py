"""What is held ends, and what is deleted goes with its destination, in bounded steps."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from relay.destinations import held
from relay.destinations.errors import (
    SourceOwnedError,
    ThrottledError,
)
from relay.destinations.held import HeldKey
from relay.destinations.model import Destination, SourceState, SourceStatus, Status
from relay.destinations.reconcile import Look
from relay.pipeline.reconcile import MOST_DELETED, MOST_KEYS, Report, reconcile
from tests.unit.destinations.destinations import ACTIVE, NOW, destination
from tests.unit.pipeline.reconcile_world import IS_PENDING, REGION, SETTINGS, World, many


def test_a_deletion_reads_a_bounded_number_of_keys_at_once() -> None:
    found = destination(deleting=True)
    world = World(found)
    read, deleted, most = 0, 0, 0

    def keys(prefix: str) -> Iterator[str]:
        nonlocal read
        for number in range(2500 if prefix.startswith(held.HELD) else 0):
            read += 1
            yield f"{prefix}{number}"

    def delete_keys(some: Sequence[str]) -> None:
        nonlocal deleted, most
        deleted += len(some)
        most = max(most, read - deleted + len(some))

    services = replace(world.services(), keys=keys, delete_keys=delete_keys)
    reconcile(REGION, services, SETTINGS, NOW + timedelta(seconds=50))
    assert (deleted, most) == (2500, MOST_KEYS)


def test_a_deletion_that_was_cut_off_is_finished() -> None:
    found = destination(deleting=True)
    world = World(found)
    world.held(found, NOW)
    world.keys.add(held.released_key(HeldKey("c42", "prod", found.id, NOW, "old").text()))
    another = world.held(destination(customer="c43"), NOW)
    assert world.run().destinations_deleted == 1
    assert (world.deleted_sources, world.destinations, world.keys) == ([found.source], {}, {another})


def test_a_deletion_of_much_that_is_held_goes_on_in_the_next_run_and_the_others_are_looked_at() -> None:
    found = destination(customer="a", deleting=True)
    world = World(found, *many(5))
    for number in range(2 * MOST_DELETED + 1):
        world.held(found, NOW + timedelta(milliseconds=number))
    services = world.services()

    def delete_keys(some: Sequence[str]) -> None:
        world.now += timedelta(seconds=0.5)
        services.delete_keys(some)

    def run() -> Report:
        return reconcile(
            REGION, replace(services, delete_keys=delete_keys), SETTINGS, world.now + timedelta(seconds=50)
        )

    deleted = [run().destinations_deleted for _ in range(3)]
    assert deleted == [0, 0, 1]
    assert len(world.looked) == 3 * 5
    assert (world.keys, ("a", "prod") in world.destinations) == (set(), False)


def test_what_is_held_for_a_disabled_destination_ends_and_is_told_too() -> None:
    found = destination(status=Status.DISABLED, status_reason="refused")
    assert found.holding is None
    world = World(found)
    world.held(found, NOW - timedelta(days=14))
    expiring = world.held(found, NOW - timedelta(days=13))
    report = world.run()
    assert (report.expired_webhooks, report.expiring_webhooks, world.keys) == (1, 1, {expiring})


def test_holding_ends_and_is_told_a_day_before() -> None:
    found = destination(SourceState(SourceStatus.PENDING))
    world = World(found)
    world.looks[found.source] = IS_PENDING
    world.held(found, NOW - timedelta(days=14))
    expiring = world.held(found, NOW - timedelta(days=13))
    new = world.held(found, NOW - timedelta(days=12, hours=23))
    report = world.run()
    assert (report.expired_webhooks, report.expiring_webhooks) == (1, 1)
    assert world.keys == {expiring, new}
    assert [(event.detail_type, event.detail["webhooks"]) for event in world.events] == [
        ("Entries Expired", 1),
        ("Entries Expiring", 1),
    ]


def test_what_is_being_released_does_not_end() -> None:
    found = destination(replace(ACTIVE, releasing_at=NOW))
    world = World(found)
    key = world.held(found, NOW - timedelta(days=30))
    world.run()
    assert world.keys == {key}


@pytest.mark.parametrize("error", [OSError("no such Region"), SourceOwnedError(), ThrottledError("Rate exceeded")])
def test_holding_ends_whatever_is_the_matter_with_the_source(error: Exception) -> None:
    found = destination(ACTIVE)
    world = World(found)
    world.held(found, NOW - timedelta(days=14))
    expiring = world.held(found, NOW - timedelta(days=13))

    def look(_: Destination) -> tuple[Look, datetime]:
        raise error

    report = reconcile(REGION, replace(world.services(), look=look), SETTINGS, NOW + timedelta(seconds=50))
    assert (report.expired_webhooks, world.keys) == (1, {expiring})
    assert [event.detail_type for event in world.events] == ["Entries Expired", "Entries Expiring"]
