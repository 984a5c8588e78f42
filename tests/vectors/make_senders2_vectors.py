"""Writes senders2_vectors.json: senders2_vectors.node.json, and what needs no Node.js.

The senders' own Python libraries, which call a request genuine and one change of it not; vectors that senders have
published; and requests signed by the steps that a sender's documentation gives, where there is neither.

    python -m venv venv; venv/bin/pip install nylas==5.14.1 dropbox-sign==2.0.0 Adyen==16.0.0 vonage-jwt==1.1.5
    venv/bin/pip install huggingface_hub==2.4.0 fastapi==0.165.0 gradio==6.31.0 django-anymail==15.2 PyJWT time-machine
    venv/bin/python make_senders2_vectors.py
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import Adyen.util as adyen
import django.conf
import jwt
import time_machine
from anymail.webhooks.mailersend import MailerSendTrackingWebhookView
from dropbox_sign import EventCallbackHelper, EventCallbackRequest
from fastapi import Request
from fastapi.responses import JSONResponse
from huggingface_hub import _webhooks_server as hub
from nylas.client.restful_models import Webhook
from vonage_jwt import verify_signature as vonage_verify

FOLDER = Path(__file__).parent
NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
EVENT = '{"id":"evt_1","type":"demo.created","name":"Zoë ☃"}'
JSON = {"content-type": "application/json"}
BOUNDARY = "------------------------d74496d66958873e"

vectors: list[dict[str, Any]] = []
Headers = Mapping[str, str]


def add(
    provider: str,
    proof: str,
    key: Mapping[str, str],
    genuine: tuple[Headers, str],
    changed: tuple[Headers, str],
    query: str = "",
) -> None:
    """Add a genuine request, and another one that is not."""
    count = sum(one["provider"] == provider for one in vectors) // 2
    name = f"{provider}/{proof.partition(':')[0].partition(' ')[0]}{count or ''}"
    for suffix, (headers, body), expected in (("", genuine, True), ("_changed", changed, False)):
        vectors.append(
            {
                "id": name + suffix,
                "provider": provider,
                "method": "POST",
                "url": f"https://relay.example.com/in/{provider}{query}",
                "headers": [list(header) for header in headers.items()],
                **key,
                "now": SECONDS,
                "proof": proof,
                "body": body,
                "expected_ok": expected,
                "why": proof if expected else "changed",
            }
        )


def library(
    provider: str,
    package: str,
    secret: str,
    verify: Callable[[Headers, str], object],
    genuine: tuple[Headers, str],
    changed: tuple[Headers, str],
) -> None:
    """Add a request that the sender's library accepts, and one that it does not."""
    with time_machine.travel(NOW, tick=False):
        if not verify(*genuine):
            raise SystemExit(f"{package} refuses a genuine request")
        with contextlib.suppress(Exception):
            if verify(*changed):
                raise SystemExit(f"{package} accepts a changed request")
    add(provider, f"library {package} {version(package)}", {"secret": secret}, genuine, changed)


