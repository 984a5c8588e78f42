"""What only some routes want, deployed under the function's own policy: public keys, deduplication, claim checks."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from nacl.signing import SigningKey

from relay_local import proxy
from relay_local.own_routes import OwnRoutes
from relay_local.samples import SIGNERS
from relay_local.session import Session, start_session

SOURCE = "aws.partner/acme.example/options"
RELAY_TOML = f"""
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
limits = {{ entry = "1500 B" }}
[[route]]
name = "discord"
path = "/discord"
preset = "discord"
auth = {{ public_key = "PUBLIC_KEY" }}
event = {{ source = "{SOURCE}" }}
[[route]]
name = "orders"
path = "/orders"
dedupe = true
on_oversize = "claim-check"
auth = {{ scheme = "standard-webhooks", secret = "options/orders" }}
event = {{ source = "{SOURCE}", detail_type = "order.created" }}
[[route]]
name = "tickets"
path = "/tickets"
auth = {{ scheme = "standard-webhooks", secret = "options/tickets" }}
customer = "${{body.customer}}"
event = {{ detail_type = "ticket.opened" }}
[[route]]
name = "invoices"
path = "/invoices"
auth = {{ scheme = "standard-webhooks", secret = "options/invoices" }}
event = {{ source = "aws.partner/acme.example/${{body.customer}}/invoices", detail_type = "invoice.paid" }}
[[route]]
name = "parcels"
path = "/parcels"
delivery = "queued"
on_oversize = "claim-check"
auth = {{ scheme = "standard-webhooks", secret = "options/parcels" }}
event = {{ source = "{SOURCE}", detail_type = "parcel.sent" }}
[destinations]
"""
DEADLINE_SECONDS = 60


@dataclass(frozen=True)
class Deployed:
    """The relay, and the key that the sender of /discord signs with."""

    session: Session
    url: str
    key: SigningKey

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """Post as the SaaS does."""
        return httpx.post(self.url + path, content=body, headers=headers, timeout=60)

    def received(self) -> list[dict[str, Any]]:
        """Return what has reached the customer, taken from the queue."""
        return list(self.session.customer.received())


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    key, path = SigningKey.generate(), tmp_path_factory.mktemp("options") / "relay.toml"
    Path(path).write_text(RELAY_TOML.replace("PUBLIC_KEY", bytes(key.verify_key).hex()))
    with (
        start_session(lambda _: None, path) as session,
        proxy.serve(proxy.webhook_proxy(session.aws, session.stack, prepare=OwnRoutes(session).prepare), 0) as url,
    ):
        session.customer.subscribe([SOURCE])
        yield Deployed(session, url, key)


def test_a_webhook_signed_with_a_private_key_is_relayed_and_its_ping_is_answered(options: Deployed) -> None:
    def signed(body: bytes) -> dict[str, str]:
        timestamp = str(int(time.time()))
        signature = options.key.sign(timestamp.encode() + body).signature.hex()
        return {"x-signature-ed25519": signature, "x-signature-timestamp": timestamp}

    ping, event = b'{"type":0}', b'{"type":1,"event":{"type":"ENTITLEMENT_CREATE"}}'
    assert options.post("/discord", ping, signed(ping)).status_code == 204
    assert options.post("/discord", ping, signed(event)).status_code == 401
    assert options.post("/discord", event, signed(event)).json()["accepted"] == 1
    assert [one["detail-type"] for one in options.received()] == ["ENTITLEMENT_CREATE"]


def test_a_repeated_webhook_is_one_event(options: Deployed) -> None:
    body = b'{"n":1}'
    headers = SIGNERS["standard-webhooks"](options.session.secrets["options/orders"], body)
    first, second = options.post("/orders", body, headers), options.post("/orders", body, headers)
    assert (first.status_code, second.status_code) == (202, 202)
    assert second.json() == first.json()
    assert ("idempotent-replay" in first.headers, second.headers["idempotent-replay"]) == (False, "true")
    assert len(options.received()) == 1


def test_a_detail_too_large_for_an_event_can_be_fetched(options: Deployed) -> None:
    body = json.dumps({"text": "x" * 2000}).encode()
    headers = SIGNERS["standard-webhooks"](options.session.secrets["options/orders"], body)
    assert options.post("/orders", body, headers).json()["accepted"] == 1
    [event] = options.received()
    url, context = event["detail"]["claim"]["url"], options.session.aws.ssl_context()
    assert httpx.get(url, verify=context, timeout=60).content == body


def test_what_is_answered_before_delivery_arrives_once_eventbridge_takes_it(options: Deployed) -> None:
    aws, bodies = options.session.aws, [b'{"n":1}', json.dumps({"text": "x" * 2000}).encode()]

    def break_bus(faults: list[dict[str, Any]]) -> None:
        httpx.put(f"{aws.url}/_partner_bus/faults", json=faults, verify=aws.ssl_context()).raise_for_status()

    break_bus([{"status": 503, "error_code": "ServiceUnavailable"}])
    try:
        for body in bodies:
            headers = SIGNERS["standard-webhooks"](options.session.secrets["options/parcels"], body)
            answer = options.post("/parcels", body, headers)
            assert (answer.status_code, answer.json()["entries"]) == (202, [{"queued": True}])
    finally:
        break_bus([])
    events, deadline = options.received(), time.monotonic() + DEADLINE_SECONDS
    while len(events) < len(bodies) and time.monotonic() < deadline:
        time.sleep(0.2)  # a queue is polled until a deadline
        events += options.received()
    assert sorted(min(event["detail"]) for event in events) == ["claim", "n"]


@pytest.mark.parametrize("route", ["tickets", "invoices"])
def test_the_first_event_of_a_route_of_ones_own_arrives_without_another_step(options: Deployed, route: str) -> None:
    """As `make run` serves it: whoever a webhook is for is connected when it comes."""
    body = json.dumps({"customer": f"of-{route}"}).encode()
    headers = SIGNERS["standard-webhooks"](options.session.secrets[f"options/{route}"], body)
    answer = options.post(f"/{route}", body, headers)
    assert answer.json()["accepted"] == 1, answer.text
    assert [event["detail"] for event in options.received()] == [json.loads(body)]
