"""A route with customer, with its real adapters: the table, the bucket, the queues and EventBridge of the local AWS."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from relay import process_cache
from relay.aws import registry_table
from relay.delivery.message import Message, Origin
from relay.delivery.undelivered import Queue
from relay.destinations import held
from relay.destinations.model import Destination, SourceState, SourceStatus
from relay.entry import Entry, Failed
from relay.pipeline.hold import reference
from relay_local.deploy import CUSTOMER, Customer
from relay_local.process import PARTNER, LocalAws
from tests.local_bus import REGION, SECRET, Functions, functions

NOW = datetime.now(UTC)
ACTIVE = SourceState(SourceStatus.ACTIVE, NOW, was_active=True)
RELAY_TOML = """
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[destinations]
cache = "1 s"
[[route]]
name = "orders"
path = "/orders"
dedupe = true
auth = { scheme = "standard-webhooks", secret = "customers/orders" }
customer = "${item.customer}"
event = { each = "${body.events}", detail_type = "${item.type}", detail = "${item}" }
"""


@pytest.fixture(scope="module")
def relay(bus: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Functions]:
    path = tmp_path_factory.mktemp("customers") / "relay.toml"
    path.write_text(RELAY_TOML)
    bus.client("secretsmanager", PARTNER, REGION).create_secret(Name="customers/orders", SecretString=SECRET)
    with functions(bus, path, "customers") as made:
        yield made


def destination(customer: str, state: SourceState = ACTIVE) -> Destination:
    source = f"aws.partner/acme.example/{customer}/prod-k3x9qa"
    return Destination(
        customer, "prod", "k3x9qa", CUSTOMER, REGION, source, created_at=NOW, updated_at=NOW, state=state
    )


def create(bus: LocalAws, created: Destination) -> Destination:
    registry_table.connect().create(created)
    events = bus.client("events", PARTNER, REGION)
    events.create_partner_event_source(Name=created.source, Account=CUSTOMER)
    return created


def post(relay: Functions, *events: dict[str, Any]) -> Any:
    answer = relay.post("/orders", json.dumps({"events": events}).encode())
    assert answer["statusCode"] == 202
    return answer["body"]


def objects(relay: Functions, prefix: str) -> dict[str, list[Any]]:
    s3 = relay.bus.client("s3", PARTNER, REGION)
    page = s3.list_objects_v2(Bucket="held-customers", Prefix=f"held/{prefix}/")
    keys = [item["Key"] for item in page.get("Contents", [])]
    contents = [s3.get_object(Bucket="held-customers", Key=key)["Body"].read() for key in keys]
    return {key: held.load(content)[0] for key, content in zip(keys, contents, strict=True)}


def test_a_customers_event_arrives_on_the_bus_of_the_destination(bus: LocalAws, relay: Functions) -> None:
    customer = Customer(bus, REGION, queue="customers")
    to = destination("c1")
    registry_table.connect().create(to)
    customer.subscribe([to.source])
    body = post(relay, {"customer": "c1", "type": "order.created"}, {"customer": "c99", "type": "order.created"})
    [event] = customer.received()
    assert body == {
        "accepted": 1,
        "queued": 0,
        "dead_lettered": 0,
        "unsubscribed": 1,
        "entries": [{"event_id": event["id"], "destination": "c1/prod"}, {"unsubscribed": True}],
    }
    assert (event["source"], event["detail-type"]) == (to.source, "order.created")


def test_what_a_customer_cannot_receive_yet_lies_in_the_bucket(bus: LocalAws, relay: Functions) -> None:
    create(bus, destination("c2", SourceState(SourceStatus.PENDING, NOW)))
    body = post(relay, *({"customer": "c2", "type": str(number)} for number in range(3)))
    assert body["entries"] == [{"held": True, "destination": "c2/prod"}] * 3
    [(key, messages)] = objects(relay, "c2/prod").items()
    assert key.startswith("held/c2/prod/k3x9qa/")
    assert [message.content.detail_type for message in messages] == ["0", "1", "2"]


def test_a_source_that_was_deleted_by_hand_holds_and_the_registry_knows(bus: LocalAws, relay: Functions) -> None:
    to = create(bus, destination("c3"))
    bus.client("events", PARTNER, REGION).delete_partner_event_source(Name=to.source, Account=CUSTOMER)
    body = post(relay, {"customer": "c3", "type": "a"})
    assert body["entries"] == [{"held": True, "destination": "c3/prod"}]
    found = registry_table.connect().get("c3", "prod")
    assert found
    assert (found.state.refusals, found.holding) == (1, "refused")
    post(relay, {"customer": "c3", "type": "b"})
    keys = [key.rpartition("JKJaXmPLvHcESHA=")[2] for key in objects(relay, "c3/prod")]
    assert sorted(keys) == ["", "-refused"]  # the second was held at once


def test_what_the_bucket_does_not_take_is_held_from_the_retry_queue(
    bus: LocalAws, relay: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(bus, destination("c4", SourceState(SourceStatus.PENDING, NOW)))
    with monkeypatch.context() as patch:
        patch.setenv("HELD_BUCKET", "not-there")
        process_cache.clear()
        body = post(relay, {"customer": "c4", "type": "a"})
        process_cache.clear()
    assert body["entries"] == [{"queued": True, "error_code": "HoldFailed", "destination": "c4/prod"}]
    waiting = relay.taken(Queue.RETRY)
    assert relay.batch(waiting) == {"batchItemFailures": []}
    assert len(objects(relay, "c4/prod")) == 1


def test_an_unsubscribed_webhook_is_delivered_when_it_is_sent_again_after_connecting(
    bus: LocalAws, relay: Functions
) -> None:
    body = json.dumps({"events": [{"customer": "c5", "type": "a"}]}).encode()
    first = relay.post("/orders", body)
    assert first["body"]["entries"] == [{"unsubscribed": True}]
    create(bus, destination("c5"))
    relay = relay.restarted()
    again = relay.post("/orders", body)
    assert again["body"]["accepted"] == 1
    assert "idempotent-replay" not in again["headers"]


def test_a_destination_that_was_deleted_gets_nothing_from_the_retry_queue(bus: LocalAws, relay: Functions) -> None:
    to = create(bus, destination("c6"))
    entry = Entry(NOW, to.source, (), "a", "{}", REGION)
    message = Message(Origin("orders", "1", NOW.isoformat()), entry, Failed("Throttling", "", 1), reference(to))
    registry_table.connect().delete(to)
    assert relay.batch([{"Body": message.text()}]) == {"batchItemFailures": []}
    assert relay.taken(Queue.DEAD_LETTERS) == []
    registry_table.connect().create(replace(to, id="zzzzzz"))
    assert relay.restarted().batch([{"Body": message.text()}]) == {"batchItemFailures": []}
