"""`on_oversize = "claim-check"`: what is too large for an event waits in the bucket, and the event says where."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import time_machine

from relay.delivery.undelivered import Queue
from relay_local.deploy import Customer
from relay_local.process import PARTNER, LocalAws
from tests.local_bus import REGION, SECRET, Functions, Inject, functions

SOURCE = "aws.partner/acme.example/claims/orders"
RELAY_TOML = f"""
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
limits = {{ entry = "1500 B" }}
claim_check_ttl = "10 min"
[[route]]
name = "orders"
path = "/orders"
on_oversize = "claim-check"
retry_for = "0 s"
auth = {{ scheme = "standard-webhooks", secret = "claims/orders" }}
[route.event]
source = "{SOURCE}"
detail_type = "${{body.type}}"
claim_check_detail = "${{ {{id: body.id, type: body.type, more: body.more}} }}"
"""
LARGE = json.dumps({"id": 7, "type": "order.created", "text": "☃" * 1000}, ensure_ascii=False).encode()


@pytest.fixture(scope="module")
def customer(bus: LocalAws) -> Customer:
    customer = Customer(bus, REGION, queue="claims")
    customer.subscribe([SOURCE])
    return customer


@pytest.fixture(scope="module")
def relay(bus: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Functions]:
    path: Path = tmp_path_factory.mktemp("claims") / "relay.toml"
    path.write_text(RELAY_TOML)
    bus.client("secretsmanager", PARTNER, REGION).create_secret(Name="claims/orders", SecretString=SECRET)
    with functions(bus, path, "claims") as made:
        yield made


def test_the_event_says_where_the_detail_is_and_how_to_get_it(relay: Functions, customer: Customer) -> None:
    assert relay.post("/orders", LARGE)["body"]["accepted"] == 1
    [event] = customer.received()
    detail, claim = event["detail"], event["detail"]["claim"]
    assert detail == {"id": 7, "type": "order.created", "more": None, "claim": claim}
    assert httpx.get(claim["url"]).content == LARGE
    assert (claim["size"], claim["sha256"]) == (len(LARGE), hashlib.sha256(LARGE).hexdigest())
    assert "X-Amz-Expires=600" in claim["url"]
    assert claim["bucket"] == "relay-overflow-claims"
    assert claim["key"].startswith("claims/")
    assert timedelta(0) < datetime.fromisoformat(claim["expires_at"]) - datetime.now(UTC) <= timedelta(seconds=600)


def test_what_fits_is_sent_as_it_is(relay: Functions, customer: Customer) -> None:
    relay.post("/orders", b'{"id":1,"type":"order.created"}')
    assert [event["detail"] for event in customer.received()] == [{"id": 1, "type": "order.created"}]


def test_a_claim_that_waited_has_a_new_url(relay: Functions, customer: Customer, faults: Inject) -> None:
    faults([{"status": 500}])
    assert relay.post("/orders", LARGE)["body"]["queued"] == 1
    faults([])
    [message] = relay.taken(Queue.RETRY)
    old = json.loads(json.loads(message["Body"])["entry"]["Detail"])["claim"]
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=3)):
        assert relay.batch([message]) == {"batchItemFailures": []}
    [event] = customer.received()
    new = event["detail"]["claim"]
    assert {**new, "url": "", "expires_at": ""} == {**old, "url": "", "expires_at": ""}
    assert datetime.fromisoformat(new["expires_at"]) - datetime.fromisoformat(old["expires_at"]) >= timedelta(hours=2)
    assert httpx.get(new["url"]).content == LARGE


def test_a_senders_own_claim_is_not_taken_for_ours(relay: Functions, customer: Customer, faults: Inject) -> None:
    theirs = {"claim": {"url": "u", "bucket": "relay-overflow-claims", "key": "claims/other"}, "type": "a"}
    faults([{"status": 500}])
    relay.post("/orders", json.dumps(theirs).encode())
    faults([])
    relay.batch(relay.taken(Queue.RETRY))
    assert [event["detail"] for event in customer.received()] == [theirs]


def test_fields_that_are_too_large_themselves_are_413(relay: Functions, customer: Customer) -> None:
    body = json.dumps({"id": "x" * 2000, "type": "a"}).encode()
    assert relay.post("/orders", body)["statusCode"] == 413
    assert list(customer.received()) == []


def test_without_the_bucket_the_sender_keeps_it(
    relay: Functions, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OVERFLOW_BUCKET", "no-such-bucket")
    answer = relay.post("/orders", LARGE)
    assert answer["statusCode"] == 503
    assert list(customer.received()) == []