def digest(key: str | bytes, content: str, algorithm: str = "sha256") -> bytes:
    return hmac.digest(key if isinstance(key, bytes) else key.encode(), content.encode(), algorithm)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def libraries() -> None:
    headers = JSON | {"x-nylas-signature": digest("nylas-secret", EVENT).hex()}
    library(
        "nylas",
        "nylas",
        "nylas-secret",
        lambda headers, body: Webhook.verify_webhook_signature(
            headers["x-nylas-signature"], body.encode(), "nylas-secret"
        ),
        (headers, EVENT),
        (headers, EVENT + " "),
    )

    def callback(event_type: str, event_hash: str) -> tuple[Headers, str]:
        event = {"event": {"event_type": event_type, "event_time": "1348177752", "event_hash": event_hash}}
        part = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="json"\r\n\r\n{json.dumps(event)}\r\n'
        return {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}, f"{part}--{BOUNDARY}--\r\n"

    def dropbox_sign(_headers: Headers, body: str) -> bool:
        event = json.loads(body[body.index("{") : body.rindex("}") + 1])
        valid: bool = EventCallbackHelper.is_valid("api-key", EventCallbackRequest.init(event))
        return valid

    event_hash = digest("api-key", "1348177752signature_request_sent").hex()
    library(
        "dropbox-sign",
        "dropbox-sign",
        "api-key",
        dropbox_sign,
        callback("signature_request_sent", event_hash),
        callback("signature_request_signed", event_hash),
    )
    key = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
    item: dict[str, Any] = {"amount": {"currency": "EUR", "value": 1130}, "pspReference": "7914073381342284"}
    item |= {"eventCode": "AUTHORISATION", "success": "true", "merchantAccountCode": "TestMerchant"}
    item |= {"eventDate": "2019-05-06T17:15:34.121+02:00", "merchantReference": "TestPayment-1407325143704"}
    signature = adyen.generate_notification_sig(item, key).decode()

    def notification(value: int) -> tuple[Headers, str]:
        one = item | {"amount": {"currency": "EUR", "value": value}, "additionalData": {"hmacSignature": signature}}
        return JSON, json.dumps({"live": "false", "notificationItems": [{"NotificationRequestItem": one}]})

    library(
        "adyen-payments",
        "Adyen",
        key,
        lambda _, body: adyen.is_valid_hmac_notification(json.loads(body), key),
        notification(1130),
        notification(1131),
    )
    headers = JSON | {
        "hmacsignature": adyen.generate_payload_sig(EVENT.encode(), key).decode(),
        "protocol": "HmacSHA256",
    }
    library(
        "adyen-platform",
        "Adyen",
        key,
        lambda headers, body: adyen.is_valid_hmac_payload(headers["hmacsignature"], key, body.encode()),
        (headers, EVENT),
        (headers, EVENT + " "),
    )
    secret = "a-signature-secret-of-32-characters!"
    claims = {"iat": SECONDS, "jti": "1", "iss": "Vonage", "api_key": "a1b2c3d4", "application_id": "1"}
    claims["payload_hash"] = hashlib.sha256(EVENT.encode()).hexdigest()
    tokens = [jwt.encode(claims, one, "HS256") for one in (secret, "another-secret-of-32-characters!!!!!")]
    genuine, forged = (JSON | {"authorization": f"Bearer {token}"} for token in tokens)
    library(
        "vonage",
        "vonage-jwt",
        secret,
        lambda headers, _: vonage_verify(headers["authorization"].removeprefix("Bearer "), secret),
        (genuine, EVENT),
        (forged, EVENT),
    )
    add(
        "vonage",
        "library vonage-jwt, payload_hash: developer.vonage.com",
        {"secret": secret},
        (genuine, EVENT),
        (genuine, EVENT + " "),
    )

    hub.Request, hub.JSONResponse = Request, JSONResponse  # which it imports for type checkers alone

    def hugging_face(headers: Headers, _body: str) -> bool:
        called = hub._wrap_webhook_to_check_secret(lambda: "called", "hub-secret")
        answer: object = asyncio.run(called(request=SimpleNamespace(headers=headers)))
        return answer == "called"

    body = '{"event":{"action":"update","scope":"repo.content"},"repo":{"name":"openai/gpt2"}}'
    library(
        "huggingface",
        "huggingface_hub",
        "hub-secret",
        hugging_face,
        (JSON | {"x-webhook-secret": "hub-secret"}, body),
        (JSON | {"x-webhook-secret": "hub-secre"}, body),
    )
    django.conf.settings.configure()
    body = '{"type":"activity.sent","created_at":"2026-11-23T00:00:00.000000Z","data":{"object":"activity","id":"1"}}'
    headers = JSON | {"signature": digest("mailersend-secret", body).hex()}

    def mailersend(headers: Headers, body: str) -> bool:
        view = MailerSendTrackingWebhookView(signing_secret="mailersend-secret")
        view.validate_request(SimpleNamespace(headers={"Signature": headers["signature"]}, body=body.encode(), META={}))
        return True

    library("mailersend", "django-anymail", "mailersend-secret", mailersend, (headers, body), (headers, body + " "))


