"""What is held without a reason is released: no entry waits for a look that will never tell of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from relay.destinations import held
from relay.destinations.errors import ChangedError
from relay.destinations.held import HeldKey
from relay.destinations.model import Destination, SourceStatus, Status
from relay.pipeline.sweep import SweepServices, held_destinations, sweep
from tests.unit.destinations.destinations import ACTIVE, NOW, destination

PROD = destination()


class World:
    """A registry and a bucket in memory."""

    def __init__(self, *destinations: Destination) -> None:
        self.rows = {(each.customer, each.name): each for each in destinations}
        self.keys: list[str] = []
        self.started: list[str] = []
        self.lists = 0
        self.refuses = False

    def hold(self, *destinations: Destination, webhooks: int = 1) -> None:
        for each in destinations:
            for number in range(webhooks):
                at = NOW + timedelta(seconds=number)
                self.keys.append(HeldKey(each.customer, each.name, each.id, at, f"r{number}").text())

    def first_key(self, prefix: str, after: str) -> str | None:
        self.lists += 1
        return min((key for key in self.keys if key.startswith(prefix) and key > after), default=None)

    def save(self, before: Destination, after: Destination) -> None:
        if self.refuses:
            raise ChangedError
        assert self.rows[before.customer, before.name] == before
        self.rows[before.customer, before.name] = after

    def run(self) -> list[str]:
        services = SweepServices(
            self.first_key,
            lambda customer, name: self.rows.get((customer, name)),
            self.save,
            lambda found: self.started.append(found.label),
        )
        return sweep(services, NOW, lambda: True)


def test_what_is_held_for_a_destination_that_can_receive_is_released() -> None:
    world = World(PROD)
    world.hold(PROD, webhooks=3)
    assert world.run() == world.started == ["c42/prod"]
    assert world.rows["c42", "prod"].state.releasing_at == NOW
    assert world.run() == []  # it is being released


@pytest.mark.parametrize(
    "found",
    [
        destination(replace(ACTIVE, source_status=SourceStatus.PENDING)),
        destination(replace(ACTIVE, settling_since=NOW)),
        destination(replace(ACTIVE, refused_at=NOW)),
        destination(replace(ACTIVE, releasing_at=NOW)),
        destination(status=Status.PAUSED),
        destination(status=Status.DISABLED),
        destination(deleting=True),
        destination(id="other0"),
    ],
)
def test_what_waits_for_something_or_is_nobodys_goes_on_waiting(found: Destination) -> None:
    world = World(found)
    world.hold(PROD)
    assert (world.run(), world.rows["c42", "prod"]) == ([], found)


def test_a_destination_that_was_deleted_meanwhile_stops_no_other() -> None:
    world = World(PROD, destination(customer="c43"))
    world.hold(PROD, destination(customer="c43"))
    world.refuses = True
    assert (world.run(), world.started) == ([], [])


def test_a_sweep_that_begins_anywhere_comes_round_to_every_destination_once() -> None:
    world = World()
    others = [destination(customer=f"c{number}", id=f"id{number}") for number in range(5)]
    world.hold(*others, webhooks=2)
    for begin in (*(held.prefix(each.customer, each.name, each.id) for each in others), "held/zz", held.HELD):
        found = [key.customer for key in held_destinations(world.first_key, begin)]
        assert sorted(found) == ["c0", "c1", "c2", "c3", "c4"]
    assert [key.customer for key in held_destinations(world.first_key, "held/c3/")] == ["c3", "c4", "c0", "c1", "c2"]


def test_each_destination_costs_one_request_however_much_is_held() -> None:
    world = World()
    others = [destination(customer=customer, name=name) for customer in ("c1", "c10", "c2") for name in ("a", "a-b")]
    world.hold(*others, webhooks=50)
    world.keys += ["held/what is this", "held/c1/a/x"]
    found = [(key.customer, key.destination) for key in held_destinations(world.first_key)]
    assert sorted(found) == sorted((each.customer, each.name) for each in others)
    assert world.lists == len(others) + 2 + 1
