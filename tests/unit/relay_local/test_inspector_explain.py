"""What the inspector says became of a webhook: its event, its customers, and why it was refused."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from relay.config.model import Config
from relay.destinations.model import Destination
from relay_local.inspector import explain
from relay_local.inspector.captures import Capture, Captures, Events, summary
from relay_local.inspector.explain import Surroundings
from relay_local.inspector.fates import Fates
from tests.conftest import Load
from tests.unit.relay_local.captures import SECRET, captured, relay

__all__ = ["relay"]  # fixture


def event(capture: Capture, relay: Config, **changes: Any) -> dict[str, Any]:
    [entry] = explain.detail(capture, Surroundings(relay, {"acme/c42": SECRET}, Events(), ""))["entries"]
    wire = entry["wire"]
    told = {"source": wire["Source"], "detail-type": wire["DetailType"], "time": wire["Time"]}
    return {"id": "1", "detail": json.loads(wire["Detail"]), **told, **changes}


def test_an_event_is_found_by_its_id_or_else_by_what_is_in_it(relay: Config) -> None:
    accepted = captured(Captures())
    queued = captured(Captures(), told={"queued": 1, "entries": [{"queued": True, "error_code": "X"}]})
    second = timedelta(seconds=1)
    for capture, arrives, apart, found in (
        (accepted, 0, 0, True),
        (queued, 60, 0, True),
        (queued, 60, 1, True),  # the relay's second was the next one
        (queued, 60, 5, False),
        (queued, -60, 0, False),
    ):
        events, arrived = Events(), event(capture, relay)
        arrived["time"] = (datetime.fromisoformat(arrived["time"]) + apart * second).isoformat()
        events.add(arrived, capture.at + arrives)
        [entry] = explain.detail(capture, Surroundings(relay, {"acme/c42": SECRET}, events, ""))["entries"]
        assert bool(entry["event"]) is found


def test_a_refused_webhook_has_no_event_though_an_equal_one_arrived_later(relay: Config) -> None:
    genuine = captured(Captures())
    forged = captured(Captures(), told={"detail": "no"}, status=401, headers=[("content-type", "application/json")])
    events = Events()
    events.add(event(genuine, relay), forged.at + 60)
    shown = explain.detail(forged, Surroundings(relay, {"acme/c42": SECRET}, events, ""))
    assert [(entry["state"], entry["event"]) for entry in shown["entries"]] == [("not_sent", None)]


def test_a_row_says_why_a_webhook_was_refused_or_cannot_be_mapped(relay: Config) -> None:
    met = Surroundings(relay, {"acme/c42": SECRET}, Events(), "")
    told = {"detail": "The webhook could not be authenticated."}
    forged = replace(captured(Captures(), told=told, status=401), body=b'{"type":"x"}')
    assert summary(forged, relay, explain.in_short(forged, met))["why"] == "signature mismatch"
    unmapped = captured(Captures(), told={"dead_lettered": 1}, body=b"{}")
    assert "${body.type} is null or missing" in summary(unmapped, relay, explain.in_short(unmapped, met))["why"]


TO_CUSTOMERS = """
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[destinations]
[[route]]
name = "orders"
path = "/orders/{customer}"
auth = { scheme = "standard-webhooks", secret = "acme/orders" }
customer = "${item.customer}"
event = { each = "${body.events}", detail_type = "${item.type}" }
"""


def test_it_is_said_whom_an_event_was_for_that_nobody_gets_and_what_is_missing(load: Load) -> None:
    relay = load(TO_CUSTOMERS)
    body = b'{"events":[{"type":"a","customer":"c42"},{"type":"b","customer":"c43"},{"type":"b"}]}'
    source = "aws.partner/acme.example/c42/prod"
    wanted = Destination("c42", "prod", "1", "222222222222", "us-east-1", source, detail_types=("x",))
    met = Surroundings(relay, {}, Events(), "", lambda customer: [wanted] if customer == "c42" else [])
    results = [{"unsubscribed": True}] * 2 + [{"without_customer": True}]
    capture = captured(Captures(), body=body, told={"unsubscribed": 2, "without_customer": 1, "entries": results})
    lines = explain.detail(capture, met)["unsent"]
    assert lines == explain.why_unsent(capture, met)
    create = "relayctl destinations create c43 NAME --account ACCOUNT --destination-region us-east-1"
    assert lines == [
        "1 event: no destination of customer c42 wants this detail-type",
        f"1 event: customer c43 has no destination: {create}",
        "1 event: no customer is named: ${item.customer} is null or missing",
    ]
    assert explain.in_short(capture, met).customers == ("c42", "c43")


@pytest.mark.parametrize(
    ("changes", "secret", "verdict", "reason"),
    [
        ({}, SECRET, "authentic", "the signature is that of the body"),
        ({"body": b"{}"}, SECRET, "refused", "signature mismatch"),
        ({}, "", "refused", "no usable secret"),
        ({"path": "/nowhere"}, SECRET, "not asked", "no route has this path"),
    ],
)
def test_authentication_says_why(
    relay: Config, changes: dict[str, Any], secret: str, verdict: str, reason: str
) -> None:
    capture = replace(captured(Captures()), **changes)
    seen = explain.detail(capture, Surroundings(relay, {"acme/c42": secret}, Events(), ""))["authentication"]
    assert seen["verdict"] == verdict
    assert reason in seen["reason"]
    assert SECRET not in json.dumps(seen)


def test_an_entry_that_is_followed_is_where_its_steps_say(relay: Config) -> None:
    capture = captured(Captures(), told={"queued": 1, "entries": [{"queued": True, "error_code": "X"}]})
    events, fates = Events(), Fates()
    equal = event(capture, relay)
    events.add(equal, capture.at + 60)  # of a replay: it is not this webhook's, though it looks so
    webhook_id = explain.webhook_id(capture, relay)
    assert webhook_id
    fates.answered(capture.id, webhook_id, [{"queued": True, "error_code": "X"}], capture.at, events.arrived)
    met = Surroundings(relay, {}, events, "")
    [entry] = explain.detail(capture, met, fates.steps(capture.id))["entries"]
    assert (entry["state"], entry["event"]) == ("queued", None)
    line = {"route": webhook_id[0], "webhook_id": webhook_id[1], "index": 0, "result": "redelivered", "event_id": "1"}
    fates.logged(line, capture.at + 70, events.arrived)
    [entry] = explain.detail(capture, met, fates.steps(capture.id))["entries"]
    assert (entry["state"], entry["event"], entry["event_id"]) == ("delivered", equal, "1")
    assert summary(capture, relay, now=fates.counts(capture.id))["result"] == "delivered"


def test_a_webhook_is_known_to_the_delivery_log_by_the_senders_id(relay: Config) -> None:
    capture = captured(Captures())
    known = dict(capture.headers)["webhook-id"]
    assert explain.webhook_id(capture, relay) == ("orders", known)
    without = captured(Captures(), headers=[], request_id="LLsGtdCgSA6myNk=")
    assert explain.webhook_id(without, relay) == ("orders", "LLsGtdCgSA6myNk=")
    assert explain.webhook_id(captured(Captures(), path="/nowhere"), relay) is None