def published() -> None:
    # https://github.com/transferwise/digital-signatures-examples, verify-webhook-signature: the key of Wise's sandbox
    key = (
        "-----BEGIN PUBLIC KEY-----\n"
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwpb91cEYuyJNQepZAVfP"
        "ZIlPZfNUefH+n6w9SW3fykqKu938cR7WadQv87oF2VuT+fDt7kqeRziTmPSUhqPU"
        "ys/V2Q1rlfJuXbE+Gga37t7zwd0egQ+KyOEHQOpcTwKmtZ81ieGHynAQzsn1We3j"
        "wt760MsCPJ7GMT141ByQM+yW1Bx+4SG3IGjXWyqOWrcXsxAvIXkpUD/jK/L958Cg"
        "nZEgz0BSEh0QxYLITnW1lLokSx/dTianWPFEhMC9BgijempgNXHNfcVirg1lPSyg"
        "z7KqoKUN0oHqWLr2U1A+7kqrl6O2nx3CKs1bj1hToT1+p4kcMoHXA7kA+VBLUpEs"
        "VwIDAQAB\n-----END PUBLIC KEY-----"
    )
    body = (
        '{"data":{"resource":{"id":49983981,"profile_id":16055450,"account_id":14124090,"type":"transfer"},'
        '"current_state":"incoming_payment_waiting","previous_state":null,"occurred_at":"2021-08-23T10:12:50Z"},'
        '"subscription_id":"90aa8e14-4ef1-4a56-861c-f3c9cde097ea","event_type":"transfers#state-change",'
        '"schema_version":"2.0.0","sent_at":"2021-08-23T10:12:50Z"}'
    )
    signature = (
        "wKcKCYXAzxNgiu7xmoDm943NUni7Rz33QN8JkEA9dWSGebgndonabgSj18Y4C08OrwVmueGsED2s00M7DtJVcYKOS1i3G4TMVx+mgM3aL9dj"
        "MBkQtiYNBFUd6wrPI7ZUNHv/TrlKSjTMc+6JFvUvJ7owY3z85e3I4jLRLJowMFvO8kvCJ60+1pY9wDwZvtZ//WS93LrwGjk9Dvwzpmu0w+P4"
        "J75tETT5qC3Uv0y5G2yO8SEoO3yNP/tg/BOli02niHb53vEOUWUb9bly6thnfMoXoiV/osoGxgF20R58RlvkAmezyyl1Sv542TfS2DpiwVnm"
        "jjjkCyXeSUcKookYLQ=="
    )
    headers = JSON | {"x-signature-sha256": signature, "x-delivery-id": "b2ecf53a-2b2a-4c9b-a0f6-8f4e9e0b4b0a"}
    proof = "published: the sender's examples, transferwise/digital-signatures-examples"
    add("wise", proof, {"public_key": key}, (headers, body), (headers, body + " "))
    # https://github.com/nyaruka/courier, handlers/freshchat: the key on one line, under a label that is not its kind
    key = (
        "-----BEGIN RSA PUBLIC KEY----- MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuGJLF4hTTtxWogT6dNkGf3CEgLAR2mGJ"
        "zlds5cNbrHFoJNFnmVhkRYGzLYxx4EtDiezNCZVHfyMI2AKuNSQW2fEdDatVIG+q3Zr/X9eeDl8kQOGy804J/fgCYDrN8RQu0n5Dh1inv4pu"
        "ca0wb29SCvoAwrWb33ehDBIvv6+rUKBdjtv2xTV65kNiVDo5VRCaYRVeE10osxeONgw55HVY4nczuxnR+dmc2282de6WHe5LXtr0ZBdJ8ytt"
        "FOLIluZ/sNM5DIWZBkIWQhyT581tbA7bTpsIbrT/IMBlmioIILw8WGtI7zcmNkjU5dnq5HnlVKEDhj/Ug/dLiyno8+Vp7QIDAQAB "
        "-----END RSA PUBLIC KEY-----"
    )
    body = (
        '{"actor":{"actor_type":"user","actor_id":"882f3926-b292-414b-a411-96380db373cd"},"action":"message_create",'
        '"action_time":"2019-06-21T17:43:20.875Z","data":{"message":{"message_parts":[{"text":{"content":"Test 2"}}],'
        '"app_id":"55b190fa-5d3c-45c4-bc49-74ddcfcf53d7","actor_id":"882f3926-b292-414b-a411-96380db373cd",'
        '"id":"7a454fde-c720-4c97-a61d-0ffe70449eb6","channel_id":"c8fddfaf-622a-4a0e-b060-4f3ccbeab606",'
        '"conversation_id":"c327498e-f713-481e-8d83-0603e03d2521","message_type":"normal","actor_type":"user",'
        '"created_time":"2019-06-21T17:43:20.866Z"}}}'
    )
    signature = (
        "AhrmypOSWoewHG6LmIRuWjxyokuMDmPklrSU9p0gpUNjdSRCJzvpL6rjuTi5poV/ZLzWRWNM7X9yWjT5m9YFPshYrvigcd1ph4Ot2xmaJGYo"
        "UNJHijQccE6oDtDIp6i/8oLRafHgObQnGukZWPbP9OE5EiKz/VcsMP0Wv7hawI/sfIviM0w+6fNOKXWi0jDBH9ap1mj5CqOUOojni7OD5iYm"
        "IrjV/h33dyNmbvAta9E+trzcEhYqxfHIN4Z8R2FsatfRHWicoQ4PE5cQ8+UONVya8qr85nQ9w8N7Ql7yNg9fEViYG4/W/JnGEbPPEf8WrYtK"
        "zoVyuupDz4mVHdfKWg=="
    )
    headers = JSON | {"x-freshchat-signature": signature}
    proof = "published: tests of nyaruka/courier, a receiver of Freshchat's"
    add("freshchat", proof, {"public_key": key}, (headers, body), (headers, body + " "))


