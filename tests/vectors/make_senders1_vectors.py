"""Writes senders1_vectors.json: senders1_vectors.node.json, and what needs no Node.js.

The senders' own Python libraries, which call a request genuine and one change of it not; vectors that senders have
published; and requests signed by the steps that a sender's documentation gives as code, where there is neither.

    python -m venv venv; venv/bin/pip install workos==10.8.0 dodopayments==1.123.0 polar-sdk==1.0.2 pyairtable==3.5.1
    venv/bin/pip install standardwebhooks==1.1.0 time-machine
    venv/bin/python make_senders1_vectors.py
"""

import base64
import contextlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import time_machine
from dodopayments import DodoPayments
from polar.webhooks import _verify_signature as polar_verify
from pyairtable.models.webhook import WebhookNotification
from standardwebhooks import Webhook
from workos.webhooks._verification import verify_header as workos_verify

FOLDER = Path(__file__).parent
NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
SECONDS, MILLISECONDS = str(int(NOW.timestamp())), str(int(NOW.timestamp()) * 1000)
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENT = '{"id":"evt_1","type":"demo.created","name":"Zoë ☃"}'

vectors: list[dict[str, Any]] = []
Headers = Mapping[str, str]


def add(provider: str, proof: str, secret: str, headers: Headers, body: str = EVENT, now: float = 0) -> None:
    """Add a genuine request, and the same with one more byte."""
    count = sum(one["provider"] == provider for one in vectors) // 2
    name = f"{provider}/{proof.partition(':')[0].partition(' ')[0]}{count or ''}"
    one = {
        "provider": provider,
        "method": "POST",
        "url": f"https://relay.example.com/in/{provider}",
        "headers": [list(header) for header in headers.items()],
        "secret": secret,
        "now": now or int(NOW.timestamp()),
        "proof": proof,
    }
    vectors.append({"id": name, **one, "body": body, "expected_ok": True, "why": proof})
    vectors.append({"id": f"{name}_body_changed", **one, "body": body + " ", "expected_ok": False, "why": "changed"})


def library(
    provider: str, package: str, secret: str, headers: Headers, verify: Callable[[str], object], body: str = EVENT
) -> None:
    """Add a request that the sender's library accepts; with another body it does not."""
    with time_machine.travel(NOW, tick=False):
        verify(body)
        with contextlib.suppress(Exception):
            verify(body + " ")
            raise SystemExit(f"{package} accepts another body")
    add(provider, f"library {package} {version(package)}", secret, headers, body)


def digest(key: bytes, content: str, algorithm: str = "sha256") -> str:
    return hmac.new(key, content.encode(), algorithm).hexdigest()


def standard(key: str, body: str = EVENT) -> dict[str, str]:
    signature = Webhook(key).sign("msg_1", NOW, body)
    return {"webhook-id": "msg_1", "webhook-timestamp": SECONDS, "webhook-signature": signature}


def libraries() -> None:
    signature = f"t={MILLISECONDS}, v1={digest(b'workos-secret', f'{MILLISECONDS}.{EVENT}')}"
    library(
        "workos",
        "workos",
        "workos-secret",
        {"workos-signature": signature},
        lambda body: workos_verify(event_body=body.encode(), event_signature=signature, secret="workos-secret"),
    )
    dodo = DodoPayments(bearer_token="x", webhook_key=WHSEC)
    headers = standard(WHSEC)
    library("dodopayments", "dodopayments", WHSEC, headers, lambda body: dodo.webhooks.unwrap(body, headers=headers))
    # The key of an old secret is its text, that of a new one its bytes.
    for secret, key in ((WHSEC, WHSEC), ("polar_whs_1", base64.b64encode(b"polar_whs_1").decode())):
        signed = standard(key)
        library("polar", "polar-sdk", secret, signed, partial(polar_verify, headers=signed, secret=secret))
    secret = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
    body = '{"base":{"id":"app1"},"webhook":{"id":"ach1"},"timestamp":"2026-11-23T00:00:00.000Z"}'
    header = f"hmac-sha256={digest(b'0123456789abcdef0123456789abcdef', body)}"
    library(
        "airtable",
        "pyairtable",
        secret,
        {"x-airtable-content-mac": header},
        lambda body: WebhookNotification.from_request(body, header, secret),
        body,
    )
    # Senders whose own code, or example, verifies with the library of the specification.
    for provider in ("render", "gitlab-signed"):
        verify = partial(Webhook(WHSEC).verify, headers=standard(WHSEC))
        library(provider, "standardwebhooks", WHSEC, standard(WHSEC), verify)


