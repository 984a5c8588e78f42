"""HTTP over a socket, API Gateway, the function under its own policy, the partner bus, the customer's queue."""

import hashlib
import json
import time

import httpx
import pytest

from relay_local.run import serve_with_inspector
from relay_local.samples import SIGNERS
from tests.e2e.conftest import Relay


@pytest.mark.parametrize("path", ["/github", "/stripe", "/shopify"])
def test_a_sample_reaches_the_customer_as_it_was_posted(relay: Relay, path: str) -> None:
    sample = relay.sample(path)
    answer = relay.post(path, sample.body, sample.signed())
    assert answer.status_code == 202, answer.text
    [event] = relay.received()
    assert answer.json()["entries"] == [{"event_id": event["id"]}]
    assert event["source"] == sample.sources[0]
    assert event["detail"] == json.loads(sample.body)


def test_the_presets_give_detail_type_and_time(relay: Relay) -> None:
    events = []
    for path in ("/github", "/stripe", "/shopify"):
        sample = relay.sample(path)
        relay.post(path, sample.body, sample.signed())
        events += relay.received()
    assert [event["detail-type"] for event in events] == ["push", "invoice.paid", "orders/create"]
    assert [event["time"] for event in events[1:]] == ["2026-11-22T07:09:56Z", "2026-11-22T15:15:03Z"]


def test_of_forty_six_events_one_is_unsubscribed_and_one_is_refused(relay: Relay) -> None:
    sample = relay.sample("/orders")
    posted = json.loads(sample.body)["events"]
    told = relay.post("/orders", sample.body, sample.signed()).json()
    places = {place: number for place, number in told.items() if place != "entries"}
    assert places == {"accepted": 44, "queued": 0, "dead_lettered": 1, "unsubscribed": 1}
    assert told["entries"][30] == {"unsubscribed": True}
    assert (told["entries"][45]["error_code"], told["entries"][45]["destination"]) == ("InvalidArgument", "c43/prod")
    received = {event["id"]: event["detail"] for event in relay.received()}
    assert [received[entry["event_id"]] for entry in told["entries"] if "event_id" in entry] == [
        event for event in posted[:45] if event["customer"] != "c99"
    ]
    [letter] = relay.dead_letters()
    assert json.loads(letter["entry"]["Detail"]) == posted[45]


def test_a_dead_letters_entry_can_be_put_once_its_cause_is_gone(relay: Relay) -> None:
    sample = relay.sample("/github")
    body = b'{"repository": {"owner": {"login": "c76"}}}'
    assert relay.post("/github", body, sample.signed(body)).json()["dead_lettered"] == 1
    [letter] = relay.dead_letters()
    relay.session.customer.subscribe(["aws.partner/acme.example/github/c76"])
    assert relay.client("events").put_partner_events(Entries=[letter["entry"]])["FailedEntryCount"] == 0
    [event] = relay.received()
    assert event["source"] == "aws.partner/acme.example/github/c76"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/nowhere", 404), ("GET", "/github", 405), ("PUT", "/orders", 405), ("GET", "/", 404)],
)
def test_no_such_route_or_method(relay: Relay, method: str, path: str, status: int) -> None:
    answer = httpx.request(method, relay.url + path, timeout=60)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers.get("allow") == ("POST" if status == 405 else None)


def test_what_is_refused_leaves_nothing_in_a_queue(relay: Relay) -> None:
    sample = relay.sample("/orders")
    signed = sample.signed()
    stale = str(int(time.time()) - 301)
    refused = [
        relay.post("/orders", sample.body + b" ", signed),
        relay.post("/orders", sample.body, sample.headers),
        relay.post("/orders", sample.body, signed | {"webhook-timestamp": stale}),
        relay.post("/orders", b"{", sample.signed(b"{")),
        relay.post("/orders", b"", sample.signed(b"")),
        relay.post("/orders", b"x" * (1024 * 1024 + 1), sample.headers),
    ]
    assert [answer.status_code for answer in refused] == [401, 401, 401, 400, 400, 413]
    assert refused[0].json()["detail"] == refused[2].json()["detail"] == "The webhook could not be authenticated."
    assert relay.received() == []
    assert relay.dead_letters() == []


def test_signed_json_that_is_called_a_form_is_what_it_was_or_nothing(relay: Relay) -> None:
    sample = relay.sample("/shopify")
    body = json.dumps({"note": "x&customer=victim&type=payout.paid"}).encode()
    headers = sample.signed(body) | {"content-type": "application/x-www-form-urlencoded"}
    assert relay.post("/shopify", body, headers).status_code == 202
    [event] = relay.received()
    assert event["detail"] == json.loads(body)


def test_without_the_permission_to_put_the_entries_are_dead_lettered_as_denied(relay: Relay) -> None:
    sample = relay.sample("/github")
    with relay.without("events:PutPartnerEvents"):
        answer = relay.post("/github", sample.body, sample.signed())
    assert answer.status_code == 202
    assert answer.json()["entries"][0]["error_code"] == "AccessDeniedException"
    [letter] = relay.dead_letters()
    assert letter["error"]["code"] == "AccessDeniedException"
    assert letter["entry"]["Detail"] == sample.body.decode()
    assert relay.post("/github", sample.body, sample.signed()).json()["accepted"] == 1


def test_a_webhook_is_one_log_line_and_nothing_private_is_in_the_log(relay: Relay) -> None:
    marker = hashlib.sha256(str(time.time_ns()).encode()).hexdigest()
    body = json.dumps({"events": [], "private": marker}).encode()
    signed = SIGNERS["standard-webhooks"](relay.sample("/orders").secret, body)
    relay.post("/orders", body, signed)
    refused = relay.post("/orders", body + b" ", signed)
    logs = relay.client("logs")
    [group] = [
        one["logGroupName"] for one in logs.describe_log_groups()["logGroups"] if "Ingest" in one["logGroupName"]
    ]
    messages = [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
    lines = [json.loads(message) for message in messages if message.startswith("{")]
    [relayed] = [line for line in lines if line.get("webhook_id") == signed["webhook-id"]]
    assert (relayed["message"], relayed["route"], relayed["accepted"]) == ("relayed", "orders", 0)
    [rejected] = [line for line in lines if line.get("correlation_id") == refused.json()["request_id"]]
    assert (rejected["message"], rejected["status"], rejected["reason"]) == ("rejected", 401, "signature mismatch")
    assert any(line.get("WebhooksReceived") == [1.0] for line in lines)
    secrets = [sample.secret for sample in relay.session.samples]
    for private in (marker, signed["webhook-signature"], *secrets):
        assert not any(private in message for message in messages)


def test_what_the_customer_received_can_be_fetched_and_faults_can_be_set(relay: Relay) -> None:
    sample = relay.sample("/github")
    with serve_with_inspector(relay.session, 0, 0) as (_, url):
        relay.post("/github", sample.body, sample.signed())
        assert [event["detail-type"] for event in httpx.get(f"{url}/events", timeout=60).json()] == ["push"]
        fault = {"error_code": "RedactionFailure", "requests": 1}
        assert httpx.put(f"{url}/faults", json=[fault]).text == "1 faults in force\n"
        answer = relay.post("/github", sample.body, sample.signed()).json()
        assert answer["entries"][0]["error_code"] == "RedactionFailure"
        assert httpx.put(f"{url}/faults", json={}).status_code == 400
