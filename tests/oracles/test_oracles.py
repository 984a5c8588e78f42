"""What a sender's own library signs is accepted by its preset, and the same with one byte changed is not."""

import base64
import hmac
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import gidgethub.sansio
import jwt
import plivo
import pytest
import stripe
import svix
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from nacl.encoding import HexEncoder
from nacl.signing import SigningKey
from plivo.utils import signature_v3
from sendgrid.helpers.eventwebhook import EventWebhook
from slack_sdk.signature import SignatureVerifier
from standardwebhooks import Webhook
from twilio.request_validator import RequestValidator

from relay import pipeline
from relay.config import Config
from relay.entry import Accepted
from relay.pipeline import Ports
from tests.conftest import Load, http_api_event, nothing_is_enrolled

BASE = "https://hooks.acme.example"
BODY = '{"type":"event.created","name":"Zoë ☃"}'.encode()
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LONG = "a-secret-of-at-least-thirty-two-bytes"
URL = f"{BASE}/hook?a=1"


@dataclass(frozen=True)
class Signed:
    """A request as a library signed it, and what its receiver is configured with."""

    headers: dict[str, str]
    body: bytes = BODY
    secret: str = ""
    public: dict[str, str] = field(default_factory=dict)
    published: bytes = b""


def standard_webhooks() -> Signed:
    now = datetime.now(UTC)
    signature = Webhook(WHSEC).sign("msg_1", now, BODY.decode())
    timestamp = str(int(now.timestamp()))
    headers = {"webhook-id": "msg_1", "webhook-timestamp": timestamp, "webhook-signature": signature}
    return Signed(headers, secret=WHSEC)


def svix_library() -> Signed:
    now = datetime.now(UTC)
    signature = svix.Webhook(WHSEC).sign("msg_1", now, BODY.decode())
    timestamp = str(int(now.timestamp()))
    return Signed({"svix-id": "msg_1", "svix-timestamp": timestamp, "svix-signature": signature}, secret=WHSEC)


def stripe_library() -> Signed:
    header = stripe.WebhookSignature.generate_signature_header(BODY.decode(), "whsec_stripe")
    stripe.Webhook.construct_event(BODY, header, "whsec_stripe")
    return Signed({"stripe-signature": header}, secret="whsec_stripe")


def slack_library() -> Signed:
    timestamp = str(int(time.time()))
    signature = SignatureVerifier("slack-secret").generate_signature(timestamp=timestamp, body=BODY)
    assert signature
    headers = {"x-slack-request-timestamp": timestamp, "x-slack-signature": signature}
    return Signed(headers, secret="slack-secret")


def github_library() -> Signed:
    signature = "sha256=" + hmac.new(b"github-secret", BODY, sha256).hexdigest()
    gidgethub.sansio.validate_event(BODY, signature=signature, secret="github-secret")
    return Signed({"x-hub-signature-256": signature, "x-github-event": "push"}, secret="github-secret")


def twilio_form() -> Signed:
    parameters = {"CallSid": "CA1", "From": "+1415", "SmsStatus": "sent"}
    signature = RequestValidator("twilio-token").compute_signature(URL, parameters)
    headers = {"x-twilio-signature": signature, "content-type": "application/x-www-form-urlencoded"}
    return Signed(headers, b"From=%2B1415&SmsStatus=sent&CallSid=CA1", secret="twilio-token")


def plivo_library() -> Signed:
    body, nonce = b"From=%2B1415&To=%2B1800&To=%2B1200&Event=StartApp", "05429567804466091622"
    fields = {"From": "+1415", "To": ["+1800", "+1200"], "Event": "StartApp"}
    signature = signature_v3.get_signature_v3("plivo-token", signature_v3.construct_post_url(URL, fields), nonce)
    assert plivo.utils.validate_v3_signature("POST", URL, nonce, "plivo-token", signature.decode(), fields)
    headers = {"x-plivo-signature-v3": signature.decode(), "x-plivo-signature-v3-nonce": nonce}
    return Signed(headers | {"content-type": "application/x-www-form-urlencoded"}, body, secret="plivo-token")


def nacl_discord() -> Signed:
    key, timestamp = SigningKey.generate(), str(int(time.time()))
    signature = key.sign(timestamp.encode() + BODY).signature.hex()
    public = key.verify_key.encode(HexEncoder).decode()
    headers = {"x-signature-ed25519": signature, "x-signature-timestamp": timestamp}
    return Signed(headers, public={"public_key": public})


def nacl_standard_webhooks_v1a() -> Signed:
    key, timestamp = SigningKey.generate(), str(int(time.time()))
    signature = key.sign(f"msg_1.{timestamp}.".encode() + BODY).signature
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": timestamp,
        "webhook-signature": "v1a," + base64.b64encode(signature).decode(),
    }
    return Signed(headers, public={"public_key": "whpk_" + base64.b64encode(bytes(key.verify_key)).decode()})