def published() -> None:
    # Two secrets: https://github.com/supabase/auth/blob/master/internal/hooks/hookshttp/hookshttp.go joins with ", ".
    old, new = (standard(key)["webhook-signature"] for key in ("whsec_b2xkb2xkb2xkb2xkb2xkb2xk", WHSEC))
    for signature in (new, f"{old}, {new}", f"{new}, {old}"):
        headers = standard(WHSEC) | {"webhook-signature": signature}
        add("supabase-auth", "library standardwebhooks, as supabase/auth joins its signatures", f"v1,{WHSEC}", headers)
    # https://github.com/uploadcare/uploadcare-ruby, spec of its WebhookSignatureVerifier
    image: dict[str, Any] = {
        "color_mode": "RGB",
        "format": "JPEG",
        "height": 168,
        "width": 300,
        "orientation": None,
        "dpi": None,
    }
    image |= {"geo_location": None, "datetime_original": None, "sequence": False}
    uuid = "f08d7c8a-2971-42e0-ab01-780d9039b40b"
    url, created = f"https://ucarecdn.com/{uuid}/download.jpeg", "2021-11-18T06:17:42.730459Z"
    mime = {"mime": "image/jpeg", "type": "image", "subtype": "jpeg"}
    dates = dict.fromkeys(("datetime_removed", "datetime_stored", "datetime_uploaded"))
    data: dict[str, Any] = {"uuid": uuid, "image_info": image, "video_info": None}
    data |= {"content_info": {"mime": mime, "video": None, "image": image}, "mime_type": "image/jpeg"}
    data |= {"original_filename": "download.jpeg", "size": 10603, "is_image": True, "is_ready": True, **dates}
    data |= {"original_file_url": url, "url": "", "source": None, "variations": None, "rekognition_info": None}
    hook: dict[str, Any] = {"id": 889783, "project_id": 123681, "target": "https://6f48-188-232-175-230.ngrok.io/posts"}
    hook |= {"event": "file.uploaded", "is_active": True, "created_at": created, "updated_at": created}
    body = json.dumps({"payload_hash": "1844671900", "data": data, "hook": hook, "file": url}, separators=(",", ":"))
    signature = "v1=9b31c7dd83fdbf4a2e12b19d7f2b9d87d547672a325b9492457292db4f513c70"
    add("uploadcare", "published: tests of uploadcare-ruby", "12345X", {"x-uc-signature": signature}, body)
    # https://community.developer.cybersource.com, "HMAC SHA-512 hash not matching in webhook callback"
    key = (
        "2679A5D5785C9B26CF921E1754765CDDB265C9C88400786923E5343B315954FA"
        "FB4B7BF608818F6A21766741E8637DC206F286C725908C777ED4127D8562163D"
    )
    body = (
        '{"notificationId":"f813b98f-3552-4eeb-ba40-acb4704eeba3","eventType":"net.authorize.payment.authcapture.created",'
        '"eventDate":"2017-03-08T17:35:37.155999Z","webhookId":"63d6fea2-aa13-4b1d-a204-f5fbc15942b7",'
        '"payload":{"responseCode":1,"authCode":"8VTPDC","avsResponse":"Y","authAmount":10.00,"entityName":"transaction",'
        '"id":"60019392075"}}'
    )
    signature = (
        "sha512=9607C69D2734514554CE13D923D19939563F2FD6567D239F49F0DF0D08865632"
        "A0FB98061B4620CC52C47BB8BF6E2B69A15A67E4C98E81D7D65111076C515C6A"
    )
    add("authorizenet", "published: the sender's developer community", key, {"x-anet-signature": signature}, body)
    # https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/
    signature = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
    secret = "It's a Secret to Everybody"
    add("jira", "published: the sender's documentation", secret, {"x-hub-signature": signature}, "Hello World!")


