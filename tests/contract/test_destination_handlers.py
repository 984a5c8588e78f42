"""From connecting a customer to what was held arriving: the three handlers on the local AWS, without API Gateway."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from relay import bootstrap
from relay.bootstrap_destinations import sweep_services
from relay.pipeline.sweep import sweep
from relay_local.deploy import Customer
from relay_local.process import PARTNER, LocalAws
from tests.deployed_destinations import Deployed, Lambda
from tests.local_bus import REGION, SECRET, functions
from tests.unit.control.gateway import event

RELAY_TOML = """
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[destinations]
cache = "1 s"
settle = "10 min"
[notify]
bus = "default"
[[route]]
name = "orders"
path = "/orders"
auth = { scheme = "standard-webhooks", secret = "handlers/orders" }
customer = "${item.customer}"
event = { each = "${body.events}", detail_type = "${item.type}", detail = "${item}" }
"""


@pytest.fixture(scope="module")
def deployed(bus: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    path = tmp_path_factory.mktemp("handlers") / "relay.toml"
    path.write_text(RELAY_TOML)
    bus.client("secretsmanager", PARTNER, REGION).create_secret(Name="handlers/orders", SecretString=SECRET)
    with functions(bus, path, "handlers") as relay:
        yield Deployed(relay, bootstrap.load_config(), "handlers")


@pytest.fixture(scope="module")
def customer(bus: LocalAws) -> Customer:
    return Customer(bus, REGION, queue="destination-handlers")


def operational(bus: LocalAws) -> Any:
    """Return a queue for the relay's own events, which a rule on the default bus fills."""
    sqs, events = bus.client("sqs", PARTNER, REGION), bus.client("events", PARTNER, REGION)
    url = sqs.create_queue(QueueName="operational")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="operational", EventPattern=json.dumps({"source": ["partner-event-relay"]}))
    events.put_targets(Rule="operational", Targets=[{"Id": "queue", "Arn": arn}])
    return url


def test_a_customer_connects_attaches_a_bus_and_gets_what_was_held(deployed: Deployed, customer: Customer) -> None:
    source = deployed.connect("c1")
    assert deployed.post("c1", "a", "b")["held"] == 2
    deployed.reconcile()
    shown = deployed.show("c1")
    assert (shown["source_status"], shown["holding"], shown["held"]["webhooks"]) == ("pending", "source-pending", 1)
    customer.attach(source)
    deployed.reconcile()
    assert deployed.show("c1")["holding"] == "settling"
    assert deployed.post("c1", "c")["held"] == 1
    assert deployed.request("POST", "c1/destinations/prod/release")[0] == 200
    deployed.release()
    assert [event["detail-type"] for event in customer.received()] == ["a", "b", "c"]
    assert deployed.post("c1", "d")["accepted"] == 1
    assert deployed.show("c1")["held"]["webhooks"] == 0
    assert [event["detail-type"] for event in customer.received()] == ["d"]


def test_what_was_held_is_released_by_itself_when_the_source_has_settled(
    deployed: Deployed, customer: Customer
) -> None:
    source = deployed.connect("c2")
    deployed.post("c2", "a")
    customer.attach(source)
    deployed.reconcile()
    deployed.set_state("c2", settling_since=(datetime.now(UTC) - timedelta(minutes=11)).isoformat())
    deployed.reconcile()
    deployed.release()
    assert [event["detail-type"] for event in customer.received()] == ["a"]


def test_a_ping_arrives_as_soon_as_the_bus_is_attached_and_not_before(deployed: Deployed, customer: Customer) -> None:
    source = deployed.connect("c3")
    status, problem = deployed.request("POST", "c3/destinations/prod/ping")
    assert (status, problem["source_status"]) == (409, "pending")
    customer.attach(source)
    status, pong = deployed.request("POST", "c3/destinations/prod/ping")
    [event] = customer.received()
    assert (status, event["id"], event["detail-type"]) == (200, pong["event_id"], "Ping")


def test_what_was_released_is_sent_once_more_since_a_time(deployed: Deployed, customer: Customer) -> None:
    source = deployed.connect("c4")
    deployed.post("c4", "a")
    customer.attach(source)
    deployed.request("POST", "c4/destinations/prod/release")
    deployed.release()
    assert len(list(customer.received())) == 1
    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    assert deployed.request("POST", "c4/destinations/prod/release", {"since": since})[0] == 200
    deployed.release()
    assert [event["detail-type"] for event in customer.received()] == ["a"]


def test_a_deleted_destination_leaves_no_source_no_held_entry_and_no_item(bus: LocalAws, deployed: Deployed) -> None:
    source = deployed.connect("c5")
    deployed.post("c5", "a")
    status, problem = deployed.request("DELETE", "c5/destinations/prod")
    assert (status, problem["held"]["webhooks"]) == (409, 1)
    assert deployed.request("DELETE", "c5")[0] == 409
    answer = deployed._control(event("DELETE", "/v1/customers/c5", None, "discard=true", {}), Lambda())  # type: ignore[arg-type]
    assert answer["statusCode"] == 200
    assert deployed.request("GET", "c5/destinations/prod")[0] == 404
    names = bus.client("events", PARTNER, REGION).list_partner_event_sources(NamePrefix=source)
    assert names["PartnerEventSources"] == []
    page = bus.client("s3", PARTNER, REGION).list_objects_v2(Bucket="held-handlers", Prefix="held/c5/")
    assert page["KeyCount"] == 0


def test_operational_events_tell_of_each_change(bus: LocalAws, deployed: Deployed, customer: Customer) -> None:
    url = operational(bus)
    source = deployed.connect("c6")
    deployed.post("c6", "a", "b")
    customer.attach(source)
    deployed.request("POST", "c6/destinations/prod/release")
    deployed.release()
    deployed.request("POST", "c6/destinations/prod/pause")
    messages = bus.client("sqs", PARTNER, REGION).receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    events = [json.loads(message["Body"]) for message in messages]
    assert [each["detail-type"] for each in events] == [
        "Destination Created",
        "Destination Pending",
        "Destination Activated",
        "Entries Released",
        "Destination Paused",
    ]
    assert {each["detail"]["customer"] for each in events} == {"c6"}
    assert events[3]["detail"]["entries"] == len(list(customer.received())) == 2


def test_what_is_held_without_a_reason_is_found_and_released(deployed: Deployed, customer: Customer) -> None:
    source = deployed.connect("c7")
    deployed.post("c7", "a")
    customer.attach(source)
    # Somebody wrote down that it delivers, and nobody released what was held.
    deployed.set_state("c7", source_status="active")
    labels = sweep(sweep_services(), datetime.now(UTC), lambda: True)
    assert "c7/prod" in labels
    deployed.release()
    assert [event["detail-type"] for event in customer.received()] == ["a"]
