"""Requests as a sender's own library signs them, or the library of its primitive where the sender has none."""

import base64
import hmac
import json
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import gidgethub.sansio
import google.auth.crypt
import google.auth.jwt
import httpx
import jwt
import phpserialize
import plivo
import stripe
import svix
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from nacl.encoding import HexEncoder
from nacl.signing import SigningKey
from paddle_billing.Notifications import PaddleSignature, Secret, Verifier
from plivo.utils import signature_v3
from sendgrid.helpers.eventwebhook import EventWebhook
from slack_sdk.signature import SignatureVerifier
from square.utils.webhooks_helper import verify_signature
from standardwebhooks import Webhook
from twilio.request_validator import RequestValidator

from relay.auth import kinds
from relay.config.model import Config
from tests.conftest import Load

BASE = "https://hooks.acme.example"
BODY = '{"type":"event.created","name":"Zoë ☃"}'.encode()
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LONG = "a-secret-of-at-least-thirty-two-bytes"
URL = f"{BASE}/hook?a=1"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:MyTopic"


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


def google_auth_pubsub() -> Signed:
    """With the key set that Google publishes, of which the token names one key."""
    key, other = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    now = int(time.time())
    claims = {
        "iss": "https://accounts.google.com",
        "aud": URL,
        "email": "push@acme.iam.gserviceaccount.com",
        "email_verified": True,
        "iat": now,
        "exp": now + 3600,
    }
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    signer = google.auth.crypt.RSASigner.from_string(private.decode(), "2")
    token = google.auth.jwt.encode(signer, claims, header={"jku": "https://evil.example/keys"}).decode()
    assert google.auth.jwt.decode(token, {"2": _public(key)}, audience=URL) == claims
    public = {"audience": URL, "email": "push@acme.iam.gserviceaccount.com"}
    return Signed({"authorization": f"Bearer {token}"}, public=public, published=_key_set({"1": other, "2": key}))


def pyjwt_kinde() -> Signed:
    """Sign a request whose body is the token, and whose payload is what it says."""
    key, now = rsa.generate_private_key(65537, 2048), datetime.now(UTC).isoformat()
    claims = {"type": "user.created", "event_id": "event_1", "timestamp": now, "data": {"name": "Zoë ☃"}}
    token = jwt.encode(claims, key, "RS256", headers={"kid": "1"})
    public = {"jwks_url": "https://acme.kinde.com/.well-known/jwks"}
    return Signed({"content-type": "application/jwt"}, token.encode(), public=public, published=_key_set({"1": key}))


def pyjwt_wix() -> Signed:
    key, now = rsa.generate_private_key(65537, 2048), int(time.time())
    inner = {"id": "1", "slug": "created", "eventTime": "2026-11-23T07:00:00Z"}
    data = {"eventType": "wix.contacts.v4.contact_created", "instanceId": "1", "data": json.dumps(inner)}
    token = jwt.encode({"data": json.dumps(data), "iat": now, "exp": now + 3600}, key, "RS256")
    return Signed({"content-type": "text/plain"}, token.encode(), public={"public_key": _public(key).decode()})


def square_library() -> Signed:
    signature = base64.b64encode(hmac.new(b"square-key", f"{URL}{BODY.decode()}".encode(), sha256).digest()).decode()
    assert verify_signature(
        request_body=BODY.decode(), signature_header=signature, signature_key="square-key", notification_url=URL
    )
    return Signed({"x-square-hmacsha256-signature": signature}, secret="square-key")


def paddle_library() -> Signed:
    timestamp = str(int(time.time()))
    digest = PaddleSignature.calculate_hmac("paddle-secret", f"{timestamp}:".encode() + BODY).hexdigest()
    headers = {"Paddle-Signature": f"ts={timestamp};h1={digest}"}
    assert Verifier().verify(SimpleNamespace(headers=headers, body=BODY), Secret("paddle-secret"))
    return Signed({"paddle-signature": headers["Paddle-Signature"]}, secret="paddle-secret")


def phpserialize_paddle_classic() -> Signed:
    """As the sender's documentation has it for Python, with the same library."""
    key = rsa.generate_private_key(65537, 2048)
    fields = {"alert_name": "payment_succeeded", "alert_id": "1", "passthrough": "", "customer_name": "Zoë ☃"}
    content = phpserialize.dumps(OrderedDict(sorted(fields.items())))
    signature = key.sign(content, padding.PKCS1v15(), hashes.SHA1())  # the sender's choice
    form = fields | {"p_signature": base64.b64encode(signature).decode()}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return Signed(headers, urlencode(form).encode(), public={"public_key": _public(key).decode()})


