"""A genuine request of every preset: its scheme is read backwards, with secrets and keys made here.

This shows what the relay does with a request that it takes for genuine; whether the preset is right is for the vendors'
own signers to say (tests/oracles, tests/vectors).
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import NameOID

from relay import config
from relay.auth import signature, timestamps
from relay.auth.canonical import atlassian
from relay.auth.certificate import CertificateScheme
from relay.auth.context import VerificationContext
from relay.auth.json_web_token import JwtScheme
from relay.auth.shared_secret import SharedSecretScheme
from relay.auth.signature import SignatureScheme
from relay.config import presets
from relay.config.model import Config
from relay.http.request import Request

NOW = datetime(2026, 11, 23, 7, 9, 54, tzinfo=UTC)
BASE = "https://hooks.acme.example"
PATH = "/hook"
SECRET = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
HEX_SECRET = b"0123456789abcdef0123456789abcdef".hex()
TOPIC = "arn:aws:sns:us-east-1:111111111111:orders"
PRESETS = sorted(presets.load())

_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b0"
# An event whose text looks like a form, which is what an attacker who can write into an object would write.
_TEXT = "x&account=acct_victim&type=payout.paid&id=evt_evil&z="
_EVENT = {"id": "evt_1", "type": "order.created", "account": "acct_1", "note": _TEXT, "name": "Zoë"}
_SECONDS = int(NOW.timestamp())


@dataclass(frozen=True)
class Genuine:
    """A request that the route of `relay` takes for genuine with `secrets`, at NOW."""

    relay: Config
    secrets: tuple[str, ...]
    body: bytes
    headers: Mapping[str, str]
    query: str = ""
    published: Mapping[str, bytes] = field(default_factory=dict)


@cache
def genuine(name: str) -> Genuine:
    """Return a genuine request of the preset."""
    relay = relay_of(name)
    text, content_type = _body(name, relay.routes[0].body_format)
    return proven(name, Genuine(relay, (), text, {"content-type": content_type} | _HEADERS.get(name, {})))


def proven(name: str, draft: Genuine) -> Genuine:
    """Return a request as it is, with what proves it."""
    scheme = draft.relay.routes[0].auth
    if isinstance(scheme, SignatureScheme):
        return _signed(name, scheme, draft)
    if isinstance(scheme, SharedSecretScheme):
        return _with_token(scheme, draft)
    if isinstance(scheme, JwtScheme):
        return _with_jwt(scheme, draft)
    if isinstance(scheme, CertificateScheme):
        return _certified(scheme, draft)
    return draft


_HEADERS: Mapping[str, dict[str, str]] = {
    "box": {"box-signature-version": "1", "box-signature-algorithm": "HmacSHA256"},
    "coinbase-cdp": {"x-hook0-signature": "h=content-type"},
    "mercadopago": {"x-request-id": "r1"},
    "contentful": {"x-contentful-signed-headers": "x-contentful-timestamp,x-contentful-signed-headers"},
}


def relay_of(name: str, event: str = 'detail_type = "t"') -> Config:
    """Return a relay with one route, of this preset, and the keys that are made here; `event` is what it maps."""
    preset = presets.load()[name]
    auth = presets.load().get(preset.get("extends", ""), {}).get("auth", {}) | preset.get("auth", {})
    kind = auth.get("scheme")
    lines = ['scheme = "none"' if kind is None and name != "cloudevents" else ""]
    if name == "cloudevents":
        lines = ['scheme = "standard-webhooks", secret = "s"']
    elif kind in {"ed25519", "ecdsa-p256", "rsa"}:
        lines = [f"public_key = {json.dumps(_public_key(kind, auth.get('key_encoding', 'utf8')))}"]
    elif kind == "sns":
        lines = [f'topics = ["{TOPIC}"]', f"certificate = {json.dumps(_certificate('sns.amazonaws.com'))}"]
    elif kind == "paypal":
        lines = ['webhook_id = "1"', f"certificate = {json.dumps(_certificate('messageverificationcerts.paypal.com'))}"]
    elif kind == "jwt" and auth["algorithm"][:2] in {"RS", "ES"}:
        lines = [
            f"public_key = {json.dumps(_public_key({'RS': 'rsa', 'ES': 'ecdsa-p256'}[auth['algorithm'][:2]], 'pem'))}"
        ]
    elif kind is not None:
        lines = ['secret = "s"']
    if name == "pubsub":
        lines += ['audience = "a"', 'email = "e"']
    if "public_key_id" in auth.get("requires", []):
        lines.append('public_key_id = "pk"')
    token = 'verify_token = "token"' if any("token" in one for one in preset.get("handshake", [])) else ""
    return config.parse(
        f"""
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
public_url = "{BASE}"
[[route]]
name = "{name}"
path = "{PATH}"
preset = "{name}"
{token}
auth = {{ {", ".join(line for line in lines if line)} }}
event = {{ source = "aws.partner/acme.example/{name}"{", " if event else ""}{event} }}
""",
        "relay.toml",
    )


def _body(name: str, body_format: str) -> tuple[bytes, str]:
    if name in _SPECIAL:
        return _SPECIAL[name]()
    if body_format == "form":
        return urlencode(_EVENT).encode(), _FORM
    if body_format == "multipart":
        return _multipart({"json": json.dumps(_EVENT)}), _MULTIPART
    if body_format == "text":
        return b"", "text/plain"
    if body_format == "cloudevents":
        return json.dumps({"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": _EVENT}).encode(), (
            "application/cloudevents+json"
        )
    each = presets.load()[name].get("event", {}).get("each")
    value = {"${body}": [_EVENT], "${body.value}": {"value": [_EVENT | {"clientState": "@"}]}}.get(each, _EVENT)
    return json.dumps(value, ensure_ascii=False).encode(), "application/json"


def _multipart(fields: Mapping[str, str]) -> bytes:
    parts = [
        f'--b0\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()
    ]
    return ("".join(parts) + "--b0--\r\n").encode()


def _json(value: Any) -> tuple[bytes, str]:
    return json.dumps(value, ensure_ascii=False).encode(), "application/json"


# Bodies that hold what proves them: "@" stands where the signature goes.
_SPECIAL: Mapping[str, Callable[[], tuple[bytes, str]]] = {
    "orum": lambda: _json(_EVENT | {"created_at": NOW.isoformat()}),
    "klaviyo": lambda: _json(_EVENT | {"meta": {"timestamp": NOW.isoformat()}}),
    "linear": lambda: _json(_EVENT | {"webhookTimestamp": _SECONDS * 1000}),
    "mailgun": lambda: _json(
        {"signature": {"timestamp": str(_SECONDS), "token": "t" * 50, "signature": "@"}, "event-data": _EVENT}
    ),
    "adyen-payments": lambda: _json(
        {
            "notificationItems": [
                {
                    "NotificationRequestItem": {
                        "pspReference": "p",
                        "merchantAccountCode": "m",
                        "merchantReference": "r",
                        "amount": {"value": 100, "currency": "EUR"},
                        "eventCode": "AUTHORISATION",
                        "success": "true",
                        "additionalData": {"hmacSignature": "@"},
                    }
                }
            ]
        }
    ),
    "msgraph": lambda: _json({"value": [_EVENT | {"clientState": SECRET}]}),
    "livechat": lambda: _json(_EVENT | {"secret_key": SECRET}),
    "braintree": lambda: (
        urlencode({"bt_signature": "pk|@", "bt_payload": base64.b64encode(b"<notification/>" * 4).decode()}).encode(),
        _FORM,
    ),
    "paddle-classic": lambda: (urlencode({**_EVENT, "p_signature": "@"}).encode(), _FORM),
    "dropbox-sign": lambda: (
        _multipart(
            {"json": json.dumps({"event": {"event_time": str(_SECONDS), "event_type": "t", "event_hash": "@"}})}
        ),
        _MULTIPART,
    ),
    "sns": lambda: _json(_sns_message()),
}


def _sns_message() -> dict[str, Any]:
    return {
        "Type": "Notification",
        "MessageId": "m1",
        "TopicArn": TOPIC,
        "Subject": "S",
        "Message": json.dumps(_EVENT),
        "Timestamp": NOW.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "SignatureVersion": "2",
        "Signature": "@",
        "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
        "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
        "MessageAttributes": {"tenant": {"Type": "String", "Value": "mine"}},
    }


def _signed(name: str, scheme: SignatureScheme, draft: Genuine) -> Genuine:
    secret = {"base64": SECRET, "hex": HEX_SECRET}.get(scheme.key_encoding, SECRET)
    secret = scheme.key_prefix + secret if scheme.key_prefix.isascii() and "(" not in scheme.key_prefix else secret
    unit = timestamps.TIMESTAMP_UNITS.get(scheme.timestamp_unit)
    now = str(_SECONDS * unit) if unit else NOW.isoformat().replace("+00:00", "Z")
    headers, query = dict(draft.headers), "data.id=1" if name == "mercadopago" else ""
    [source] = scheme.timestamp.expressions() if scheme.timestamp else [""]
    if source.startswith("headers."):
        headers[source.removeprefix("headers.").replace("_", "-")] = now
    for expression in scheme.content.expressions():
        if expression.startswith("headers."):
            headers.setdefault(expression.removeprefix("headers.").replace("_", "-"), "msg-1")
    request = Request("POST", PATH, query, headers, draft.body, "")
    digest = _digest(scheme, secret, request, now, draft.relay.routes[0].body_format)
    where = scheme.signature.expressions()[0].partition(" || ")[0]
    text = scheme.prefix + digest
    if scheme.pair_separator:
        label = source.removeprefix("signature.") if source.startswith("signature.") else ""
        timed = [f"{label}{scheme.pair_separator}{now}"] if label else []
        timed += [f"{label}{scheme.pair_separator}1" for label in _labels(scheme)]
        text = scheme.list_separator.join([*timed, f"{scheme.pair_key}{scheme.pair_separator}{digest}"])
    body = draft.body
    if where.startswith("query."):
        query = urlencode({where.removeprefix("query."): text})
    elif "body" in where or where.startswith("item"):
        body = body.replace(
            b"%40" if b"%40" in body else b"@",
            text.split("|")[-1].encode().replace(b"+", b"%2B") if b"%40" in body else text.encode(),
        )
    else:
        header = {"box": "box-signature-primary", "docusign": "x-docusign-signature-1"}.get(
            name, where.removeprefix("headers.").replace("_", "-")
        )
        headers[header] = scheme.list_separator.join([headers[header], text]) if header in headers else text
    return Genuine(draft.relay, () if scheme.public_key else (secret,), body, headers, query)


def _labels(scheme: SignatureScheme) -> list[str]:
    """Return the names of the values that are signed and stand beside the signature in its list."""
    names = scheme.content.expressions()
    return [name.removeprefix("signature.") for name in names if name.startswith("signature.")]


def _nothing(url: str, _max_age: float) -> bytes:
    raise AssertionError(url)


def _digest(scheme: SignatureScheme, secret: str, request: Request, now: str, body_format: str) -> str:
    context = VerificationContext(BASE, [secret], NOW, _nothing, body_format)
    if not scheme.public_key and not scheme.each:
        return scheme.signature_of(request, secret, context, now, {"signature": dict.fromkeys(_labels(scheme), "1")})
    scope = scheme._scope(request, context) | {"timestamp": now}
    if scheme.each:
        [item] = scheme.each.value(scope)
        digest = scheme._digest(bytes.fromhex(secret), scope | {"item": item}, {})
        return base64.b64encode(digest).decode()
    raw = scheme._raw_values(request, context)
    signed = _sign(scheme.kind, b"".join(signature._content(scheme.content, scope, raw)), scheme.algorithm)
    return signed.hex() if scheme.encoding == "hex" else base64.b64encode(signed).decode()


def _with_token(scheme: SharedSecretScheme, draft: Genuine) -> Genuine:
    where = scheme.token.expressions()[0].partition(" || ")[0]
    basic = base64.b64encode(SECRET.encode()).decode()
    text = {"bearer": f"Bearer {SECRET}", "basic": f"Basic {basic}"}.get(scheme.kind, SECRET)
    query = ""
    headers = dict(draft.headers)
    if where.startswith("headers."):
        headers[where.removeprefix("headers.").replace("_", "-")] = text
    elif where.startswith("query."):
        query = urlencode({where.removeprefix("query."): text})
    return Genuine(draft.relay, (SECRET,), draft.body, headers, query)


def _with_jwt(scheme: JwtScheme, draft: Genuine) -> Genuine:
    [where] = scheme.token.expressions()
    url = f"{BASE}{PATH}"
    digest = hashlib.sha256(draft.body).digest()
    values = {
        "${sha256.body.hex}": digest.hex(),
        "${sha256.body.base64}": base64.b64encode(digest).decode(),
        "${sha256.body.base64url}": base64.urlsafe_b64encode(digest).decode(),
        "${sha256.url.hex}": hashlib.sha256(url.encode()).hexdigest(),
        "${sha256.atlassian.hex}": hashlib.sha256(atlassian(Request("POST", PATH, "", {}, b"", ""))).hexdigest(),
        "${url}": url,
        "true": True,
        "e": "e",
    }
    claims: dict[str, Any] = {
        "iat": _SECONDS,
        "nbf": _SECONDS - 1,
        "exp": _SECONDS + 60,
        "iss": "",
        "aud": scheme.audience,
    }
    claims |= {name: values[template.text] for name, template in scheme.claims.items()}
    claims["iss"] = scheme.issuer[0] if scheme.issuer else "issuer"
    symmetric = scheme.algorithm.startswith("HS")
    kind = {"RS": "rsa", "ES": "ecdsa-p256"}.get(scheme.algorithm[:2], "")
    key: Any = SECRET if symmetric else _private_key(kind)
    inner = {"data": json.dumps({"data": json.dumps(_EVENT)})}  # as Wix nests it
    inner |= json.loads(draft.body) if scheme._is_body() else {}
    token = jwt.encode(claims | (inner if scheme._is_body() else {}), key, algorithm=scheme.algorithm)
    headers, body = dict(draft.headers), draft.body
    if scheme._is_body():
        body = token.encode()
    else:
        headers[where.removeprefix("headers.").replace("_", "-")] = scheme.prefix + token
    return Genuine(draft.relay, (SECRET,) if symmetric else (), body, headers)


def _certified(scheme: CertificateScheme, draft: Genuine) -> Genuine:
    if scheme.kind == "sns":
        message = json.loads(draft.body)
        names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
        content = "".join(f"{name}\n{message[name]}\n" for name in names).encode()
        message["Signature"] = base64.b64encode(_sign("rsa", content, "sha256")).decode()
        return Genuine(draft.relay, (), _json(message)[0], {"content-type": "text/plain; charset=UTF-8"})
    time = NOW.isoformat().replace("+00:00", "Z")
    content = f"t1|{time}|1|{zlib.crc32(draft.body)}".encode()
    headers = {
        "paypal-transmission-id": "t1",
        "paypal-transmission-time": time,
        "paypal-transmission-sig": base64.b64encode(_sign("rsa", content, "sha256")).decode(),
        "paypal-cert-url": "https://api.paypal.com/v1/notifications/certs/CERT-1",
        "paypal-auth-algo": "SHA256withRSA",
    }
    return Genuine(draft.relay, (), draft.body, {**draft.headers, **headers})


@cache
def _private_key(kind: str) -> Any:
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "ecdsa-p256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, 2048)


def _public_key(kind: str, encoding: str) -> str:
    key = _private_key(kind).public_key()
    if kind == "ed25519":
        raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return raw.hex() if encoding == "hex" else base64.b64encode(raw).decode()
    form = serialization.Encoding.DER if encoding == "base64" else serialization.Encoding.PEM
    encoded: bytes = key.public_bytes(form, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(encoded).decode() if encoding == "base64" else encoded.decode()


def _sign(kind: str, content: bytes, algorithm: str) -> bytes:
    key, digest = _private_key(kind), getattr(hashes, algorithm.upper())()
    if kind == "ed25519":
        return bytes(key.sign(content))
    return bytes(
        key.sign(content, padding.PKCS1v15(), digest) if kind == "rsa" else key.sign(content, ec.ECDSA(digest))
    )


@cache
def _certificate(name: str) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    key = _private_key("rsa")
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=1))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
