"""Every handshake of a supported sender gets its answer, through the handler, and nothing is delivered."""

import hmac
import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from relay.auth.context import Fetch
from relay.config import presets
from relay.config.model import Config
from relay.entry import Accepted, Entry, Outcome
from relay.errors import Unauthorized
from tests import doubles
from tests.conftest import Load, http_api_event
from tests.doubles import nothing_is_published
from tests.handler import handle

DATA = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
VECTORS = {vector["id"]: vector for vector in DATA["vectors"]}
PRESET_TABLES = presets.load()
SUPPORTED = {name for name, preset in PRESET_TABLES.items() if "handshake" in preset} | {"sns"}
NOW = 1795392000
BASE = "https://relay.example.com/in/x"

# It wants the same text for each webhook: no handshake, and tested below with a real body.
ACKNOWLEDGED = {"dropbox-sign"}
# A sender of CloudEvents asks by OPTIONS; Azure Event Grid is one.
PRESET_OF = {"cloudevents": "eventgrid"}


def config(
    load: Load, preset: str, key: str = 'secret = "secret"', origins: list[str] | None = None, *, enroll: bool = False
) -> Config:
    token = 'verify_token = "verify-token"' if preset == "meta" else ""
    token += "enroll = true" if enroll else ""
    allowed = f"origins = {json.dumps(origins)}" if origins else ""
    return load(
        f"""
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
public_url = "https://relay.example.com"
[[route]]
name = "route"
path = "/in/x"
preset = "{preset}"
{token}
{allowed}
auth = {{ {key} }}
event = {{ source = "aws.partner/acme.example/source" }}
"""
    )


def nothing_is_sent(_entries: Sequence[Entry]) -> Sequence[Outcome]:
    raise AssertionError("a handshake was delivered")


def greet(
    relay: Config,
    request: dict[str, Any],
    secrets: dict[str, str],
    fetch: Fetch = nothing_is_published,
) -> dict[str, Any]:
    def enroll(name: str, value: str) -> None:
        if secrets.setdefault(name, value) not in {"", value}:
            raise Unauthorized("another value")
        secrets[name] = value

    services = doubles.services(
        relay,
        read_secret=lambda name: [secrets[name]] if secrets.get(name) else [],
        refresh_secret=lambda name: [secrets[name]] if secrets.get(name) else [],
        send=nothing_is_sent,
        fetch=fetch,
        enroll=enroll,
    )
    url = urlsplit(request["url"])
    event = http_api_event(
        "/in/x", request["body"].encode(), dict(request["headers"]), method=request["method"], query=url.query
    )
    return handle(event, services, datetime.fromtimestamp(NOW, UTC))


@pytest.mark.parametrize(
    "vector", [pytest.param(one, id=one["id"]) for one in DATA["handshakes"] if one["provider"] not in ACKNOWLEDGED]
)
def test_a_handshake_gets_its_answer(vector: dict[str, Any], load: Load) -> None:
    request, given, expected = vector["request"], vector["config"], vector["expected_response"]
    key = 'secret = "secret"'
    if "headers_from_vector" in request:
        signed = VECTORS[request["headers_from_vector"]]
        request = request | {"headers": signed["headers"], "body": signed["body"]}
        public = {name: signed[name] for name in ("public_key", "certificate") if name in signed}
        public |= {"topics": [given["topic_arn"]]} if "topic_arn" in given else {}
        key = ", ".join(f"{name} = {json.dumps(value)}" for name, value in public.items())
    secret = given.get("secret") or given.get("query_secret") or ""
    if "public_key_id" in given:
        key += f', public_key_id = "{given["public_key_id"]}"'
    preset, enroll = PRESET_OF.get(vector["provider"], vector["provider"]), given.get("enrolment_open", False)
    relay = config(load, preset, key, given.get("allowed_origins"), enroll=enroll)
    visited: list[str] = []

    def visit(url: str, _max_age: float) -> bytes:
        visited.append(url)
        return b"<ConfirmSubscriptionResponse/>"

    secrets = {"secret": secret, "verify-token": given.get("verify_token", "")}
    answer = greet(relay, request, secrets, visit)
    assert bool(secrets["secret"]) == bool(secret or enroll)
    assert visited == ([json.loads(request["body"])["SubscribeURL"]] if vector["provider"] == "sns" else [])
    assert expected["status"] in {answer["statusCode"], "any"}, answer["body"]
    assert not set(expected.get("headers_absent", [])) & answer["headers"].keys()
    if "json" in expected:
        assert json.loads(answer["body"]) == expected["json"]
    if "body" in expected:
        assert answer["body"] == expected["body"]
    for name, value in expected.get("headers", {}).items():
        assert answer["headers"][name].partition(";")[0] == value


def test_every_handshake_is_supported() -> None:
    assert {one["provider"] for one in DATA["handshakes"]} - SUPPORTED - PRESET_OF.keys() == ACKNOWLEDGED


def test_dropbox_sign_hears_its_text_for_each_webhook(load: Load) -> None:
    event = {"event_time": "1348177752", "event_type": "signature_request_sent"}
    event["event_hash"] = hmac.new(b"api-key", b"1348177752signature_request_sent", sha256).hexdigest()
    request = httpx.Request("POST", BASE, files={"json": (None, json.dumps({"event": event}))})
    sent: list[Entry] = []

    def send(entries: Sequence[Entry]) -> Sequence[Outcome]:
        sent.extend(entries)
        return [Accepted("id")] * len(entries)

    services = doubles.services(
        config(load, "dropbox-sign"),
        read_secret=lambda _: ["api-key"],
        send=send,
    )
    posted = http_api_event("/in/x", request.read(), dict(request.headers))
    answer = handle(posted, services, datetime.fromtimestamp(NOW, UTC))
    expected = next(one for one in DATA["handshakes"] if one["provider"] == "dropbox-sign")["expected_response"]
    assert (answer["statusCode"], answer["body"]) == (expected["status"], expected["body"])
    assert [(one.detail_type, json.loads(one.detail)) for one in sent] == [(event["event_type"], {"event": event})]