def hashlib_hubspot_v2() -> Signed:
    content = b"hubspot-secret" + b"POST" + URL.encode() + BODY
    return Signed({"x-hubspot-signature": sha256(content).hexdigest()}, secret="hubspot-secret")


def httpx_bearer() -> Signed:
    return Signed({"authorization": "Bearer a-token"}, secret="a-token")


def httpx_basic() -> Signed:
    request = httpx.Request("POST", URL)
    signed = next(httpx.BasicAuth("user", "pa:ss").sync_auth_flow(request))
    return Signed({"authorization": signed.headers["authorization"]}, secret="user:pa:ss")


def api_key() -> Signed:
    return Signed({"x-api-key": "a-key"}, secret="a-key")


def cryptography_sns() -> Signed:
    """Version 2, with the fields in the order of the documentation."""
    key, certificate = _certified("sns.eu-west-1.amazonaws.com")
    message = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": "Hello",
        "Timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.000Z",
    }
    names = ("Message", "MessageId", "Timestamp", "TopicArn", "Type")
    content = "".join(f"{name}\n{message[name]}\n" for name in names)
    message |= {
        "SignatureVersion": "2",
        "Signature": base64.b64encode(key.sign(content.encode(), padding.PKCS1v15(), hashes.SHA256())).decode(),
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-abc.pem",
    }
    return Signed({}, json.dumps(message).encode(), published=certificate)


def cryptography_paypal() -> Signed:
    key, certificate = _certified("messageverificationcerts.paypal.com")
    sent = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}Z"
    content = f"id-1|{sent}|webhook-1|{zlib.crc32(BODY)}"
    prefix = "paypal-transmission"
    headers = {
        f"{prefix}-id": "id-1",
        f"{prefix}-time": sent,
        f"{prefix}-sig": base64.b64encode(key.sign(content.encode(), padding.PKCS1v15(), hashes.SHA256())).decode(),
        "paypal-auth-algo": "SHA256withRSA",
        "paypal-cert-url": "https://api.paypal.com/v1/notifications/certs/CERT-1",
    }
    return Signed(headers, public={"webhook_id": "webhook-1"}, published=certificate)


SIGNERS: dict[str, Callable[[], Signed]] = {
    "standard-webhooks": standard_webhooks,
    "svix": svix_library,
    "stripe": stripe_library,
    "slack": slack_library,
    "github": github_library,
    "square": square_library,
    "paddle": paddle_library,
    "twilio": twilio_form,
    "plivo": plivo_library,
    "discord": nacl_discord,
    "standard-webhooks-v1a": nacl_standard_webhooks_v1a,
    "sendgrid": sendgrid_library,
    "paddle-classic": phpserialize_paddle_classic,
    "netlify": pyjwt_netlify,
    "messagebird": pyjwt_messagebird,
    "pubsub": google_auth_pubsub,
    "kinde": pyjwt_kinde,
    "wix": pyjwt_wix,
    "hubspot-v2": hashlib_hubspot_v2,
    "sns": cryptography_sns,
    "paypal": cryptography_paypal,
    "bearer": httpx_bearer,
    "basic": httpx_basic,
    "api-key": api_key,
}
"""By preset; the last three by scheme."""


def config(load: Load, name: str, signed: Signed) -> Config:
    """One route at /hook, for `name`."""
    given: dict[str, Any] = signed.public | ({"secret": "secret"} if signed.secret else {})
    if name == "sns":
        given["topics"] = [TOPIC]
    preset = f'preset = "{name}"'
    if name in kinds.SHARED_SECRET_KINDS:
        preset, given["scheme"] = "", name
        if name == "api-key":
            given["token"] = "${headers.x_api_key}"
    auth = ", ".join(f"{key} = {json.dumps(value)}" for key, value in given.items())
    event = 'source = "aws.partner/acme.example/source"' + ("" if preset else ', detail_type = "${body.type}"')
    return load(
        f"""
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
public_url = "{BASE}"
[[route]]
name = "route"
path = "/hook"
{preset}
auth = {{ {auth} }}
event = {{ {event} }}
"""
    )


def _public(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _key_set(keys: dict[str, rsa.RSAPrivateKey]) -> bytes:
    to_jwk = jwt.algorithms.RSAAlgorithm.to_jwk
    return json.dumps(
        {"keys": [to_jwk(key.public_key(), as_dict=True) | {"kid": kid} for kid, key in keys.items()]}
    ).encode()


def _certified(host: str) -> tuple[rsa.RSAPrivateKey, bytes]:
    key, now = rsa.generate_private_key(65537, 2048), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
    return key, made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
