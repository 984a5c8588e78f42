"""The registry on a DynamoDB table of the local AWS: real conditions, real transactions, a real sparse index."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from relay.aws.registry_table import RegistryTable
from relay.destinations.errors import ChangedError, DestinationExistsError, SourceOwnedError
from relay.destinations.model import Destination, SourceState, SourceStatus, Status
from relay_local.process import PARTNER
from tests.local_bus import REGION, create_destinations_table
from tests.unit.destinations.destinations import ACTIVE, NOW, destination

numbers = count()
PENDING = SourceState(SourceStatus.PENDING, NOW)
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def client(bus: Any) -> Any:
    return bus.client("dynamodb", PARTNER, REGION)


@pytest.fixture
def table(bus: Any, client: Any) -> Iterator[RegistryTable]:
    name = f"destinations-{next(numbers)}"
    create_destinations_table(bus, name)
    yield RegistryTable(client, name)
    client.delete_table(TableName=name)


def test_a_destination_comes_back_as_it_was_created(table: RegistryTable) -> None:
    created = destination(PENDING, metadata={"plan": "gold"}, detail_types=("order.*", "x"))
    table.create(created)
    assert table.query("c42") == [created]
    assert table.get("c42", "prod") == created
    assert (table.query("c43"), table.get("c42", "stage")) == ([], None)


def test_a_second_destination_of_the_name_is_refused(table: RegistryTable) -> None:
    table.create(destination())
    with pytest.raises(DestinationExistsError):
        table.create(destination(id="zzzzzz", source="another"))
    assert table.query("c42") == [destination()]


def test_a_source_has_one_owner_in_its_region(table: RegistryTable) -> None:
    table.create(destination())
    with pytest.raises(SourceOwnedError):
        table.create(destination(customer="c43", id="zzzzzz"))
    assert table.query("c43") == []
    table.create(destination(customer="c43", id="zzzzzz", aws_region="eu-west-1"))


def test_that_access_was_ended_is_known_and_is_no_destination(table: RegistryTable) -> None:
    table.create(destination())
    assert table.revoked_at("c42") is None
    table.revoke_access("c42", NOW)
    table.revoke_access("c42", NOW + MINUTE)
    assert (table.revoked_at("c42"), table.revoked_at("c4")) == (NOW + MINUTE, None)
    assert (table.query("c42"), list(table.all())) == ([destination()], [destination()])
    after, found = "", list[Destination]()
    while True:  # a page may begin and end at it
        page, after = table.page(after, 1, lambda _: True)
        found += page
        if not after:
            break
    assert found == [destination()]


def test_of_two_writers_the_slower_changes_nothing(table: RegistryTable) -> None:
    before = destination()
    table.create(before)
    faster, slower = (replace(before, version=2, description=text) for text in ("faster", "slower"))
    table.save(before, faster)
    with pytest.raises(ChangedError):
        table.save(before, slower)
    assert table.query("c42") == [faster]


def test_a_look_and_a_delivery_at_the_same_moment_are_both_kept(table: RegistryTable) -> None:
    before = destination(PENDING)
    table.create(before)
    table.save(before, replace(before, state=replace(PENDING, source_status=SourceStatus.ACTIVE)))
    table.save(before, replace(before, state=replace(PENDING, last_delivered_at=NOW)))
    [found] = table.query("c42")
    assert (found.state.source_status, found.state.last_delivered_at) == (SourceStatus.ACTIVE, NOW)


@pytest.mark.parametrize(
    ("faster", "slower"),
    [
        ({"source_status_at": NOW + MINUTE}, {"source_status_at": NOW + 2 * MINUTE}),
        ({"restoring_since": NOW - MINUTE}, {"restoring_since": NOW}),
    ],
)
def test_a_state_that_was_decided_on_what_is_not_so_any_more_is_not_written(
    table: RegistryTable, faster: dict[str, Any], slower: dict[str, Any]
) -> None:
    before = destination(PENDING)
    table.create(before)
    first = replace(before, state=replace(PENDING, **faster))
    table.save(before, first)
    with pytest.raises(ChangedError):
        table.save(before, replace(before, state=replace(PENDING, **slower)))
    assert table.query("c42") == [first]
    second = replace(first, state=replace(first.state, **slower))
    table.save(first, second)
    assert table.query("c42") == [second]


def test_a_look_at_a_destination_that_was_deleted_meanwhile_writes_nothing(table: RegistryTable) -> None:
    before = destination(PENDING)
    table.create(before)
    table.delete(before)
    with pytest.raises(ChangedError):
        table.save(before, replace(before, state=ACTIVE))
    assert list(table.waiting(REGION)) == []


def test_a_delivery_does_not_take_the_place_in_the_index_that_a_pause_has_given(table: RegistryTable) -> None:
    before = destination()
    table.create(before)
    table.save(before, replace(before, status=Status.PAUSED, version=2))
    table.save(before, replace(before, state=replace(ACTIVE, last_delivered_at=NOW)))
    assert list(table.waiting(REGION)) == [("c42", "prod")]


def test_what_is_not_set_any_more_is_gone(table: RegistryTable) -> None:
    before = destination(replace(ACTIVE, settling_since=NOW))
    table.create(before)
    table.save(before, replace(before, state=ACTIVE))
    assert table.query("c42") == [destination()]


def test_the_state_of_a_destination_that_was_created_anew_is_not_overwritten(table: RegistryTable) -> None:
    before = destination()
    table.create(before)
    table.delete(before)
    table.create(destination(PENDING, id="zzzzzz", source="another"))
    with pytest.raises(ChangedError):
        table.save(before, replace(before, state=replace(ACTIVE, last_error="old")))
    assert table.query("c42")[0].state == PENDING


def test_a_deletion_frees_name_and_source(table: RegistryTable) -> None:
    table.create(destination())
    table.delete(destination())
    table.delete(destination())
    assert table.query("c42") == []
    table.create(destination(id="zzzzzz"))


def test_a_deletion_of_an_earlier_destination_leaves_todays(table: RegistryTable) -> None:
    today = destination(id="zzzzzz", source="another")
    table.create(today)
    with pytest.raises(ChangedError):
        table.delete(destination())
    assert table.query("c42") == [today]


def test_only_what_somebody_waits_for_is_in_the_index(table: RegistryTable) -> None:
    quiet, waiting = destination(), destination(PENDING, name="stage", id="bbbbbb", source="b")
    for created in (quiet, waiting):
        table.create(created)
    assert list(table.waiting(REGION)) == [("c42", "stage")]
    table.save(waiting, replace(waiting, state=ACTIVE))
    assert list(table.waiting(REGION)) == []
    table.save(quiet, replace(quiet, status=Status.PAUSED, version=2))
    assert list(table.waiting(REGION)) == [("c42", "prod")]


def test_every_destination_is_found_by_scan_and_page_by_page(table: RegistryTable) -> None:
    created = [
        destination(customer=f"c{number:02}", name=name, id=f"i{number:02}{name}", source=f"s{number}{name}")
        for number in range(30)
        for name in ("prod", "stage")
    ]
    for one in created:
        table.create(one)
    assert sorted(table.all(), key=_label) == created
    paged: list[Destination] = []
    after, pages = "", 0
    while pages == 0 or after:
        found, after = table.page(after, 7, lambda found: found.name == "prod")
        paged += found
        pages += 1
    assert sorted(paged, key=_label) == [one for one in created if one.name == "prod"]
    assert pages > 3


def test_a_table_that_is_away_is_an_oserror(client: Any) -> None:
    nowhere = RegistryTable(client, "nowhere")
    for call in (
        lambda: nowhere.query("c42"),
        lambda: nowhere.get("c42", "prod"),
        lambda: list(nowhere.waiting(REGION)),
        lambda: list(nowhere.all()),
        lambda: nowhere.page("", 10, bool),
        lambda: nowhere.create(destination()),
        lambda: nowhere.save(destination(), destination(PENDING)),
        lambda: nowhere.save(destination(), destination(version=2)),
        lambda: nowhere.delete(destination()),
    ):
        with pytest.raises(OSError, match="registry: "):
            call()


def _label(found: Destination) -> str:
    return found.label