@pytest.mark.parametrize(
    ("preset", "method", "url", "status"),
    [
        ("dropbox", "GET", "?challenge=<script>", 401),
        ("dropbox", "GET", "?challenge=" + "a" * 257, 401),
        ("dropbox", "GET", "", 401),
        ("dropbox", "HEAD", "", 405),
        ("meta", "GET", "?hub.mode=subscribe&hub.challenge=1", 401),
        ("okta", "GET", "", 401),
        ("eventgrid", "OPTIONS", "", 401),
        ("braintree", "GET", "?bt_challenge=v0%3A1795392000", 401),
        ("msgraph", "POST", "?validationToken=Validation%3A+ok", 200),
        ("msgraph", "POST", "?validationToken=%00", 401),
        ("github", "GET", "?challenge=1", 405),
    ],
)
def test_a_challenge_is_no_open_echo(load: Load, preset: str, method: str, url: str, status: int) -> None:
    request = {"method": method, "url": f"https://relay.example.com/in/x{url}", "headers": [], "body": ""}
    key = 'secret = "secret"' + (', public_key_id = "id"' if preset == "braintree" else "")
    answer = greet(config(load, preset, key), request, {"secret": "secret", "verify-token": "token"})
    assert answer["statusCode"] == status
    if status == 200:
        assert answer["headers"] == {
            "content-type": "text/plain; charset=utf-8",
            "x-content-type-options": "nosniff",
        }


def test_an_unsigned_slack_challenge_is_refused(load: Load) -> None:
    request = {
        "method": "POST",
        "url": "https://relay.example.com/in/x",
        "headers": [],
        "body": '{"type":"url_verification","challenge":"x"}',
    }
    assert greet(config(load, "slack"), request, {"secret": "secret"})["statusCode"] == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"topics": ["arn:aws:sns:eu-west-1:123456789012:AnotherTopic"]},
        {"Type": "Notification"},
        {"SubscribeURL": "https://sns.eu-west-1.amazonaws.com.evil.example/?Action=ConfirmSubscription&Token=tok"},
        {"SubscribeURL": "https://evil.example/?x=sns.eu-west-1.amazonaws.com"},
    ],
)
def test_a_subscription_is_confirmed_only_for_an_allowed_topic_and_at_amazon(
    load: Load, changed: dict[str, Any]
) -> None:
    signed = VECTORS["sns/subscription_confirmation"]
    topics = changed.pop("topics", ["arn:aws:sns:eu-west-1:123456789012:MyTopic"])
    body = json.dumps(json.loads(signed["body"]) | changed, ensure_ascii=False)
    request = signed | {"body": body}
    key = f"topics = {json.dumps(topics)}, certificate = {json.dumps(signed['certificate'])}"
    assert greet(config(load, "sns", key), request, {})["statusCode"] == 401


def test_a_subscription_that_amazon_does_not_confirm_is_503(load: Load) -> None:
    signed = VECTORS["sns/subscription_confirmation"]
    key = 'topics = ["arn:aws:sns:eu-west-1:123456789012:MyTopic"], certificate = ' + json.dumps(signed["certificate"])
    statuses = [
        greet(config(load, "sns", key), signed, {}, fetch=lambda *_, page=page: page)["statusCode"]
        for page in (b"<ConfirmSubscriptionResponse/>", b"")
    ]
    assert statuses == [200, 503]


@pytest.mark.parametrize(("stored", "enroll", "status"), [("", True, 200), ("", False, 401), ("stored", True, 401)])
def test_a_secret_is_enrolled_once_and_never_replaced(load: Load, stored: str, enroll: bool, status: int) -> None:
    headers = [["X-Hook-Secret", "b537207f20cbfa02357cf448134da559"]]
    request = {"method": "POST", "url": "https://relay.example.com/in/x", "headers": headers, "body": "{}"}
    secrets = {"secret": stored}
    answer = greet(config(load, "asana", enroll=enroll), request, secrets)
    assert answer["statusCode"] == status
    assert secrets["secret"] == (headers[0][1] if status == 200 else stored)
    if status == 200:
        again = greet(
            config(load, "asana", enroll=enroll), request | {"headers": [["X-Hook-Secret", "a" * 32]]}, secrets
        )
        assert (again["statusCode"], secrets["secret"]) == (401, headers[0][1])


@pytest.mark.parametrize(("secret", "status"), [("secret", 200), ("another", 401)])
def test_fronts_challenge_is_signed_and_comes_back_in_the_body(load: Load, secret: str, status: int) -> None:
    # https://dev.frontapp.com/docs/application-webhooks
    body, time = '{"type":"sync","authorization":{"id":"cmp_abc"}}', f"{NOW}000"
    signature = b64encode(hmac.digest(secret.encode(), f"{time}:{body}".encode(), sha256)).decode()
    headers = [["x-front-challenge", "abc"], ["x-front-request-timestamp", time], ["x-front-signature", signature]]
    request = {"method": "POST", "url": BASE, "headers": headers, "body": body}
    answer = greet(config(load, "front"), request, {"secret": "secret"})
    assert answer["statusCode"] == status
    if status == 200:
        assert json.loads(answer["body"]) == {"challenge": "abc"}
