"""A message of the retry queue for a customer's destination: the registry of today says what becomes of it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from relay.config.model import Config
from relay.delivery.message import Message, parse
from relay.delivery.undelivered import Queue
from relay.destinations.model import Status
from relay.entry import Failed
from relay.http.request import Request
from relay.pipeline.results import Done, MessageResult, Postponed
from relay.pipeline.retry import redeliver
from relay.pipeline.waiting import ReceivedMessage
from tests.conftest import NOW, Load, no_retries
from tests.unit.pipeline.customers_world import PENDING, TOML, World, event, message, prod

SOURCE = "aws.partner/acme.example/c42/prod-k3x9qa"
REFUSED = "NotAuthorizedForSourceException"


def run(world: World, config: Config, *messages: Message, hours: float = 0, **overrides: Any) -> list[MessageResult]:
    batch = [
        ReceivedMessage(each.text(), 1, NOW - timedelta(hours=hours), f"message-{number}")
        for number, each in enumerate(messages)
    ]
    services = world.services(config, store_unreadable=lambda _text, _why: None, **overrides)
    return redeliver(batch, services, NOW, no_retries())


def posted(*events: object) -> Message:
    """Return a webhook that could not be mapped."""
    body = json.dumps({"events": events}).encode()
    request = Request("POST", "/orders", "", {}, body, "")
    return replace(message(prod()), content=request, destination=None)


def test_a_message_says_for_which_destination_it_is() -> None:
    sent = message(prod())
    assert json.loads(sent.text())["destination"] == {"customer": "c42", "name": "prod", "id": "k3x9qa"}
    assert parse(sent.text()) == sent


def test_an_entry_is_put_to_the_source_that_its_destination_has_today(load: Load) -> None:
    world = World(prod(aws_region="eu-west-1"))
    assert run(world, load(TOML), message(prod())) == [Done(accepted=1)]
    assert [(entry.source, entry.region) for entry in world.put] == [(SOURCE, "eu-west-1")]


@pytest.mark.parametrize("there", [(), (prod(id="other0"),), (prod(name="other"),), (prod("c43"),)])
def test_an_entry_whose_destination_was_deleted_is_discarded(load: Load, there: Sequence[Any]) -> None:
    world = World(*there)
    assert run(world, load(TOML), message(prod())) == [Done(discarded=1)]
    assert world.put == []


def test_what_another_function_remembers_of_a_destination_decides_nothing(load: Load) -> None:
    world = World(prod())
    services = world.services(load(TOML)).destinations
    assert services
    remembered = services._replace(find=lambda _: ())
    assert run(world, load(TOML), message(prod()), destinations=remembered) == [Done(accepted=1)]


def test_an_entry_whose_destination_is_disabled_is_counted(load: Load) -> None:
    assert run(World(prod(status=Status.DISABLED)), load(TOML), message(prod())) == [Done(disabled=1)]


def test_an_entry_whose_destination_cannot_receive_is_held(load: Load) -> None:
    world = World(prod(state=PENDING))
    first, second = message(prod()), message(prod(), "order.paid")
    assert run(world, load(TOML), first, second) == [Done(held=1)] * 2
    came_at = int(NOW.timestamp() * 1000)  # into the queue; its webhook may be older than anything is held
    assert list(world.held) == [f"held/c42/prod/k3x9qa/{came_at:015}-message-{number}" for number in (0, 1)]
    assert [[each.failed for each in kept] for kept in world.held.values()] == [[Failed("Held", "source-pending")]] * 2


def test_an_entry_that_is_refused_for_its_source_is_held_and_the_refusal_noted(load: Load) -> None:
    world = World(prod())
    world.refused[SOURCE] = REFUSED
    assert run(world, load(TOML), message(prod())) == [Done(held=1)]
    [(key, [kept])] = world.held.items()
    assert key.endswith("-message-0-refused")
    assert kept.failed == Failed(REFUSED, "no", 1)
    assert world.noted == [("c42/prod", f"{REFUSED}: no")]


def test_without_holding_what_is_refused_for_its_source_is_a_dead_letter(load: Load) -> None:
    world = World(prod())
    world.refused[SOURCE] = REFUSED
    config = load(TOML.replace("[destinations]", '[destinations]\nhold = "never"'))
    assert run(world, config, message(prod())) == [Done(dead_lettered=1)]
    assert (len(world.queues[Queue.DEAD_LETTERS]), world.held) == (1, {})


@pytest.mark.parametrize(("part", "code"), [("registry", "OSError"), ("bucket", "HoldFailed")])
def test_a_message_waits_while_what_decides_about_it_is_down(load: Load, part: str, code: str) -> None:
    world = World(prod(state=PENDING))
    world.down.add(part)
    assert run(world, load(TOML), message(prod())) == [Postponed(5, code)]
    assert run(world, load(TOML), message(prod()), hours=24) == [Done(dead_lettered=1)]


def test_without_a_registry_a_message_for_a_destination_waits(load: Load) -> None:
    assert run(World(), load(TOML), message(prod()), destinations=None) == [Postponed(5, "OSError")]


def test_a_webhook_that_is_mapped_again_goes_to_the_destinations_of_today(load: Load) -> None:
    world = World(prod(), prod(name="waits", state=PENDING), prod("c43", status=Status.DISABLED))
    results = run(world, load(TOML), posted(event(), event("c43"), event("c99"), event(None)))
    assert results == [Done(accepted=1, held=1, disabled=1, unsubscribed=1, without_customer=1)]
    assert world.entries() == [(SOURCE, "order.created")]


def test_an_entry_of_such_a_webhook_that_may_yet_be_accepted_goes_back_with_its_destination(load: Load) -> None:
    world = World(prod(), prod(name="good"))
    world.refused[SOURCE] = "InternalFailure"
    assert run(world, load(TOML), posted(event())) == [Done(accepted=1, queued=1)]
    (stored,) = world.queues[Queue.RETRY]
    assert stored.destination
    assert stored.destination.label == "c42/prod"


def test_such_a_webhook_waits_while_the_registry_is_down(load: Load) -> None:
    world = World(prod())
    world.down.add("registry")
    assert run(world, load(TOML), posted(event())) == [Postponed(5, "OSError")]


def test_messages_of_routes_without_a_customer_ask_no_registry(load: Load) -> None:
    world = World()
    world.down.add("registry")
    assert run(world, load(TOML), replace(message(prod()), destination=None)) == [Done(accepted=1)]
