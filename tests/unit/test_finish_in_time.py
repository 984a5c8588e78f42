"""A deletion is in force with its tombstone: whatever stops the rest of it is no failure of the request."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from relay.bootstrap_destinations import DELETION_SECONDS, finish_in_time
from relay.destinations.errors import ChangedError, SourceRefusedError
from relay.destinations.model import Destination
from tests.unit.destinations.destinations import NOW, destination
from tests.unit.pipeline.reconcile_world import World

DELETED = destination(deleting=True)


@pytest.mark.parametrize(
    "error", [OSError("AWS is away"), SourceRefusedError("OperationDisabledException", ""), ChangedError()]
)
def test_what_stops_a_deletion_is_left_to_the_reconciler(error: Exception) -> None:
    world = World(DELETED)

    def delete_source(_: Destination) -> None:
        raise error

    finish_in_time(DELETED, replace(world.services(), delete_source=delete_source))
    assert world.destinations
    world.run()
    assert not world.destinations


def test_a_deletion_ends_when_its_time_is_over() -> None:
    world = World(DELETED)
    for number in range(3):
        world.held(DELETED, NOW + timedelta(milliseconds=number))
    services = world.services()

    def keys(prefix: str) -> Iterator[str]:
        for key in services.keys(prefix):
            world.now += timedelta(seconds=DELETION_SECONDS)
            yield key

    finish_in_time(DELETED, replace(services, keys=keys))
    assert len(world.keys) == 3
    assert world.destinations