def signed(provider: str, page: str, headers: Headers, body: str = EVENT, secret: str = "secret") -> None:
    """Add a request signed by the code on the sender's page, and the same with another body."""
    headers = {"content-type": "application/json"} | dict(headers)
    add(provider, f"example: {page}", {"secret": secret}, (headers, body), (headers, body + " "))


def documented() -> None:
    """Signed with the code of the sender's documentation, line by line."""
    sha256, text = digest("secret", EVENT), digest("secret", EVENT).hex()
    key = "5c4d5425-e0e4-47be-a77d-cf81b9d34803"
    signed("attio", "docs.attio.com/rest-api/how-to/webhooks", {"attio-signature": text, "idempotency-key": key})
    topic = {"x-commercelayer-signature": b64(sha256), "x-commercelayer-topic": "orders.place"}
    signed("commercelayer", "docs.commercelayer.io/core/callbacks-security", topic)
    body = '{"id":"fe869b23","resourceId":"ac84655e","topic":"customer_transfer_completed"}'
    headers = {"x-request-signature-sha-256": digest("secret", body).hex()}
    signed("dwolla", "developers.dwolla.com/guides/webhooks/validating-webhooks.html", headers, body)
    signed("checkoutcom", "www.checkout.com/docs/workflows", {"cko-signature": text})
    headers = {"x-docusign-signature-1": b64(digest("another", EVENT)), "x-docusign-signature-2": b64(sha256)}
    signed("docusign", "developers.docusign.com/platform/webhooks/connect/validate", headers)
    body = '{"live":false,"events":[{"id":"1","type":"order.completed"}]}'
    headers = {"x-fs-signature": b64(digest("secret", body))}
    signed("fastspring", "developer.fastspring.com/docs/message-security", headers, body)
    headers = {"x-helpscout-signature": b64(digest("secret", EVENT, "sha1")), "x-helpscout-event": "convo.created"}
    signed("helpscout", "developer.helpscout.com/webhooks", headers)
    headers = {"x-savvycal-signature": "sha256=" + text.upper(), "x-savvycal-webhook-id": "wh_1"}
    signed("savvycal", "savvycal.com/docs/api/webhooks", headers)
    # The key is one of the sample's: OfficeDev/microsoft-teams-sample-outgoing-webhook, AuthProvider.cs
    key = "vqF0En+Z0ucuRTM/01o2GuhMH3hKKk/N2bOmlM31zaA="
    headers = {"authorization": "HMAC " + b64(digest(base64.b64decode(key), EVENT))}
    signed("teams-outgoing", "OfficeDev/microsoft-teams-sample-outgoing-webhook", headers, secret=key)
    for name in ("x-ramp-signature", "x-ramp-webhook-signature"):
        signed("ramp", "docs.ramp.com/developer-api/v1/webhooks", {name: text})
    headers = {"x-cal-signature-256": text}
    signed("calcom", "calcom/cal.com, packages/features/webhooks/lib/sendPayload.ts", headers)
    secret = "a-signing-key-of-more-than-32-characters"
    claims = {"request_body_sha256": b64(hashlib.sha256(EVENT.encode()).digest())}
    headers = {"x-fusionauth-signature-jwt": jwt.encode(claims, secret, "HS256")}
    signed("fusionauth", "fusionauth.io/docs/extend/events-and-webhooks/signing", headers, secret=secret)
    claims = {"iss": "netlify", "sha256": hashlib.sha256(EVENT.encode()).hexdigest()}
    headers = {"x-webhook-signature": jwt.encode(claims, secret, "HS256"), "x-netlify-event": "deploy_created"}
    signed("netlify", "docs.netlify.com/site-deploys/notifications", headers, secret=secret)


def main() -> None:
    made = json.loads((FOLDER / "senders2_vectors.node.json").read_text("utf-8"))
    libraries()
    published()
    documented()
    every = [*made["vectors"], *vectors]
    for number, one in enumerate(every):
        if one["id"] in {other["id"] for other in every[:number]}:
            one["id"] += "_2"
    text = json.dumps({"npm": made["npm"], "vectors": every}, indent=1, ensure_ascii=False)
    (FOLDER / "senders2_vectors.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
