"""Where entries go: several Regions at the same time, ordinary event buses, one secret for each customer."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from relay.delivery.undelivered import Queue
from relay_local.deploy import Customer, drain
from relay_local.process import PARTNER, LocalAws
from relay_local.samples import SIGNERS
from tests.local_bus import REGION, SECRET, Functions, Inject, functions

OTHER_REGION = "eu-west-1"
SOURCE = "aws.partner/acme.example/destinations/orders"
TENANTS = {"c1": "whsec_Y3VzdG9tZXIgb25l", "c2": "whsec_Y3VzdG9tZXIgdHdv"}
RELAY_TOML = f"""
partner = "aws.partner/acme.example"
regions = ["{REGION}", "{OTHER_REGION}"]
[[route]]
name = "regions"
path = "/regions"
retry_for = "0 s"
auth = {{ scheme = "standard-webhooks", secret = "destinations/orders" }}
[route.event]
each = "${{body.events}}"
when = "${{item.type != 'ping'}}"
source = "{SOURCE}"
region = "${{item.region}}"
detail_type = "${{item.type}}"
detail = "${{item}}"
[[route]]
name = "ordinary"
path = "/ordinary"
bus = "orders"
retry_for = "0 s"
auth = {{ scheme = "standard-webhooks", secret = "destinations/orders" }}
[route.event]
each = "${{body.events}}"
source = "acme.${{item.source}}"
detail_type = "order.created"
detail = "${{item}}"
[[route]]
name = "tenants"
path = "/tenants/{{customer}}"
auth = {{ scheme = "standard-webhooks", secret = "destinations/tenants/${{path.customer}}" }}
event = {{ source = "aws.partner/acme.example/destinations/${{path.customer}}", detail_type = "a" }}
[[route]]
name = "text"
path = "/text"
body_format = "text"
auth = {{ scheme = "standard-webhooks", secret = "destinations/orders" }}
event = {{ source = "{SOURCE}", detail_type = "text" }}
[[route]]
name = "form"
path = "/form"
body_format = "form"
auth = {{ scheme = "standard-webhooks", secret = "destinations/orders" }}
event = {{ source = "{SOURCE}", detail_type = "form" }}
"""


@pytest.fixture(scope="module")
def customers(bus: LocalAws) -> dict[str, Customer]:
    made = {region: Customer(bus, region, queue="destinations") for region in (REGION, OTHER_REGION)}
    for region, customer in made.items():
        customer.subscribe(
            [SOURCE] if region == OTHER_REGION else [SOURCE, *(f"{SOURCE[:-6]}{one}" for one in TENANTS)]
        )
    return made


@pytest.fixture(scope="module")
def relay(bus: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Functions]:
    path: Path = tmp_path_factory.mktemp("destinations") / "relay.toml"
    path.write_text(RELAY_TOML)
    for name, value in {"orders": SECRET, **{f"tenants/{one}": secret for one, secret in TENANTS.items()}}.items():
        bus.client("secretsmanager", PARTNER, REGION).create_secret(Name=f"destinations/{name}", SecretString=value)
    with functions(bus, path, "destinations") as made:
        yield made


def events(*regions: str, kind: str = "a") -> bytes:
    listed = [{"type": kind, "region": region, "n": number} for number, region in enumerate(regions)]
    return json.dumps({"events": listed}).encode()


def numbers(customer: Customer) -> list[int]:
    return [event["detail"]["n"] for event in customer.received()]


def test_the_entries_of_one_webhook_arrive_in_their_regions(relay: Functions, customers: dict[str, Customer]) -> None:
    answer = relay.post("/regions", events(REGION, OTHER_REGION, REGION))
    assert answer["body"]["accepted"] == 3
    assert (numbers(customers[REGION]), numbers(customers[OTHER_REGION])) == ([0, 2], [1])


def test_a_region_that_is_down_neither_delays_nor_loses_what_goes_to_another(
    relay: Functions, customers: dict[str, Customer], faults: Inject
) -> None:
    faults([{"region": OTHER_REGION, "delay": 3.5, "cut": "before"}])
    with ThreadPoolExecutor(1) as threads:
        posted = threads.submit(relay.post, "/regions", events(OTHER_REGION, REGION))
        arrived: list[int] = []
        while not arrived and not posted.done():
            arrived = numbers(customers[REGION])
        assert arrived == [1]
        assert not posted.done()
        answer = posted.result()
    assert [sorted(entry) for entry in answer["body"]["entries"]] == [["error_code", "queued"], ["event_id"]]
    faults([])
    assert relay.batch(relay.taken(Queue.RETRY)) == {"batchItemFailures": []}
    assert (numbers(customers[OTHER_REGION]), numbers(customers[REGION])) == ([0], [])


def test_a_region_that_relay_toml_does_not_have_is_a_mapping_error(relay: Functions) -> None:
    answer = relay.post("/regions", events("us-west-2"))
    assert answer["body"]["entries"][0]["error_code"] == "MappingError"
    assert "expected one of us-east-1, eu-west-1" in answer["body"]["entries"][0]["error_message"]
    relay.taken(Queue.DEAD_LETTERS)


def test_what_does_not_match_is_acknowledged_and_not_forwarded(
    relay: Functions, customers: dict[str, Customer]
) -> None:
    answer = relay.post("/regions", events(REGION, kind="ping"))
    assert (answer["statusCode"], answer["body"]["entries"]) == (202, [])
    assert numbers(customers[REGION]) == []


@pytest.fixture(scope="module")
def ordinary(bus: LocalAws) -> Any:
    """Return what reaches an ordinary bus of the account: a rule takes everything to a queue."""
    client, sqs = bus.client("events", PARTNER, REGION), bus.client("sqs", PARTNER, REGION)
    url = sqs.create_queue(QueueName="ordinary")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    client.create_event_bus(Name="orders")
    client.put_rule(Name="all", EventBusName="orders", EventPattern=json.dumps({"account": [PARTNER]}))
    client.put_targets(Rule="all", EventBusName="orders", Targets=[{"Id": "queue", "Arn": arn}])
    return lambda: [json.loads(message["Body"]) for message in drain(sqs, url)]


def test_a_route_with_a_bus_puts_ordinary_events_ten_at_a_time(relay: Functions, ordinary: Any, faults: Inject) -> None:
    body = json.dumps({"events": [{"source": "orders", "n": number} for number in range(23)]}).encode()
    faults([{"error_code": "ThrottlingException", "status": 400, "requests": 1}])
    answer = relay.post("/ordinary", body)
    # The first request failed whole, and there is no time to retry: nothing else is begun.
    assert (answer["body"]["accepted"], answer["body"]["queued"]) == (0, 23)
    messages = relay.taken(Queue.RETRY)
    assert json.loads(messages[0]["Body"])["entry"]["EventBusName"] == "orders"
    assert relay.batch(messages) == {"batchItemFailures": []}
    received = ordinary()
    assert sorted(event["detail"]["n"] for event in received) == list(range(23))
    assert {(event["source"], event["detail-type"]) for event in received} == {("acme.orders", "order.created")}


def test_a_source_of_aws_is_refused_before_it_is_sent(relay: Functions, ordinary: Any) -> None:
    answer = relay.post("/ordinary", json.dumps({"events": [{"source": "orders"}, {"source": ""}]}).encode())
    assert answer["body"]["accepted"] == 2
    long = relay.post("/ordinary", json.dumps({"events": [{"source": "x" * 300}]}).encode())
    assert long["body"]["entries"][0]["error_code"] == "NotAuthorizedForSourceException"
    assert len(ordinary()) == 2
    relay.taken(Queue.DEAD_LETTERS)


def test_each_customer_has_a_secret_and_nobody_can_post_for_another(
    relay: Functions, customers: dict[str, Customer]
) -> None:
    body = b'{"n":1}'
    for mine, secret in TENANTS.items():
        headers = SIGNERS["standard-webhooks"](secret, body)
        for path in TENANTS:
            assert relay.post(f"/tenants/{path}", body, headers)["statusCode"] == (202 if path == mine else 401)
    sources = [event["source"] for event in customers[REGION].received()]
    assert sources == [f"aws.partner/acme.example/destinations/{one}" for one in TENANTS]


@pytest.mark.parametrize(
    "customer", ["nobody", "..", "orders", "c1*", "a b", "%2E%2E", "c1%2F..%2Forders", "é", "x" * 200]
)
def test_a_customer_that_is_none_is_refused(relay: Functions, customer: str) -> None:
    body = b'{"n":1}'
    headers = SIGNERS["standard-webhooks"](TENANTS["c1"], body)
    assert relay.post(f"/tenants/{customer}", body, headers)["statusCode"] in {401, 404}


def test_text_is_wrapped(relay: Functions, customers: dict[str, Customer]) -> None:
    body = '<a>"ü"</a>'.encode()
    headers = SIGNERS["standard-webhooks"](SECRET, body) | {"content-type": "text/xml"}
    assert relay.post("/text", body, headers)["body"]["accepted"] == 1
    [event] = customers[REGION].received()
    assert event["detail"] == {"text": '<a>"ü"</a>'}


def test_a_form_is_signed_as_bytes_and_becomes_an_object(relay: Functions, customers: dict[str, Customer]) -> None:
    body = b"repository%5Bname%5D=a&payload=1"
    headers = SIGNERS["standard-webhooks"](SECRET, body) | {"content-type": "application/x-www-form-urlencoded"}
    assert relay.post("/form", body, headers)["body"]["accepted"] == 1
    [event] = customers[REGION].received()
    assert event["detail"] == {"repository[name]": "a", "payload": "1"}
