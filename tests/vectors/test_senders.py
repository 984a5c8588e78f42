"""What senders document beside their signature: the answer they wait for, their handshakes, their ids."""

import gzip
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from hmac import digest
from typing import Any

import pytest

from relay.entry import Accepted, Entry, Outcome
from tests import doubles
from tests.conftest import Load, http_api_event
from tests.handler import handle

SECRET = "secret-of-more-than-32-characters-for-HS256"
NOW = 1795392000


@dataclass
class Receiver:
    """A relay with one route, and what it was sent: entries, and what webhooks are remembered by."""

    load: Load
    sent: list[Entry] = field(default_factory=list)
    idempotency: doubles.Remembered = field(default_factory=doubles.Remembered)

    def post(
        self, preset: str, body: str | bytes, headers: Mapping[str, str], query: str = "", method: str = "POST"
    ) -> dict[str, Any]:
        """Return the answer to a webhook."""
        relay = self.load(
            f"""
            partner = "aws.partner/acme.example"
            regions = ["us-east-1"]
            public_url = "https://relay.example.com"
            [[route]]
            name = "route"
            path = "/in/x"
            preset = "{preset}"
            dedupe = {"false" if preset in WITHOUT_ID else "true"}
            {NO_AUTHENTICATION if preset == "mailchimp" else 'auth = { secret = "secret" }'}
            event = {{ source = "aws.partner/acme.example/source" }}
            """
        )
        services = doubles.services(
            relay,
            read_secret=lambda _: [SECRET],
            send=self.send,
            idempotency=self.idempotency,
        )
        sent = body if isinstance(body, bytes) else body.encode()
        event = http_api_event("/in/x", sent, dict(headers), method=method, query=query)
        return handle(event, services, datetime.fromtimestamp(NOW, UTC))

    def send(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        """Take every entry."""
        self.sent.extend(entries)
        return [Accepted("id") for _ in entries]


WITHOUT_ID = ("cloudflare-logpush", "fastly")
NO_AUTHENTICATION = 'auth = { scheme = "none" }\ndelivery_id = "${body.id}"'


@pytest.fixture
def receiver(load: Load) -> Receiver:
    return Receiver(load)


def hexadecimal(text: str) -> str:
    return digest(SECRET.encode(), text.encode(), sha256).hex()


def base64(text: str) -> str:
    return b64encode(digest(SECRET.encode(), text.encode(), sha256)).decode()


def google(channel: str, number: int) -> dict[str, str]:
    return {
        "content-length": "0",
        "x-goog-channel-id": channel,
        "x-goog-channel-token": SECRET,
        "x-goog-message-number": str(number),
        "x-goog-resource-id": "ret08u3rv24htgh289g",
        "x-goog-resource-state": "exists",
        "x-goog-resource-uri": "https://www.googleapis.com/calendar/v3/calendars/a@example.com/events",
    }


BASIC = {"authorization": "Basic " + b64encode(SECRET.encode()).decode()}
FASTSPRING = '{"events":[{"id":"1","type":"order.completed"}]}'
MAILGUN = {"timestamp": str(NOW), "token": "t" * 50, "signature": hexadecimal(f"{NOW}{'t' * 50}")}
MERCADO_PAGO = f"id:123;request-id:2066ca19;ts:{NOW};"


@pytest.mark.parametrize(
    ("preset", "body", "headers", "query"),
    [
        # 202 means: only the events whose ids are in the answer were processed.
        # https://developer.fastspring.com/reference/processed-and-unprocessed-webhook-events
        ("fastspring", FASTSPRING, {"x-fs-signature": base64(FASTSPRING)}, ""),
        # https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-retries
        ("mailgun", json.dumps({"signature": MAILGUN, "event-data": {"event": "opened"}}), {}, ""),
        # https://www.mercadopago.com.mx/developers/es/docs/qr-code/notifications: 200 or 201
        (
            "mercadopago",
            '{"type":"payment"}',
            {"x-request-id": "2066ca19", "x-signature": f"ts={NOW},v1={hexadecimal(MERCADO_PAGO)}"},
            "data.id=123",
        ),
        # https://postmarkapp.com/support/article/understanding-inbound-webhook-retries-in-postmark
        ("postmark", '{"RecordType":"Delivery","MessageID":"1"}', BASIC, ""),
    ],
)
def test_a_sender_that_tries_again_after_a_202_is_answered_200(
    receiver: Receiver, preset: str, body: str, headers: Mapping[str, str], query: str
) -> None:
    assert receiver.post(preset, body, headers, query)["statusCode"] == 200
    assert len(receiver.sent) == 1


@pytest.mark.parametrize(
    ("milliseconds", "status"), [(0, 200), (299_000, 200), (-299_000, 200), (301_000, 401), (-301_000, 401)]
)
def test_mercado_pago_may_write_its_timestamp_in_milliseconds(
    receiver: Receiver, milliseconds: int, status: int
) -> None:
    time = str(NOW * 1000 + milliseconds)
    signature = f"ts={time},v1={hexadecimal(f'id:123;request-id:2066ca19;ts:{time};')}"
    headers = {"x-request-id": "2066ca19", "x-signature": signature}
    assert receiver.post("mercadopago", '{"type":"payment"}', headers, "data.id=123")["statusCode"] == status


def test_a_google_notification_has_no_body_and_is_delivered_with_what_its_headers_say(receiver: Receiver) -> None:
    assert receiver.post("google-channel", "", google("channel-1", 10))["statusCode"] == 202
    detail = json.loads(receiver.sent[0].detail)
    assert (receiver.sent[0].detail_type, detail["channel_id"], detail["message_number"]) == (
        "exists",
        "channel-1",
        "10",
    )


def test_two_google_channels_may_have_messages_of_one_number(receiver: Receiver) -> None:
    receiver.post("google-channel", "", google("channel-1", 10))
    receiver.post("google-channel", "", google("channel-2", 10))
    receiver.post("google-channel", "", google("channel-1", 10))
    assert receiver.idempotency.keys[0] == receiver.idempotency.keys[2] != receiver.idempotency.keys[1]


def test_ringcentral_hears_the_token_of_its_first_request(receiver: Receiver) -> None:
    answer = receiver.post("ringcentral", "", {"validation-token": "43a9b1f3", "content-length": "0"})
    assert (answer["statusCode"], answer["headers"]["validation-token"]) == (200, "43a9b1f3")


@pytest.mark.parametrize(("client", "status"), [(SECRET, 200), ("another", 401)])
def test_adobe_sign_hears_its_client_id_if_it_is_the_right_one(receiver: Receiver, client: str, status: int) -> None:
    # https://opensource.adobe.com/acrobat-sign/acrobat_sign_events/index.html
    answer = receiver.post("adobe-sign", "", {"x-adobesign-clientid": client}, method="GET")
    assert answer["statusCode"] == status
    assert (json.loads(answer["body"]) == {"xAdobeSignClientId": SECRET}) == (status == 200)
    assert not receiver.sent


@pytest.mark.parametrize("name", ["verification-token", "validation-token"])
@pytest.mark.parametrize(("token", "status"), [(SECRET, 202), ("another", 401)])
def test_ringcentral_delivers_with_its_token_in_either_header(
    receiver: Receiver, name: str, token: str, status: int
) -> None:
    body = '{"uuid":"1","event":"/restapi/v1.0/account/1/presence"}'
    headers = {name: token, "content-length": str(len(body))}
    assert receiver.post("ringcentral", body, headers)["statusCode"] == status
    assert len(receiver.sent) == (status == 202)


def test_mailchimp_finds_somebody_at_the_url(receiver: Receiver) -> None:
    assert receiver.post("mailchimp", "", {}, method="GET")["statusCode"] == 200
    assert not receiver.sent


@pytest.mark.parametrize("header", ["x-ramp-signature", "x-ramp-webhook-signature"])
def test_ramp_signs_under_two_names(receiver: Receiver, header: str) -> None:
    body = '{"id":"a461a658","type":"transactions.cleared"}'
    assert receiver.post("ramp", body, {header: hexadecimal(body)})["statusCode"] == 202


@pytest.mark.parametrize(("preset", "member"), [("webex", "id"), ("livechat", "webhook_id")])
def test_the_id_of_a_subscription_is_not_the_id_of_its_webhooks(load: Load, preset: str, member: str) -> None:
    relay = load(
        f"""
        partner = "aws.partner/acme.example"
        regions = ["us-east-1"]
        [[route]]
        name = "route"
        path = "/in/x"
        preset = "{preset}"
        auth = {{ secret = "secret" }}
        event = {{ source = "aws.partner/acme.example/source" }}
        """
    )
    identity = relay.routes[0].delivery_id
    assert identity is None or identity.expressions() != [f"body.{member}"]


@pytest.mark.parametrize("body", ['[{"log_id":"1","data":{"type":"s"}}]', '{"log_id":"1","data":{"type":"s"}}'])
def test_auth0_may_send_an_array_or_an_object(receiver: Receiver, body: str) -> None:
    assert receiver.post("auth0", body, {"authorization": SECRET})["statusCode"] == 202
    assert [(one.detail_type, json.loads(one.detail)["log_id"]) for one in receiver.sent] == [("s", "1")]


LOGS = [{"log_id": f"9002026112{n}", "data": {"type": "s", "user_id": f"auth0|{n}"}} for n in range(2)]


@pytest.mark.parametrize(
    ("body", "logs"),
    [
        (json.dumps(LOGS), LOGS),  # JSONARRAY
        ("\n".join(map(json.dumps, LOGS)), LOGS),  # JSONLINES
        ("\n".join(map(json.dumps, LOGS)) + "\n", LOGS),
        (json.dumps(LOGS[0]), LOGS[:1]),  # JSONOBJECT
    ],
)
def test_every_content_format_of_auth0_becomes_an_event_for_each_log(
    receiver: Receiver, body: str, logs: list[dict[str, Any]]
) -> None:
    # https://auth0.com/docs/customize/log-streams/custom-log-streams
    assert receiver.post("auth0", body, {"authorization": SECRET})["statusCode"] == 202
    assert [json.loads(entry.detail) for entry in receiver.sent] == logs
    assert {entry.detail_type for entry in receiver.sent} == {"s"}
    assert json.loads(receiver.idempotency.keys[0])[2] == LOGS[0]["log_id"]


def test_a_batch_of_logpush_is_decompressed_and_its_test_upload_makes_no_event(receiver: Receiver) -> None:
    # https://developers.cloudflare.com/logs/logpush/logpush-job/enable-destinations/http/
    headers = {"authorization": SECRET, "content-type": "text/plain", "content-encoding": "gzip"}
    answer = receiver.post("cloudflare-logpush", gzip.compress(b'{"content":"tests"}'), headers)
    assert (answer["statusCode"], receiver.sent) == (202, [])
    batch = b'{"RayID":"8b1"}\n{"RayID":"8b2"}\n'
    assert receiver.post("cloudflare-logpush", gzip.compress(batch), headers)["statusCode"] == 202
    assert [json.loads(entry.detail)["RayID"] for entry in receiver.sent] == ["8b1", "8b2"]


@pytest.mark.parametrize("body", ['{"a":1}\n{"a":2}\n', '[{"a":1},{"a":2}]'])
def test_fastly_is_told_that_any_service_may_log_and_each_entry_is_an_event(receiver: Receiver, body: str) -> None:
    # https://www.fastly.com/documentation/guides/integrations/logging-endpoints/log-streaming-https
    challenge = receiver.post("fastly", "", {}, method="GET")
    assert (challenge["statusCode"], challenge["body"]) == (200, "*")
    assert receiver.post("fastly", body, {"authorization": SECRET})["statusCode"] == 202
    assert [json.loads(entry.detail) for entry in receiver.sent] == [{"a": 1}, {"a": 2}]