def sendgrid_library() -> Signed:
    key, timestamp = ec.generate_private_key(ec.SECP256R1()), str(int(time.time()))
    body = b'[{"event":"delivered","sg_event_id":"1"}]'
    signature = base64.b64encode(key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    public = base64.b64encode(der).decode()
    verifier = EventWebhook(public)
    assert verifier.verify_signature(body.decode(), signature, timestamp)
    prefix = "x-twilio-email-event-webhook"
    headers = {f"{prefix}-signature": signature, f"{prefix}-timestamp": timestamp}
    return Signed(headers, body, public={"public_key": public})


def pyjwt_netlify() -> Signed:
    token = jwt.encode({"iss": "netlify", "sha256": sha256(BODY).hexdigest()}, LONG, "HS256")
    return Signed({"x-webhook-signature": token}, secret=LONG)


def pyjwt_messagebird() -> Signed:
    now = int(time.time())
    claims: dict[str, Any] = {"iss": "MessageBird", "nbf": now, "exp": now + 60}
    claims |= {"payload_hash": sha256(BODY).hexdigest(), "url_hash": sha256(URL.encode()).hexdigest()}
    return Signed({"messagebird-signature-jwt": jwt.encode(claims, LONG, "HS256")}, secret=LONG)


def pyjwt_pubsub() -> Signed:
    """With the key set that Google publishes, of which the token names one key."""
    key, now = rsa.generate_private_key(65537, 2048), int(time.time())
    other = rsa.generate_private_key(65537, 2048)
    claims = {
        "iss": "https://accounts.google.com",
        "aud": URL,
        "email": "push@acme.iam.gserviceaccount.com",
        "email_verified": True,
        "iat": now,
        "exp": now + 3600,
    }
    algorithm = jwt.algorithms.RSAAlgorithm
    keys = [algorithm.to_jwk(one.public_key(), as_dict=True) | {"kid": kid} for kid, one in (("1", other), ("2", key))]
    token = jwt.encode(claims, key, "RS256", headers={"kid": "2", "jku": "https://evil.example/keys"})
    public = {"audience": URL, "email": "push@acme.iam.gserviceaccount.com"}
    published = json.dumps({"keys": keys}).encode()
    return Signed({"authorization": f"Bearer {token}"}, public=public, published=published)


ORACLES: dict[str, Sequence[Callable[[], Signed]]] = {
    "standard-webhooks": [standard_webhooks],
    "svix": [svix_library],
    "stripe": [stripe_library],
    "slack": [slack_library],
    "github": [github_library],
    "twilio": [twilio_form],
    "plivo": [plivo_library],
    "discord": [nacl_discord],
    "standard-webhooks-v1a": [nacl_standard_webhooks_v1a],
    "sendgrid": [sendgrid_library],
    "netlify": [pyjwt_netlify],
    "messagebird": [pyjwt_messagebird],
    "pubsub": [pyjwt_pubsub],
}
COVERS_THE_BODY = [preset for preset in ORACLES if preset != "pubsub"]


def config(load: Load, preset: str, signed: Signed) -> Config:
    given = signed.public | ({"secret": "secret"} if signed.secret else {})
    auth = ", ".join(f"{name} = {json.dumps(value)}" for name, value in given.items())
    return load(
        f"""
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
public_url = "{BASE}"
[[route]]
name = "route"
path = "/hook"
preset = "{preset}"
auth = {{ {auth} }}
event = {{ source = "aws.partner/acme.example/source" }}
"""
    )


def status(relay: Config, signed: Signed) -> int:
    ports = Ports(
        read_secret=lambda _: [signed.secret],
        refresh_secret=lambda _: [],
        send=lambda _, entries: [Accepted("id") for _ in entries],
        store=lambda _: None,
        fetch=lambda _: signed.published,
        enrol=nothing_is_enrolled,
    )
    event = http_api_event("/hook", signed.body, signed.headers, query="a=1")
    code: int = pipeline.answer(event, relay, ports, datetime.now(UTC))[0]["statusCode"]
    return code


@pytest.mark.parametrize("preset", ORACLES)
def test_what_the_senders_library_signs_is_accepted(load: Load, preset: str) -> None:
    for sign in ORACLES[preset]:
        signed = sign()
        assert status(config(load, preset, signed), signed) == 202


@pytest.mark.parametrize("preset", COVERS_THE_BODY)
def test_one_bit_of_the_body_changed_is_refused(load: Load, preset: str) -> None:
    for sign in ORACLES[preset]:
        signed = sign()
        changed = Signed(
            signed.headers, signed.body[:-2] + bytes([signed.body[-2] ^ 1]) + signed.body[-1:], signed.secret
        )
        assert status(config(load, preset, signed), changed) == 401


@pytest.mark.parametrize("preset", ORACLES)
def test_another_key_is_refused(load: Load, preset: str) -> None:
    for sign in ORACLES[preset]:
        signed, other = sign(), sign()
        if signed.secret:
            other = Signed(signed.headers, signed.body, "whsec_b3RoZXIgb3RoZXIgb3RoZXIgb3RoZXIgb3RoZXI=")
        if signed.published:
            other = replace(signed, published=other.published)
        assert status(config(load, preset, signed), other) == 401


@pytest.mark.parametrize("preset", ORACLES)
@pytest.mark.parametrize("value", ["", "é", "\x00", "v1,", "nan", "1e400", "-1", "a" * 100_000, "=" * 33])
def test_every_header_spoilt_is_refused_and_never_a_crash(load: Load, preset: str, value: str) -> None:
    for sign in ORACLES[preset]:
        signed = sign()
        relay = config(load, preset, signed)
        for name in signed.headers.keys() - {"content-type", "x-github-event"}:
            for spoilt in (value, f"{signed.headers[name]},{signed.headers[name]}", f"{signed.headers[name]}x{value}"):
                headers = signed.headers | {name: spoilt}
                assert status(relay, Signed(headers, signed.body, signed.secret)) == 401, (name, spoilt[:40])
            missing = {one: text for one, text in signed.headers.items() if one != name}
            assert status(relay, Signed(missing, signed.body, signed.secret)) == 401
