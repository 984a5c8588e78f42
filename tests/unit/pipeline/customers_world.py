"""Customers' destinations, their buses, the bucket of held entries and the queues, in memory; each may be down."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from relay.config.model import Config
from relay.delivery.message import Message, Origin
from relay.delivery.undelivered import EntryResult, Queue
from relay.destinations.held import HeldKey
from relay.destinations.model import Destination, SourceState, SourceStatus
from relay.entry import Accepted, Entry, Failed, Outcome
from relay.errors import Unavailable
from relay.http.request import Request
from relay.mapping import claim_check
from relay.mapping.parsed_webhook import ParsedWebhook, parse_webhook
from relay.pipeline import customer_entries
from relay.pipeline.hold import reference
from relay.pipeline.services import DestinationServices, Services
from relay.webhook import Webhook
from tests import doubles
from tests.conftest import NOW
from tests.unit.destinations.destinations import ACTIVE, destination

TOML = """
partner = "aws.partner/acme.example"
regions = ["us-east-1", "eu-west-1"]

[destinations]

[[route]]
name = "orders"
path = "/orders"
auth = { scheme = "standard-webhooks", secret = "acme/orders" }
customer = "${item.customer}"
event = { each = "${body.events}", detail_type = "${item.type}", detail = "${item}" }
"""
PENDING = SourceState(source_status=SourceStatus.PENDING, source_status_at=NOW)


def prod(customer: str = "c42", name: str = "prod", state: SourceState = ACTIVE, **values: Any) -> Destination:
    """Return a destination of a customer, active unless `state` says otherwise."""
    source = f"aws.partner/acme.example/{customer}/{name}-k3x9qa"
    return destination(state, customer=customer, name=name, source=source, **values)


def deliver(parsed: ParsedWebhook, services: Services, seconds_left: Callable[[], float]) -> list[EntryResult]:
    """Plan what becomes of a webhook, and deliver it."""
    store_detail = partial(claim_check.store_detail, store=services.claim_checks, now=parsed.webhook.received_at)
    addressees = customer_entries.plan(parsed, services, seconds_left, store_detail)
    return customer_entries.deliver_to_destinations(parsed, addressees, services, seconds_left)


def event(customer: Any = "c42", detail_type: str = "order.created", **fields: Any) -> dict[str, Any]:
    """Return one event of a webhook."""
    return {"customer": customer, "type": detail_type, **fields}


class World:
    """Everything that a route with a customer reaches. `refused` has the code for each source that is refused.

    With `is_request_refused` EventBridge says so of the whole request, not of the entry.
    """

    def __init__(self, *destinations: Destination) -> None:
        self.destinations: list[Destination] = list(destinations)
        self.put: list[Entry] = []
        self.held: dict[str, list[Message]] = {}
        self.queues: dict[Queue, list[Message]] = {queue: [] for queue in Queue}
        self.noted: list[tuple[str, str]] = []
        self.read: list[str] = []
        self.refused: dict[str, str] = {}
        self.is_request_refused = False
        self.down: set[object] = set()

    def services(self, config: Config, **overrides: Any) -> Services:
        """Return the services on this world."""
        ours = {
            "send": self.send,
            "store": self.store,
            "destinations": DestinationServices(self.find, self.find, self.hold, self.note_refusals),
        }
        return doubles.services(config, **(ours | overrides))

    def find(self, customer: str) -> Sequence[Destination]:
        """Return what the registry has."""
        self.read.append(customer)
        if "registry" in self.down:
            raise Unavailable("The customer's destinations could not be read.", reason="registry: down")
        return [each for each in self.destinations if each.customer == customer]

    def hold(self, key: HeldKey, messages: Sequence[Message]) -> None:
        """Store an object, replacing what is there."""
        if "bucket" in self.down:
            raise OSError("the bucket is down")
        self.held[key.text()] = list(messages)

    def note_refusals(self, destination: Destination, error: str) -> None:
        """Note what the registry is told."""
        self.noted.append((destination.label, error))

    def send(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        """Accept each entry, unless its source is refused."""
        outcomes: list[Outcome] = []
        for entry in entries:
            if code := self.refused.get(entry.source):
                outcomes.append(Failed(code, "no", is_of_request=self.is_request_refused))
            else:
                self.put.append(entry)
                outcomes.append(Accepted(f"id-{len(self.put)}"))
        return outcomes

    def store(self, queue: Queue, messages: Sequence[Message]) -> list[str | None]:
        """Store messages, unless the queue is down."""
        if queue in self.down:
            return ["down"] * len(messages)
        self.queues[queue] += messages
        return [None] * len(messages)

    def entries(self) -> list[tuple[str, str]]:
        """Return source and detail-type of what was put."""
        return [(entry.source, entry.detail_type) for entry in self.put]


def webhook(config: Config, *events: Any, request_id: str = "request-1") -> ParsedWebhook:
    """Return a webhook of the route, with these events."""
    body = json.dumps({"events": events}).encode()
    request = Request("POST", "/orders", "", {"webhook-id": "msg_1"}, body, request_id)
    return parse_webhook(Webhook.unverified(config.routes[0], request, {}, NOW))


def message(destination: Destination, detail_type: str = "order.created", **values: Any) -> Message:
    """Return a message of the retry queue for a destination."""
    entry = Entry(NOW, "aws.partner/acme.example/old", (), detail_type, "{}", "us-east-1")
    origin = Origin("orders", "msg_1", (NOW - timedelta(hours=1)).isoformat())
    return replace(Message(origin, entry, Failed("InternalFailure", "x", 1), reference(destination)), **values)
