"""The delivery log: what it says of each entry, at first and later."""

from collections.abc import Sequence
from functools import partial

import pytest

from relay.config.model import Config
from relay.delivery.message import Message
from relay.delivery.undelivered import Queue, Queued
from relay.destinations.model import Destination, Status
from relay.entry import Accepted, Entry, Failed
from relay.mapping import claim_check
from relay.pipeline import customer_entries, entry_lines
from relay.pipeline.results import Done, EntryLine, Relayed
from relay.pipeline.retry import redeliver
from relay.pipeline.waiting import ReceivedMessage
from tests.conftest import NOW, Load, no_retries
from tests.unit.pipeline import release_world
from tests.unit.pipeline.customers_world import PENDING, TOML, World, event, message, prod, webhook

SOURCE = "aws.partner/acme.example/c42/prod-k3x9qa"
REFUSED = "NotAuthorizedForSourceException"
OF_ORDERS = {"route": "orders", "webhook_id": "msg_1"}
OF_C42 = {"customer": "c42", "destination": "c42/prod"}
OF_ENTRY = {"source": SOURCE, "detail_type": "order.created", "bytes": 108}


def at_first(world: World, config: Config, *events: object) -> list[EntryLine]:
    """Return the lines of a webhook that was relayed."""
    parsed, services = webhook(config, *events), world.services(config)
    store_detail = partial(claim_check.store_detail, store=services.claim_checks, now=NOW)
    planned = customer_entries.plan(parsed, services, lambda: 29, store_detail)
    results = customer_entries.deliver_to_destinations(parsed, planned, services, lambda: 29)
    return list(entry_lines.of_webhook(Relayed("orders", parsed.id, results, planned, 12)))


def later(world: World, config: Config, *messages: Message) -> list[EntryLine]:
    """Return the lines of a batch of the retry queue."""
    batch = [ReceivedMessage(each.text(), 1, NOW, "message-1") for each in messages]
    results = redeliver(batch, world.services(config), NOW, no_retries())
    return [line for result in results if isinstance(result, Done) for line in result.lines]


def test_an_accepted_entry_is_found_by_its_customer_its_source_and_its_event_id(load: Load) -> None:
    assert at_first(World(prod()), load(TOML), event()) == [
        OF_ORDERS | {"index": 0} | OF_C42 | OF_ENTRY
        | {"result": "accepted", "event_id": "id-1", "put_ms": 12}
    ]  # fmt: skip


def test_an_entry_that_is_not_put_says_why_and_whose_it_would_have_been(load: Load) -> None:
    world = World(prod(state=PENDING), prod("c43", status=Status.DISABLED), prod("c44", detail_types=("invoice.*",)))
    assert at_first(world, load(TOML), event(), event("c43"), event("c44"), event("c99"), event(None)) == [
        OF_ORDERS | {"index": 0} | OF_C42 | OF_ENTRY | {"result": "held"},
        OF_ORDERS | {"index": 1, "customer": "c43", "destination": "c43/prod", "result": "disabled"},
        OF_ORDERS | {"index": 2, "customer": "c44", "result": "unsubscribed"},
        OF_ORDERS | {"index": 3, "customer": "c99", "result": "unsubscribed"},
        OF_ORDERS | {"index": 4, "result": "without_customer"},
    ]


@pytest.mark.parametrize(("code", "place"), [("InternalFailure", "queued"), ("MalformedDetail", "dead_lettered")])
def test_an_entry_in_a_queue_says_its_error_and_its_attempts(load: Load, code: str, place: str) -> None:
    world = World(prod())
    world.refused[SOURCE] = code
    config = load(TOML.replace('path = "/orders"', 'path = "/orders"\nretry_for = "0 s"'))
    [line] = at_first(world, config, event())
    assert line == OF_ORDERS | {"index": 0} | OF_C42 | OF_ENTRY | {
        "result": place,
        "error_code": code,
        "attempts": 1,
        "put_ms": 12,
    }


def test_an_entry_of_a_route_without_customer_has_its_source_and_no_customer() -> None:
    entry = Entry(NOW, SOURCE, (), "order.created", "{}", "us-east-1")
    [line] = entry_lines.of_webhook(Relayed("orders", "msg_1", [Accepted("id-1", attempts=2)], [entry], 12))
    assert line == OF_ORDERS | {"index": 0, "source": SOURCE, "detail_type": "order.created", "bytes": entry.size} | {
        "result": "accepted",
        "event_id": "id-1",
        "attempts": 2,
        "put_ms": 12,
    }


def test_a_webhook_that_could_not_be_mapped_has_one_line() -> None:
    result = Queued(Queue.DEAD_LETTERS, Failed("MappingError", "no customer"))
    assert list(entry_lines.of_webhook(Relayed("orders", "msg_1", [result]))) == [
        OF_ORDERS | {"index": 0, "result": "dead_lettered", "error_code": "MappingError", "attempts": 0}
    ]


def test_an_entry_keeps_its_index_on_its_way_through_the_queue(load: Load) -> None:
    world = World(prod())
    world.refused[SOURCE] = "InternalFailure"
    config = load(TOML.replace('path = "/orders"', 'path = "/orders"\nretry_for = "0 s"'))
    at_first(world, config, event("c99"), event())
    [queued] = world.queues[Queue.RETRY]
    world.refused.clear()
    [line] = later(world, config, queued)
    assert line == OF_ORDERS | {"index": 1} | OF_C42 | OF_ENTRY | {
        "result": "redelivered",
        "event_id": "id-1",
        "attempts": 1,
    }


@pytest.mark.parametrize(
    ("destinations", "result"),
    [
        ([], "discarded"),
        ([prod(status=Status.DISABLED)], "disabled"),
        ([prod(state=PENDING)], "held"),
        ([prod()], "redelivered"),
    ],
)
def test_what_becomes_of_a_message_is_a_line(load: Load, destinations: Sequence[Destination], result: str) -> None:
    [line] = later(World(*destinations), load(TOML), message(prod(), index=7))
    assert (line["result"], line["webhook_id"], line["index"], line["customer"]) == (result, "msg_1", 7, "c42")


def test_a_message_that_waits_on_has_no_line(load: Load) -> None:
    world = World(prod())
    world.refused[SOURCE] = "InternalFailure"
    assert later(world, load(TOML), message(prod())) == []


def test_what_is_refused_later_is_held_or_dead_lettered_with_a_line(load: Load) -> None:
    world = World(prod())
    world.refused[SOURCE] = REFUSED
    assert [line["result"] for line in later(world, load(TOML), message(prod()))] == ["held"]
    world.refused[SOURCE] = "MalformedDetail"
    [line] = later(world, load(TOML), message(prod()))
    assert (line["result"], line["error_code"]) == ("dead_lettered", "MalformedDetail")


def test_a_released_entry_has_a_line_and_one_that_stays_held_has_none() -> None:
    world = release_world.World()
    world.hold(1, "a")
    world.outcome = release_world.REFUSED
    world.run()
    assert world.lines == []
    world.outcome, world.destination = None, release_world.PROD
    world.run()
    [line] = world.lines
    assert (line["result"], line["event_id"], line["destination"]) == ("released", "event-0", "c42/prod")


def test_what_cannot_be_released_is_a_line_with_its_error() -> None:
    world = release_world.World()
    world.hold(1, "a")
    world.outcome = Failed("MalformedDetail", "no", 1)
    world.run()
    assert [(line["result"], line["error_code"]) for line in world.lines] == [("dead_lettered", "MalformedDetail")]
