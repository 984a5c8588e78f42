"""A route for each preset, and requests that get as far as a stranger's can: everything right but the signature."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import RSAAlgorithm

from relay import config
from relay.auth.json_web_token import JwtScheme
from relay.auth.signature import SignatureScheme
from relay.auth.timestamps import RFC3339, TIMESTAMP_UNITS
from relay.config import presets
from relay.config.model import Config
from relay.config.route import Route
from relay.delivery.message import Message
from relay.delivery.undelivered import Queue
from relay.entry import Entry, Outcome
from relay.pipeline.services import Services
from tests import doubles
from tests.conftest import NOW

SECRET = "abcdef0123456789abcdef0123456789"  # in every encoding
TOPIC = "arn:aws:sns:eu-west-1:123456789012:MyTopic"
_DIGEST = "0123456789abcdef" * 4
_TOKEN = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.e30.AAAA"  # RS256, the key of the set below, no claims
# What the schemes that are code read beside the templates of their preset.
_READ_BY_CODE = {
    "contentful": {"x-contentful-signed-headers": "x-contentful-timestamp,x-contentful-signed-headers"},
    "paypal": {
        "paypal-transmission-id": "id",
        "paypal-transmission-time": "2026-11-23T07:00:00Z",
        "paypal-transmission-sig": "AAAA",
        "paypal-auth-algo": "SHA256withRSA",
        "paypal-cert-url": "https://api.paypal.com/v1/notifications/certs/CERT-1",
    },
}


class Reached:
    """What a request has put or stored: nothing that is not authentic may be here."""

    def __init__(self) -> None:
        self.things: list[object] = []

    def send(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        """Every entry that is put is kept."""
        self.things.extend(entries)
        raise AssertionError(entries)

    def store(self, _queue: Queue, messages: Sequence[Message]) -> list[str | None]:
        """Every message that is stored is kept."""
        self.things.extend(messages)
        raise AssertionError(messages)

    def enroll(self, name: str, _value: str) -> None:
        """Every secret that is enrolled is kept."""
        self.things.append(name)

    def services(self, relay: Config) -> Services:
        """Return services that note what is reached."""
        return doubles.services(
            relay,
            read_secret=lambda _: [SECRET],
            send=self.send,
            store=self.store,
            fetch=_published,
            enroll=self.enroll,
        )


def load(folder: Path) -> Config:
    """Return a relay.toml with every preset at /preset."""
    path = folder / "relay.toml"
    top = 'partner = "aws.partner/acme.example"\nregions = ["us-east-1"]\npublic_url = "https://hooks.acme.example"\n'
    path.write_text(top + "".join(_route(name, preset) for name, preset in presets.load().items()), "utf-8")
    return config.load(path)


def plausible_headers(route: Route) -> dict[str, str]:
    """Every header that the route's preset reads; the time is now, and the signature has its form."""
    preset = presets.load()[route.name]
    text = json.dumps([preset, presets.load().get(preset.get("extends", ""), {})])
    headers = {name.replace("_", "-"): "text" for name in re.findall(r"headers\.([a-z0-9_]+)", text)}
    scheme, now = route.auth, NOW.timestamp()
    if isinstance(scheme, SignatureScheme):
        unit = scheme.timestamp_unit
        time = NOW.isoformat() if unit == RFC3339 else str(int(now * TIMESTAMP_UNITS[unit]))
        labelled = re.search(r"signature\.([a-z]+)", scheme.timestamp.text if scheme.timestamp else "")
        items = [f"{scheme.pair_key}{scheme.pair_separator}{scheme.prefix}{_DIGEST}"]
        items += [f"{labelled[1]}{scheme.pair_separator}{time}"] if labelled else []
        for template, value in ((scheme.timestamp, time), (scheme.signature, scheme.list_separator.join(items))):
            for name in re.findall(r"headers\.([a-z0-9_]+)", template.text if template else ""):
                headers[name.replace("_", "-")] = value
    if isinstance(scheme, JwtScheme):
        headers |= dict.fromkeys(headers.keys() | {"authorization"}, f"{scheme.prefix}{_TOKEN}")
    return headers | _READ_BY_CODE.get(route.name, {})


def _route(name: str, preset: dict[str, Any]) -> str:
    base = presets.load().get(preset.get("extends", ""), {})
    auth = base.get("auth", {}) | preset.get("auth", {}) or {"scheme": "standard-webhooks"}
    given: dict[str, Any] = {"secret": "secret", "public_key_id": "id", "audience": "audience", "email": "email"}
    needs = {"secret", *auth.get("requires", [])}
    if auth["scheme"] in {"ed25519", "ecdsa-p256", "rsa"}:
        needs, given["public_key"] = needs - {"secret"} | {"public_key"}, _public_key(auth["scheme"])
    elif auth["scheme"] == "jwt" and not auth.get("algorithm", "").startswith("HS"):
        needs -= {"secret"}
        if "jwks_url" not in auth:
            needs, given["public_key"] = needs | {"public_key"}, _public_key("rsa")
    elif auth["scheme"] in {"sns", "paypal"}:
        needs = {"topics"} if auth["scheme"] == "sns" else {"webhook_id"}
        given |= {"topics": [TOPIC], "webhook_id": "id"}
    elif auth["scheme"] == "none":
        needs -= {"secret"}
    given = {key: value for key, value in given.items() if key in needs and key not in auth}
    given |= {} if preset.get("auth") or base else {"scheme": auth["scheme"]}
    handshakes = preset.get("handshake", [])
    more = 'verify_token = "token"\n' if any("token" in one for one in handshakes) else ""
    more += "enroll = true\n" if any("enroll" in one for one in handshakes) else ""
    more += 'origins = ["origin"]\n' if any("origin" in one for one in handshakes) else ""
    table = ", ".join(f"{key} = {json.dumps(value)}" for key, value in given.items())
    event = 'source = "aws.partner/acme.example/a"' + ("" if "event" in preset else ', detail_type = "a"')
    lines = [f'name = "{name}"', f'path = "/{name}"', f'preset = "{name}"', more]
    return "\n".join(["[[route]]", *lines, f"auth = {{ {table} }}", f"event = {{ {event} }}", ""])


@cache
def _public_key(kind: str) -> str:
    keys: dict[str, Any] = {
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "ecdsa-p256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "rsa": lambda: _KEY,
    }
    public = keys[kind]().public_key()
    made: bytes = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return made.decode()


_KEY = rsa.generate_private_key(65537, 2048)


def _published(url: str, _max_age: float) -> bytes:
    return _certificate() if url.endswith(".pem") or "/certs/" in url else _key_set()


@cache
def _key_set() -> bytes:
    return json.dumps({"keys": [RSAAlgorithm.to_jwk(_KEY.public_key(), as_dict=True) | {"kid": "1"}]}).encode()


@cache
def _certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    today = datetime(NOW.year, NOW.month, NOW.day, tzinfo=UTC)
    one = x509.CertificateBuilder(name, name, _KEY.public_key(), 1, today - timedelta(1), today + timedelta(2))
    return one.sign(_KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
