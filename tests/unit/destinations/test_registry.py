"""The registry is asked as seldom as it may be, and a miss never decides for long."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from relay.destinations.model import Destination
from relay.destinations.registry import Registry
from relay.errors import Unavailable
from tests.unit.destinations.destinations import destination


class Table:
    """Stands for the table: what it has, how often it was asked, and whether it is down."""

    def __init__(self, *destinations: Destination) -> None:
        self.destinations = list(destinations)
        self.queries = 0
        self.down = False

    def query(self, customer: str) -> Sequence[Destination]:
        self.queries += 1
        if self.down:
            raise OSError("ProvisionedThroughputExceededException")
        return [one for one in self.destinations if one.customer == customer]


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


PROD = destination()


def test_a_customer_that_is_there_is_read_once_in_the_time_of_the_cache() -> None:
    table, clock = Table(PROD), Clock()
    registry = Registry(table.query, 30, clock)
    assert registry.destinations("c42") == (PROD,)
    clock.seconds += 29.9
    assert registry.destinations("c42") == (PROD,)
    assert table.queries == 1
    table.destinations = [replace(PROD, version=2)]
    clock.seconds += 0.1
    assert registry.destinations("c42")[0].version == 2


def test_a_customer_that_connects_is_found_a_second_later() -> None:
    table, clock = Table(), Clock()
    registry = Registry(table.query, 30, clock)
    assert registry.destinations("c42") == ()
    table.destinations = [PROD]
    assert registry.destinations("c42") == ()
    clock.seconds += 1
    assert registry.destinations("c42") == (PROD,)


def test_a_burst_of_webhooks_for_a_customer_without_destinations_is_one_query_a_second() -> None:
    table, clock = Table(), Clock()
    registry = Registry(table.query, 30, clock)
    for _ in range(100):
        registry.destinations("c42")
    assert table.queries == 1


def test_destinations_go_on_being_used_for_ten_minutes_while_the_table_is_down() -> None:
    table, clock = Table(PROD), Clock()
    registry = Registry(table.query, 30, clock)
    registry.destinations("c42")
    table.down = True
    clock.seconds += 599.9
    assert registry.destinations("c42") == (PROD,)
    clock.seconds += 0.1
    with pytest.raises(Unavailable):
        registry.destinations("c42")


def test_an_old_miss_decides_nothing_while_the_table_is_down() -> None:
    table, clock = Table(), Clock()
    registry = Registry(table.query, 30, clock)
    registry.destinations("c42")
    table.down = True
    clock.seconds += 1
    with pytest.raises(Unavailable):
        registry.destinations("c42")


def test_without_anything_known_a_table_that_is_down_makes_the_sender_try_again() -> None:
    table = Table(PROD)
    table.down = True
    with pytest.raises(Unavailable) as raised:
        Registry(table.query, 30, Clock()).destinations("c42")
    assert "c42" not in raised.value.detail
    assert "ProvisionedThroughputExceededException" in raised.value.reason


def test_a_customer_whose_destinations_are_gone_is_not_remembered_by_what_was_there() -> None:
    table, clock = Table(PROD), Clock()
    registry = Registry(table.query, 30, clock)
    registry.destinations("c42")
    table.destinations = []
    clock.seconds += 30
    assert registry.destinations("c42") == ()
    table.down = True
    clock.seconds += 1
    with pytest.raises(Unavailable):
        registry.destinations("c42")


def test_a_destination_that_is_being_deleted_is_gone() -> None:
    assert Registry(Table(replace(PROD, deleting=True)).query, 30, Clock()).destinations("c42") == ()


def test_a_clock_that_was_set_back_makes_what_is_known_older() -> None:
    table, clock = Table(PROD), Clock()
    registry = Registry(table.query, 30, clock)
    registry.destinations("c42")
    clock.seconds -= 3600
    registry.destinations("c42")
    assert table.queries == 2


def test_what_is_remembered_is_as_old_as_the_beginning_of_its_read() -> None:
    table, clock = Table(), Clock()

    def slow(customer: str) -> Sequence[Destination]:
        found = table.query(customer)
        clock.seconds += 1.9
        return found

    registry = Registry(slow, 30, clock)
    assert registry.destinations("c42") == ()
    table.destinations = [PROD]
    assert registry.destinations("c42") == (PROD,)


def test_a_read_never_answers_from_memory() -> None:
    table, clock = Table(), Clock()
    registry = Registry(table.query, 30, clock)
    assert registry.destinations("c42") == ()
    table.destinations = [PROD]
    assert registry.read("c42") == (PROD,)
    table.down = True
    with pytest.raises(Unavailable):
        registry.read("c42")
    assert registry.destinations("c42") == (PROD,)
