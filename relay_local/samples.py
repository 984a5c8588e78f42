"""The sample webhooks: real payload shapes with their real headers, signed at the moment they are posted.

Signed by the senders' own libraries where there is one, never by the relay's code: the samples are its oracle.
"""

import hashlib
import hmac
import time
import tomllib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import stripe
from standardwebhooks import Webhook

FOLDER = Path(__file__).with_name("samples")


@dataclass(frozen=True)
class Sample:
    """One webhook. `secret_name` is the one relay.toml has for its route; `secret` is for this machine only.

    The customer gets `events` of it: from partner event sources (`sources`), or by the destinations of `customers`.
    """

    name: str
    path: str
    sender: str
    secret_name: str
    secret: str
    sources: list[str]
    events: int
    headers: dict[str, str]
    body: bytes
    customers: tuple[str, ...] = ()

    def signed(self, body: bytes | None = None) -> dict[str, str]:
        """Return the headers with which the sender would post `body` now (default: the sample's own)."""
        return self.headers | SIGNERS[self.sender](self.secret, self.body if body is None else body)


def load() -> list[Sample]:
    """Return the samples of samples.toml, in its order."""
    tables = tomllib.loads((FOLDER / "samples.toml").read_text("utf-8"))["sample"]
    return [Sample(**{**table, "body": (FOLDER / table["body"]).read_bytes()}) for table in tables]


def _standard_webhooks(secret: str, body: bytes) -> dict[str, str]:
    message_id, now = f"msg_{time.time_ns():x}", datetime.now(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, now, body.decode()),
    }


def _stripe(secret: str, body: bytes) -> dict[str, str]:
    return {"stripe-signature": stripe.WebhookSignature.generate_signature_header(body.decode(), secret)}


def _github(secret: str, body: bytes) -> dict[str, str]:
    # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def _shopify(secret: str, body: bytes) -> dict[str, str]:
    # https://shopify.dev/docs/apps/build/webhooks/subscribe/https
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {"x-shopify-hmac-sha256": b64encode(digest).decode()}


SIGNERS: dict[str, Callable[[str, bytes], dict[str, str]]] = {
    "standard-webhooks": _standard_webhooks,
    "stripe": _stripe,
    "github": _github,
    "shopify": _shopify,
}
