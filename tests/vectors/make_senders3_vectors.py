"""Writes senders3_vectors.json: libraries of senders, or of what they send with, and examples of their documentation.

python -m venv venv; venv/bin/pip install stream-chat==4.33.0 svix==2.9.1 time-machine
venv/bin/python make_senders3_vectors.py
"""

import base64
import contextlib
import gzip
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import time_machine
from stream_chat import StreamChat
from svix import Webhook

FOLDER = Path(__file__).parent
NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
EVENT = '{"id":"evt_1","type":"demo.created","name":"Zoë ☃"}'.encode()
SECRET = "a-secret-of-more-than-32-characters-for-HS256"
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SVIX = ("beehiiv", "guesty", "nash", "pleo", "psi-fi", "safebase", "sardine", "stytch")
STANDARD = ("brex", "incidentio")
"""Users of Svix's scheme whose headers have the names of Standard Webhooks, which its library reads, too."""

vectors: list[dict[str, Any]] = []
Headers = Mapping[str, str]
Sent = tuple[Headers, bytes]


def add(name: str, proof: str, secret: str, sent: Sent, why: str, *, is_genuine: bool) -> None:
    headers, body = sent
    provider = name.partition("/")[0]
    vectors.append(
        {
            "id": name,
            "provider": provider,
            "method": "POST",
            "url": f"https://relay.example.com/in/{provider}",
            "headers": [list(header) for header in headers.items()],
            "secret": secret,
            "now": SECONDS,
            "proof": proof,
            "body_base64": base64.b64encode(body).decode(),
            "expected_ok": is_genuine,
            "why": why,
        }
    )


def library(name: str, package: str, secret: str, verify: Callable[[Headers, bytes], object], sent: Sent) -> None:
    """Add a request that a library accepts, and the same with a byte more, which it does not."""
    proof, changed = f"library {package} {version(package)}", (sent[0], sent[1] + b" ")
    with time_machine.travel(NOW, tick=False):
        if not verify(*sent):
            raise SystemExit(f"{package} refuses a genuine request")
        with contextlib.suppress(Exception):
            if verify(*changed):
                raise SystemExit(f"{package} accepts a changed request")
    add(name, proof, secret, sent, f"{package} accepts it", is_genuine=True)
    add(f"{name}_changed", proof, secret, changed, f"{package} refuses it", is_genuine=False)


def getstream() -> None:
    client = StreamChat(api_key="key", api_secret=SECRET)

    def verify(headers: Headers, body: bytes) -> object:
        return client.verify_and_parse_webhook(body, headers["x-signature"])

    def headers(signed: bytes, **more: str) -> Headers:
        digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"content-type": "application/json", "x-webhook-id": "123e4567", "x-signature": digest} | named

    compressed = gzip.compress(EVENT, mtime=0)
    library("getstream/library", "stream-chat", SECRET, verify, (headers(EVENT), EVENT))
    sent = (headers(EVENT, content_encoding="gzip"), compressed)
    with time_machine.travel(NOW, tick=False):
        if not verify(*sent):
            raise SystemExit("stream-chat refuses a compressed request")
    proof = f"library stream-chat {version('stream-chat')}"
    add("getstream/compressed", proof, SECRET, sent, "the signature is over the decoded body", is_genuine=True)
    sent = (headers(compressed, content_encoding="gzip"), compressed)
    with contextlib.suppress(Exception):
        verify(*sent)
        raise SystemExit("stream-chat accepts a signature of the compressed body")
    add("getstream/compressed_signed_as_sent", proof, SECRET, sent, "signed as sent", is_genuine=False)


def svix(name: str, prefix: str = "svix") -> None:
    def verify(headers: Headers, body: bytes) -> object:
        Webhook(WHSEC).verify(body.decode(), dict(headers))
        return True

    signature = Webhook(WHSEC).sign("msg_1", NOW, EVENT.decode())
    headers = {f"{prefix}-id": "msg_1", f"{prefix}-timestamp": str(SECONDS), f"{prefix}-signature": signature}
    library(f"{name}/library", "svix", WHSEC, verify, (headers, EVENT))


