"""What becomes of the entries of a route with `customer`: put, held, counted, and never with another customer."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from relay.config.model import Config
from relay.delivery.undelivered import EntryResult, NotSent, Queue, Queued, StorageError, Unsent
from relay.destinations.model import Status
from relay.entry import Accepted, Entry, Failed
from relay.errors import MappingError, PayloadTooLarge, Unavailable
from relay.pipeline import responses
from relay.pipeline.customer_entries import SECONDS_TO_HOLD
from tests import doubles
from tests.conftest import NOW, Load
from tests.unit.pipeline.customers_world import PENDING, TOML, World, deliver, event, prod, webhook

REFUSED = "NotAuthorizedForSourceException"


def run(world: World, config: Config, *events: object, seconds: float = 29, **overrides: Any) -> Sequence[EntryResult]:
    return deliver(webhook(config, *events), world.services(config, **overrides), lambda: seconds)


def test_an_entry_is_put_to_each_destination_that_wants_it_in_its_own_region(load: Load) -> None:
    europe = prod(name="europe", aws_region="eu-west-1", detail_types=("order.*",))
    bills = prod(name="bills", detail_types=("invoice.paid",))
    world = World(prod(), europe, bills, prod("c43"))
    assert run(world, load(TOML), event()) == [Accepted("id-1", "c42/prod"), Accepted("id-2", "c42/europe")]
    assert [(entry.source, entry.region) for entry in world.put] == [
        ("aws.partner/acme.example/c42/prod-k3x9qa", "us-east-1"),
        ("aws.partner/acme.example/c42/europe-k3x9qa", "eu-west-1"),
    ]


def test_for_a_customer_without_destinations_nothing_but_the_customer_is_evaluated(load: Load) -> None:
    world = World(prod())
    assert run(world, load(TOML), {"customer": "c99"}) == [NotSent(Unsent.UNSUBSCRIBED)]
    with pytest.raises(MappingError, match=r"event\.detail_type"):
        run(world, load(TOML), {"customer": "c42"})


def test_an_event_without_a_customer_is_told_from_one_that_nobody_wants(load: Load) -> None:
    results = run(World(), load(TOML), event(None), {"type": "x"}, event("c99"))
    assert results == [NotSent(Unsent.WITHOUT_CUSTOMER), NotSent(Unsent.WITHOUT_CUSTOMER), NotSent(Unsent.UNSUBSCRIBED)]
    body = json.loads(responses.accepted(results)["body"])
    assert (body["unsubscribed"], body["without_customer"], body["accepted"]) == (1, 2, 0)
    assert body["entries"] == [{"without_customer": True}, {"without_customer": True}, {"unsubscribed": True}]


@pytest.mark.parametrize("number", [0, 1042])
def test_a_number_may_be_the_id_of_a_customer(load: Load, number: int) -> None:
    world = World(prod(str(number)))
    assert run(world, load(TOML), event(number)) == [Accepted("id-1", f"{number}/prod")]


@pytest.mark.parametrize(
    "value", ["", "a/b", "../c42", "c42\n", " c42", "c" * 65, "ç", True, 4.2, -1, 10**64, ["c42"], {"id": "c42"}]
)
def test_what_cannot_be_the_id_of_a_customer_is_a_mistake_of_the_mapping(load: Load, value: object) -> None:
    world = World(prod(), prod("True"), prod("true"))
    with pytest.raises(MappingError, match='route "orders", customer: '):
        run(world, load(TOML), event(value))
    assert world.read == []


def test_an_entry_waits_while_its_destination_cannot_receive(load: Load) -> None:
    paused = prod(name="paused", status=Status.PAUSED)
    world = World(prod(state=PENDING), paused)
    config = load(TOML)
    results = run(world, config, event(), event(detail_type="order.paid"))
    assert results == [NotSent(Unsent.HELD, "c42/prod"), NotSent(Unsent.HELD, "c42/paused")] * 2
    milliseconds = f"{int(NOW.timestamp() * 1000):015}"
    assert list(world.held) == [
        f"held/c42/prod/k3x9qa/{milliseconds}-request-1",
        f"held/c42/paused/k3x9qa/{milliseconds}-request-1",
    ]
    kept = world.held[f"held/c42/prod/k3x9qa/{milliseconds}-request-1"]
    assert {each.failed for each in kept} == {Failed("Held", "source-pending")}
    assert world.put == []
    body = json.loads(responses.accepted(results)["body"])
    assert body["held"] == 4
    assert body["entries"][0] == {"held": True, "destination": "c42/prod"}


def test_a_disabled_destination_is_sent_nothing(load: Load) -> None:
    world = World(prod(status=Status.DISABLED), prod(name="other"))
    results = run(world, load(TOML), event())
    assert results == [NotSent(Unsent.DISABLED, "c42/prod"), Accepted("id-1", "c42/other")]
    assert json.loads(responses.accepted(results)["body"])["entries"][0] == {
        "disabled": True,
        "destination": "c42/prod",
    }


def test_what_only_disabled_destinations_want_is_not_mapped(load: Load) -> None:
    toml = TOML.replace('detail = "${item}"', 'detail = "${item.missing}"')
    assert run(World(prod(status=Status.DISABLED)), load(toml), event()) == [NotSent(Unsent.DISABLED, "c42/prod")]


def test_without_holding_an_entry_is_put_whatever_the_state_of_its_source(load: Load) -> None:
    world = World(prod(state=PENDING), prod(name="paused", status=Status.PAUSED))
    config = load(TOML.replace("[destinations]", '[destinations]\nhold = "never"'))
    assert run(world, config, event()) == [Accepted("id-1", "c42/prod"), NotSent(Unsent.DISABLED, "c42/paused")]
    assert world.held == {}


def test_an_entry_that_is_refused_for_its_source_is_held_and_the_refusal_noted(load: Load) -> None:
    world = World(prod(), prod(name="good"))
    world.refused[prod().source] = REFUSED
    results = run(world, load(TOML), event(), event(detail_type="order.paid"))
    assert results == [
        NotSent(Unsent.HELD, "c42/prod"),
        Accepted("id-1", "c42/good"),
        NotSent(Unsent.HELD, "c42/prod"),
        Accepted("id-2", "c42/good"),
    ]
    [(key, kept)] = world.held.items()
    assert key.endswith("-request-1-refused")
    assert [each.failed for each in kept] == [Failed(REFUSED, "no", 1)] * 2
    assert world.noted == [("c42/prod", f"{REFUSED}: no")]


@pytest.mark.parametrize("code", ["UnrecognizedClientException", "ResourceNotFoundException", REFUSED])
def test_a_refused_request_holds_nobody(load: Load, code: str) -> None:
    """It is our own role or credentials, or the source of another in it: the retry queue brings it back."""
    world = World(prod())
    world.refused[prod().source] = code
    world.is_request_refused = True
    (result,) = run(world, load(TOML.replace('path = "/orders"', 'path = "/orders"\nretry_for = "0 s"')), event())
    assert isinstance(result, Queued)
    assert (result.queue, result.destination) == (Queue.RETRY, "c42/prod")
    assert (world.held, world.noted) == ({}, [])
    (stored,) = world.queues[Queue.RETRY]
    assert stored.destination
    assert stored.destination.label == "c42/prod"


def test_attempts_that_were_throttled_are_no_refusals(load: Load) -> None:
    world = World(prod())
    codes = iter(["ThrottlingException", "ThrottlingException", REFUSED])

    def send(_entries: Sequence[Entry]) -> Sequence[Failed]:
        return [Failed(next(codes), "no")]

    run(world, load(TOML), event(), send=send)
    [[kept]] = world.held.values()
    assert kept.failed == Failed(REFUSED, "no", 1)


def test_what_the_bucket_does_not_take_goes_to_the_retry_queue_and_is_held_from_there(load: Load) -> None:
    world = World(prod(state=PENDING))
    world.down.add("bucket")
    (result,) = run(world, load(TOML), event())
    assert result == Queued(Queue.RETRY, Failed("HoldFailed", "the bucket is down"), "c42/prod")
    (stored,) = world.queues[Queue.RETRY]
    assert stored.destination
    assert json.loads(responses.accepted([result])["body"])["entries"] == [
        {"queued": True, "error_code": "HoldFailed", "destination": "c42/prod"}
    ]


def test_what_neither_the_bucket_nor_a_queue_takes_stays_with_its_sender_before_anything_is_put(load: Load) -> None:
    world = World(prod(), prod("c43", state=PENDING))
    world.down |= {"bucket", *Queue}
    with pytest.raises(StorageError):
        run(world, load(TOML), event(), event("c43"))
    assert world.put == []


def test_without_time_for_the_bucket_the_queue_takes_what_is_to_be_held(load: Load) -> None:
    world = World(prod(state=PENDING))
    (result,) = run(world, load(TOML), event(), seconds=SECONDS_TO_HOLD)
    assert result == Queued(Queue.RETRY, Failed("HoldFailed", "there was no time for it"), "c42/prod")


def test_a_registry_that_cannot_be_read_leaves_the_webhook_to_its_sender(load: Load) -> None:
    world = World(prod())
    world.down.add("registry")
    with pytest.raises(Unavailable):
        run(world, load(TOML), event())


def test_customers_that_cannot_all_be_read_in_time_leave_the_webhook_to_its_sender(load: Load) -> None:
    with pytest.raises(Unavailable, match="no time to read"):
        run(World(prod()), load(TOML), event(), seconds=22)


def test_an_entry_for_a_region_that_relay_toml_does_not_name_any_more_is_dead_lettered_alone(load: Load) -> None:
    world = World(prod(aws_region="ap-south-1"), prod(name="good"))
    first, second = run(world, load(TOML), event())
    assert isinstance(first, Queued)
    assert (first.queue, first.failed.code) == (Queue.DEAD_LETTERS, "NoSuchRegion")
    assert second == Accepted("id-1", "c42/good")


def test_when_leaves_out_an_event_of_a_customer_who_has_destinations(load: Load) -> None:
    world = World(prod())
    config = load(TOML.replace("each =", "when = \"${item.type != 'ping'}\", each ="))
    assert run(world, config, event(detail_type="ping"), event()) == [Accepted("id-1", "c42/prod")]


def test_an_event_counts_once_for_each_destination_that_wants_it(load: Load) -> None:
    config = load("limits = { entries = 3 }\n" + TOML)
    world = World(prod(), prod(name="other"))
    with pytest.raises(PayloadTooLarge, match="more than 3 entries"):
        run(world, config, event(), event())
    assert len(run(world, config, event(), event("c99"))) == 3


def test_of_very_many_entries_the_response_leaves_out_the_destinations() -> None:
    """With dedupe it has to fit an item of a table."""
    results = [Accepted("6a7e8feb-b491-4cf7-a9f1-bf3703467718", "c" * 64 + "/" + "d" * 32)] * 5000
    assert len(responses.accepted(results)["body"]) < 300_000
    assert "destination" in responses.accepted(results[:500])["body"]


def test_a_detail_that_is_too_large_is_stored_once_for_all_destinations(load: Load) -> None:
    stored: list[str] = []

    def store(text: str) -> tuple[str, str]:
        stored.append(text)
        return "bucket", "claims/1"

    world = World(prod(), prod(name="other"))
    route = TOML.replace("customer =", 'on_oversize = "claim-check"\ncustomer =')
    config = load('limits = { entry = "1 kB" }\n' + route)
    relay = world.services(config, claim_checks=doubles.NO_CLAIM_CHECKS._replace(store=store))
    deliver(webhook(config, event(text="x" * 2000)), relay, lambda: 29)
    assert (len(stored), [entry.claim for entry in world.put]) == (1, ["claims/1", "claims/1"])


def test_the_longest_source_of_all_destinations_decides_whether_an_entry_is_too_large(load: Load) -> None:
    short, long = prod(), prod(name="a-very-long-name-of-thirty-chars")
    size = Entry(NOW, short.source, (), "order.created", json.dumps(event()), "us-east-1").size
    config = load(f'limits = {{ entry = "{size} B" }}\n' + TOML)
    with pytest.raises(PayloadTooLarge, match="An entry has"):
        run(World(short, long), config, event())
    assert run(World(short), config, event()) == [Accepted("id-1", "c42/prod")]


def test_the_entries_for_all_destinations_together_are_bounded(load: Load) -> None:
    """Each destination has a copy of the detail, which the function's memory would have to hold."""
    names = [f"d{number}" for number in range(20)]
    world = World(*(prod(name=name) for name in names))
    large = [event(text="x" * 900_000), event(text="x" * 900_000)]
    with pytest.raises(PayloadTooLarge, match="in all"):
        run(world, load(TOML), *large)
    assert len(run(world, load(TOML), large[0])) == 20
