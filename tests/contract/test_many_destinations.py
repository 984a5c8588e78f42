"""A registry of 3,000 destinations on a table of the local AWS: listed, paged through, and looked at in turn."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from relay.aws.registry_table import RegistryTable
from relay.destinations import items
from relay.destinations.model import Destination, SourceStatus
from relay.destinations.reconcile import Look
from relay.pipeline.reconcile import ReconcileServices, Report, Settings, reconcile
from relay_local.process import PARTNER, LocalAws
from tests.local_bus import REGION, create_destinations_table
from tests.unit.destinations.destinations import ACTIVE, NOW, destination

NUMBER, PENDING = 3_000, 200
RUN = timedelta(seconds=50)


@pytest.fixture(scope="module")
def table(bus: LocalAws) -> Iterator[RegistryTable]:
    client, name = bus.client("dynamodb", PARTNER, REGION), "many"
    create_destinations_table(bus, name)
    rows = [
        {"PutRequest": {"Item": item}}
        for number in range(NUMBER)
        for item in (
            items.configuration_item(made(number)),
            items.state_item(made(number)),
            items.owner_item(made(number)),
        )
    ]
    for start in range(0, len(rows), 24):
        client.batch_write_item(RequestItems={name: rows[start : start + 24]})
    yield RegistryTable(client, name)
    client.delete_table(TableName=name)


def made(number: int) -> Destination:
    """Return the destination of this number; some are pending."""
    status = SourceStatus.PENDING if number % (NUMBER // PENDING) == 0 else SourceStatus.ACTIVE
    customer, state = f"c{number:05}", replace(ACTIVE, source_status=status)
    return destination(state, customer=customer, source=f"aws.partner/acme.example/{customer}/prod-k3x9qa")


def test_every_destination_is_in_the_list_once(table: RegistryTable) -> None:
    labels = [found.label for found in table.all()]
    assert (len(labels), len(set(labels))) == (NUMBER, NUMBER)


@pytest.mark.parametrize(("status", "number"), [(None, NUMBER), (SourceStatus.PENDING, PENDING)])
def test_the_pages_have_each_destination_once(table: RegistryTable, status: SourceStatus | None, number: int) -> None:
    labels: Counter[str] = Counter()
    start, pages = "", 0
    while True:
        found, start = table.page(start, 100, lambda each: status in {None, each.state.source_status})
        labels.update(each.label for each in found)
        pages += 1
        if not start:
            break
    assert (len(labels), set(labels.values())) == (number, {1})
    assert pages <= 2 * NUMBER // 100  # the last customer of a scan is read again in the next one


def test_a_run_looks_first_at_what_somebody_waits_for_and_the_next_run_goes_on_with_the_others(
    table: RegistryTable,
) -> None:
    clock = NOW + timedelta(hours=1)
    looked: list[str] = []

    def look(found: Destination) -> tuple[Look, datetime]:
        looked.append(found.label)
        return Look(found.state.source_status), clock

    def sleep(seconds: float) -> None:
        nonlocal clock
        clock += timedelta(seconds=seconds)

    def run() -> Report:
        destinations = list(table.all())
        unused: Any = None
        services = ReconcileServices(
            waiting=table.waiting,
            destinations=lambda: destinations,
            find=table.get,
            look=look,
            create_source=unused,
            delete_source=unused,
            save=table.save,
            forget=unused,
            start_release=unused,
            keys=lambda _: [],
            delete_keys=unused,
            notify=lambda _: None,
            clock=lambda: clock,
            sleep=sleep,
        )
        settings = Settings(timedelta(minutes=10), timedelta(days=14), timedelta(seconds=30))
        return reconcile(REGION, services, settings, clock + RUN)

    first, second = run(), run()
    assert (first.looks, second.looks, first.failed) == (1000, 1000, [])  # 20 a second, for 50 seconds
    assert first.states == {"active": NUMBER - PENDING, "pending": PENDING}
    waiting = {made(number).label for number in range(0, NUMBER, NUMBER // PENDING)}
    early = PENDING * 4 // 3 + 1  # after three that somebody waits for, one of the others
    assert waiting <= set(looked[:early])
    assert waiting <= set(looked[1000 : 1000 + early])
    assert len(set(looked) - waiting) == 2 * (1000 - PENDING)