def example(name: str, page: str, headers: Headers, body: bytes = EVENT) -> None:
    """Add a request signed by the code on the sender's page, and the same with a byte more."""
    add(f"{name}/example", f"example: {page}", SECRET, (headers, body), page, is_genuine=True)
    add(f"{name}/example_changed", f"example: {page}", SECRET, (headers, body + b" "), "changed", is_genuine=False)


def examples() -> None:
    def digest(content: bytes) -> bytes:
        return hmac.digest(SECRET.encode(), content, "sha256")

    body = json.dumps([{"timestamp": "2026-11-23T00:00:00Z", "version": 1, "type": "nodeCreated"}]).encode()
    signed = digest(str(SECONDS).encode() + b"." + body).hex()
    headers = {"tailscale-webhook-signature": f"t={SECONDS},v1={signed}"}
    example("tailscale", "tailscale/tailscale, docs/webhooks/example.go", headers, body)
    milliseconds = str(SECONDS * 1000)
    headers = {"x-timestamp": milliseconds, "x-signature": digest(milliseconds.encode() + EVENT).hex()}
    example("airwallex", "airwallex.com/docs/developer-tools__listen-for-webhook-events__code-examples", headers)
    headers = {"x-nango-hmac-sha256": digest(EVENT).hex()}
    example("nango", "nango.dev/docs/guides/platform/webhooks-from-nango", headers)
    time = str(SECONDS)
    signed = base64.b64encode(digest(f"{time}.".encode() + EVENT)).decode()
    headers = {"x-port-timestamp": time, "x-port-signature": f"v1,{signed}"}
    example("port-io", "docs.port.io/actions-and-automations/setup-backend/webhook/signature-verification", headers)
    headers = {"x-signature": hmac.new(SECRET.encode(), EVENT, hashlib.sha1).hexdigest()}
    example("segment", "segment.com/docs/connections/destinations/catalog/webhooks/#authentication", headers)
    signed = digest(f"{time}.".encode() + EVENT).hex()
    headers = {"x-buildkite-signature": f"timestamp={time},signature={signed}", "x-buildkite-event": "build.finished"}
    example("buildkite", "buildkite/docs, pages/apis/webhooks/_verifying_hmac_signatures.md", headers)
    headers = {
        "x-grafana-alerting-timestamp": time,
        "x-grafana-alerting-signature": digest(f"{time}:".encode() + EVENT).hex(),
    }
    example("grafana", "grafana/alerting, http/hmac.go", headers)
    headers = {"x-wc-webhook-topic": "order.created", "x-wc-webhook-delivery-id": "1"}
    headers["x-wc-webhook-signature"] = base64.b64encode(digest(EVENT)).decode()
    example("woocommerce", "woocommerce/woocommerce, includes/class-wc-webhook.php", headers)
    page, headers = "gitlab-org/gitlab, app/services/web_hook_service.rb", {"x-gitlab-event": "Push Hook"}
    add(
        "gitlab/example",
        f"example: {page}",
        SECRET,
        ({**headers, "x-gitlab-token": SECRET}, EVENT),
        page,
        is_genuine=True,
    )
    wrong = {**headers, "x-gitlab-token": SECRET + "\u00e9"}
    add("gitlab/example_changed", f"example: {page}", SECRET, (wrong, EVENT), "another token", is_genuine=False)


def published() -> None:
    page, key = "docs.checkbook.io/reference/webhooks", "335b5728e25b47e88995fce207bff380"
    body = b'{"status": "PAID", "id": "ed0af5fb335c47dd8eb53199ba50f5c4", "type": "CHECK"}'
    signed = "4ee9758fc0bceb3ca1a2fe397fbd125364cfffdb04296fa118dab9778a4b3ce3"
    headers = {"signature": f"nonce=1243549809,signature={signed}"}
    add("checkbook/published", f"published: {page}", key, (headers, body), page, is_genuine=True)
    add("checkbook/published_changed", f"published: {page}", key, (headers, body + b" "), "changed", is_genuine=False)


def main() -> None:
    getstream()
    for name in SVIX:
        svix(name)
    for name in STANDARD:
        svix(name, "webhook")
    examples()
    published()
    text = json.dumps({"vectors": vectors}, indent=1, ensure_ascii=False)
    (FOLDER / "senders3_vectors.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