def documented() -> None:
    """Signed with the code of the sender's documentation, line by line."""
    add("snyk", "example: docs.snyk.io", "s", {"x-hub-signature": f"sha256={digest(b's', EVENT)}"})
    headers = {"x-webhook-signature": f"sha256={digest(b's' * 32, EVENT)}", "x-webhook-id": "1"}
    add("cursor", "example: cursor.com/docs", "s" * 32, headers | {"x-webhook-event": "statusChange"})
    add("doppler", "example: docs.doppler.com", "s", {"x-doppler-signature": f"sha256={digest(b's', EVENT)}"})
    old, new = digest(b"old", EVENT), digest(b"new", EVENT)
    for signature in (f"sha256={new}", f"sha256={old},sha256={new}"):
        add("mollie-next", "example: docs.mollie.com, mollie-api-php", "new", {"x-mollie-signature": signature})
    signature = base64.b64encode(hmac.digest(b"front-key", f"{MILLISECONDS}:{EVENT}".encode(), "sha256")).decode()
    headers = {"x-front-signature": signature, "x-front-request-timestamp": MILLISECONDS}
    add("front", "example: dev.frontapp.com", "front-key", headers)
    key = "058bfb6a3d8cfdc4da7c3be5901b16ae11da982b46a25fb2cd7016e97a140a1c"
    headers = {"close-sig-hash": digest(bytes.fromhex(key), SECONDS + EVENT), "close-sig-timestamp": SECONDS}
    add("close", "example: developer.close.com", key, headers)
    # v0 is what came before v1, which is always there.
    headers = {"content-type": "application/json", "x-hook0-id": "evt_1a2b3c4d5e6f"}
    names = "content-type x-hook0-id"
    signature = digest(b"cdp-secret", f"{SECONDS}.{names}.application/json.evt_1a2b3c4d5e6f.{EVENT}")
    for v0 in ("", f"v0={digest(b'cdp-secret', f'{SECONDS}.{EVENT}')},"):
        signed = headers | {"x-hook0-signature": f"t={SECONDS},{v0}h={names},v1={signature}"}
        add("coinbase-cdp", "example: docs.cdp.coinbase.com", "cdp-secret", signed)
    missing = {"x-hook0-signature": f"t={SECONDS},h={names},v1={signature}"}
    signature = digest(b"cdp-secret", f"{SECONDS}.x-hook0-id x-hook0-id.evt_1a2b3c4d5e6f.evt_1a2b3c4d5e6f.{EVENT}")
    twice = headers | {"x-hook0-signature": f"t={SECONDS},h=x-hook0-id x-hook0-id,v1={signature}"}
    for name, changed in (
        ("id_changed", signed | {"x-hook0-id": "evt_2"}),
        ("headers_missing", missing),
        ("header_twice", twice),
    ):
        one = vectors[-2] | {"id": f"coinbase-cdp/{name}", "headers": [list(header) for header in changed.items()]}
        vectors.append(one | {"expected_ok": False, "why": "signed"})


def main() -> None:
    made = json.loads((FOLDER / "senders1_vectors.node.json").read_text("utf-8"))
    libraries()
    published()
    documented()
    every = [*made["vectors"], *vectors]
    for number, one in enumerate(every):
        if one["id"] in {other["id"] for other in every[:number]}:
            one["id"] += "_python"
    text = json.dumps({"npm": made["npm"], "vectors": every}, indent=1, ensure_ascii=False)
    (FOLDER / "senders1_vectors.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
