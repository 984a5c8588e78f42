"""What the inspector keeps and says, without a browser: bounds, matches, and the lines of relay.toml."""

import json
import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from relay.config.model import Config
from relay.destinations.model import Destination
from relay_local.inspector import archive_replay, editor, explain, terminal
from relay_local.inspector.captures import BUCKETS, Capture, Captures, Events, summary
from relay_local.inspector.explain import Surroundings
from relay_local.inspector.fates import Fates
from relay_local.samples import SIGNERS
from tests.conftest import RELAY_TOML, Load

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"type":"order.created"}'


def captured(captures: Captures, body: bytes = BODY, told: Any = None, **changes: Any) -> Capture:
    headers = SIGNERS["standard-webhooks"](SECRET, body) | {"content-type": "application/json"}
    answer = {"accepted": 1, "queued": 0, "dead_lettered": 0, "entries": [{"event_id": "1"}]} if told is None else told
    what = {
        "at": time.time(),
        "seconds": 0.01,
        "method": "POST",
        "path": "/orders/c42",
        "query": "",
        "headers": list(headers.items()),
        "body": body,
        "status": 202,
        "answer": json.dumps(answer).encode(),
    }
    return captures.add(**what | changes)


@pytest.fixture
def relay(load: Load) -> Config:
    return load(RELAY_TOML)


def test_the_oldest_webhooks_are_forgotten_by_number_and_by_bytes() -> None:
    captures = Captures(max_captures=3, max_bytes=10_000)
    for _ in range(5):
        captured(captures)
    assert [one.id for one in captures.all()] == [3, 4, 5]
    captured(captures, body=b'"' + b"x" * 20_000 + b'"')  # one that is too large alone is kept alone
    assert [one.id for one in captures.all()] == [6]


def test_ten_minutes_of_counts_are_kept() -> None:
    captures = Captures()
    for number in range(BUCKETS + 30):
        captured(captures, at=number * 5.0)
    assert len(captures.chart()) == BUCKETS
    assert captures.chart()[-1] == {
        "at": (BUCKETS + 29) * 5,
        "received": 1,
        "accepted": 1,
        "queued": 0,
        "dead_lettered": 0,
        "rejected": 0,
        "latency": 10.0,
    }


@pytest.mark.parametrize(
    ("status", "told", "result"),
    [
        (202, {"accepted": 2}, "accepted"),
        (202, {"queued": 1}, "queued"),
        (202, {"dead_lettered": 1}, "dead_lettered"),
        (202, {"accepted": 1, "queued": 1}, "mixed"),
        (202, {"accepted": 0}, "filtered"),
        (200, {"challenge": "x"}, "handshake"),
        (401, {"detail": "no"}, "rejected"),
        (502, [], "rejected"),
    ],
)
def test_the_list_tells_what_became_of_it(relay: Config, status: int, told: Any, result: str) -> None:
    assert summary(captured(Captures(), told=told, status=status), relay)["result"] == result


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


def test_the_terminal_says_the_message_what_to_do_and_for_whom_it_was(relay: Config) -> None:
    letter = {"dead_lettered": True, "error_code": "InvalidArgument", "error_message": "DetailType has 137 characters"}
    told = {"dead_lettered": 2, "unsubscribed": 1, "entries": [letter, letter, {"unsubscribed": True}]}
    explained = terminal.Explanations(lambda: "no", lambda: ["customer c88 has none"], lambda code, _: f"fix {code}")
    said = terminal.lines(captured(Captures(), told=told), relay, explained)
    assert said[0].endswith("POST /orders/c42: 2 dead-lettered, 1 unsubscribed")
    assert [line.strip() for line in "\n".join(said[1:]).splitlines()] == [
        "InvalidArgument: DetailType has 137 characters",
        "what to do: fix InvalidArgument",
        "customer c88 has none",
    ]


def test_old_events_are_forgotten() -> None:
    events = Events(max_bytes=1000)
    for number in range(100):
        events.add({"id": str(number), "source": "a", "detail-type": "b", "time": "", "detail": {"n": number}}, 0)
    assert 5 < len(events.all()) < 20
    assert [one["id"] for one in events.all()][-1] == "99"


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


TWO = (
    RELAY_TOML
    + """
# The second one's comment.
[[route]]
name = "second"
path = "/second"
auth = { scheme = "standard-webhooks", secret = "second/secret" }
[route.event]
source = "aws.partner/acme.example/second"
detail_type = "a"
"""
)


def test_a_route_is_cut_out_of_the_file_and_put_back() -> None:
    first, second = editor.find(TWO, "orders"), editor.find(TWO, "second")
    assert first.text.startswith('[[route]]\nname = "orders"')
    assert "second" not in first.text
    assert second.text.endswith('detail_type = "a"\n')
    for block in (first, second):
        assert editor.replace_route(block, block.text) == TWO
        assert TWO.splitlines()[block.first_line - 1] == "[[route]]"


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("detail_type", "detial_type", 7, 'did you mean "detail_type"?'),
        ("${body.type}", "${body.none}", 7, "is null or missing"),
        ("${body.type}", "${body.type[}", 7, "is not JMESPath"),
        ("[route.event]", "[route.event", 5, "is not TOML"),
    ],
)
def test_a_problem_has_its_line_in_the_route(old: str, new: str, line: int, message: str) -> None:
    block = editor.find(TWO, "orders")
    found = editor.attempt(block, block.text.replace(old, new), captured(Captures()))
    assert found["problems"][0]["line"] == line
    assert message in found["problems"][0]["message"]


def test_an_edit_is_compared_with_every_webhook_of_the_route_that_was_accepted() -> None:
    captures = Captures()
    for status in (202, 202, 401):
        captured(captures, status=status)
    block = editor.find(TWO, "orders")
    assert editor.compare(block, block.text, captures.all()) == {"webhooks": 2, "changed": 0, "changes": []}
    found = editor.compare(block, block.text.replace("${body.type}", "v2.${body.type}"), captures.all())
    assert (found["webhooks"], found["changed"]) == (2, 2)
    [change] = found["changes"]
    assert (change["change"], change["fields"], change["count"]) == ("other fields", "detail-type", 2)
    assert "problems" in editor.compare(block, "nonsense", captures.all())


def test_a_body_that_cannot_be_read_is_said(relay: Config) -> None:
    assert relay.routes
    block = editor.find(TWO, "orders")
    [problem] = editor.attempt(block, block.text, captured(Captures(), body=b"{"))["problems"]
    assert problem["message"].startswith("would be answered 400: ")


@pytest.mark.parametrize(("file", "why"), [("x", "is not TOML"), (RELAY_TOML, 'no route "second" any more')])
def test_a_file_that_cannot_be_used_says_so(file: str, why: str) -> None:
    with pytest.raises(editor.Unusable, match=why):
        editor.find(file, "second")


def test_the_list_names_what_a_webhook_was_mapped_to(relay: Config) -> None:
    short = explain.in_short(captured(Captures()), Surroundings(relay, {}, Events(), ""))
    assert short.types == ("order.created",)
    assert short.sources == ("aws.partner/acme.example/c42/orders",)
    rejected = captured(Captures(), status=401)
    assert explain.in_short(rejected, Surroundings(relay, {}, Events(), "")).types == ()


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


def test_what_a_person_writes_into_the_form_is_the_value_of_an_option_and_no_other() -> None:
    chosen = {"since": "1h", "until": "", "customer": "--stage=other", "control-url": "https://elsewhere.example"}
    assert archive_replay.arguments(chosen, remap=False, dry_run=True) == [
        "replay",
        "--since=1h",
        "--customer=--stage=other",
        "--dry-run",
    ]
