"""A webhook whose body has a Content-Encoding: when it is decoded, and what becomes of it."""

import gzip
import hmac
import json
import zlib
from collections.abc import Sequence
from typing import Any

import pytest

from relay.config.model import Config
from relay.delivery import message
from relay.delivery.message import Message
from relay.delivery.undelivered import Queue
from relay.entry import Accepted, Entry, Outcome
from relay.http.request import Request
from relay.mapping.parsed_webhook import ParsedWebhook
from relay.pipeline.accept import accept
from relay.pipeline.services import Response
from tests import doubles
from tests.conftest import NOW, Load, http_api_event
from tests.unit.http.test_request import rest_api_event

SECRET = "secret"
BODY = b'{"type":"order.created","id":"evt_1","n":1.50}'
BOMB = gzip.compress(bytes(2 * 1024 * 1024))
ROUTE = """
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[[route]]
name = "orders"
path = "/orders"
delivery_id = "${body.id}"
unique_delivery_id = true
dedupe = true
event = { source = "aws.partner/acme.example/orders", detail_type = "${body.type}" }
[route.auth]
scheme = "hmac"
secret = "s"
signature = "${headers.x_signature}"
content = "${body}"
signed_content = "as-sent"
"""
DECODED = ROUTE.replace('"as-sent"', '"decoded"')
API_KEY = (
    ROUTE.partition("[route.auth]")[0]
    + """
[route.auth]
scheme = "api-key"
secret = "s"
token = "${headers.x_key}"
"""
)


class Relay:
    """A relay and what reached EventBridge and the queues."""

    def __init__(self, config: Config) -> None:
        self.entries: list[Entry] = []
        self.stored: list[Message] = []
        self.archived: list[Request] = []
        self.idempotency = doubles.Remembered()
        self.services = doubles.services(
            config,
            read_secret=lambda _: [SECRET],
            send=self._send,
            store=self._store,
            archive=self._archive,
            idempotency=self.idempotency,
        )

    def post(self, sent: bytes, encoding: str = "gzip", signed: bytes | None = None, secret: str = SECRET) -> Response:
        """Return the response to `sent`, with a signature of `signed`."""
        signature = hmac.digest(secret.encode(), sent if signed is None else signed, "sha256").hex()
        headers = {"x-signature": signature, "x-key": secret, "content-encoding": encoding}
        return self.receive(http_api_event("/orders", sent, headers))

    def receive(self, event: dict[str, Any]) -> Response:
        """Return the response to an event of API Gateway."""
        return accept(event, self.services, NOW, lambda: 29)[0]

    def _send(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        self.entries += entries
        return [Accepted("id") for _ in entries]

    def _store(self, _queue: Queue, messages: Sequence[Message]) -> list[str | None]:
        self.stored += messages
        return [None] * len(messages)

    def _archive(self, parsed: ParsedWebhook, _planned: object) -> Any:
        self.archived.append(parsed.webhook.request)
        return lambda _seconds: ""


@pytest.mark.parametrize(("encoding", "sent"), [("gzip", gzip.compress(BODY)), ("deflate", zlib.compress(BODY))])
def test_a_body_that_is_signed_as_sent_is_verified_and_then_decoded(load: Load, encoding: str, sent: bytes) -> None:
    relay = Relay(load(ROUTE))
    assert relay.post(sent, encoding)["statusCode"] == 202
    assert [(entry.detail_type, entry.detail) for entry in relay.entries] == [("order.created", BODY.decode())]
    assert relay.post(sent, encoding, signed=BODY)["statusCode"] == 401


def test_a_body_that_is_signed_decoded_is_decoded_and_then_verified(load: Load) -> None:
    relay = Relay(load(DECODED))
    sent = gzip.compress(BODY)
    assert relay.post(sent, signed=BODY)["statusCode"] == 202
    assert [entry.detail for entry in relay.entries] == [BODY.decode()]
    assert relay.post(sent)["statusCode"] == 401


def test_what_is_not_authentic_is_never_decoded_if_it_is_signed_as_sent(load: Load) -> None:
    assert Relay(load(ROUTE)).post(BOMB, secret="another")["statusCode"] == 401
    assert Relay(load(API_KEY)).post(BOMB, secret="another")["statusCode"] == 401


@pytest.mark.parametrize("route", [ROUTE, DECODED, API_KEY])
def test_a_body_that_is_too_large_when_it_is_decoded_is_refused_and_reaches_nothing(load: Load, route: str) -> None:
    relay = Relay(load(route))
    response = relay.post(BOMB)
    assert response["statusCode"] == 413
    assert "larger than 1048576 bytes when it is decoded" in json.loads(response["body"])["detail"]
    assert (relay.entries, relay.stored, relay.archived) == ([], [], [])


@pytest.mark.parametrize("route", [ROUTE, DECODED, API_KEY])
def test_an_encoding_that_the_relay_does_not_know_is_named_with_those_that_it_does(load: Load, route: str) -> None:
    response = Relay(load(route)).post(b"\x8f\x01\x80", "br")
    assert (response["statusCode"], response["headers"]["accept-encoding"]) == (415, "gzip, deflate")
    assert json.loads(response["body"])["title"] == "Unsupported Media Type"


def test_a_rest_api_that_has_decoded_the_body_and_left_the_header_is_understood(load: Load) -> None:
    relay = Relay(load(DECODED))
    signature = hmac.digest(SECRET.encode(), BODY, "sha256").hex()
    headers = {"X-Signature": [signature], "Content-Encoding": ["gzip"]}
    event = rest_api_event(path="/orders", multiValueHeaders=headers, body=BODY.decode(), queryStringParameters=None)
    event["multiValueQueryStringParameters"] = None
    assert relay.receive(event)["statusCode"] == 202
    assert [entry.detail for entry in relay.entries] == [BODY.decode()]


def test_a_webhook_that_comes_again_in_another_encoding_is_the_same(load: Load) -> None:
    relay = Relay(load(ROUTE.replace("unique_delivery_id = true", "")))  # so that the body is part of the key
    for sent, encoding in ((BODY, "identity"), (gzip.compress(BODY, 1), "gzip"), (zlib.compress(BODY), "deflate")):
        assert relay.post(sent, encoding)["statusCode"] == 202
    assert len(set(relay.idempotency.keys)) == 1


def test_what_is_archived_or_dead_lettered_can_be_mapped_again_as_it_is(load: Load) -> None:
    relay = Relay(load(ROUTE.replace('"${body.type}"', '"${body.missing}"')))
    assert relay.post(gzip.compress(BODY))["statusCode"] == 202
    [letter] = relay.stored
    redriven = message.parse(letter.text()).content
    for request in (redriven, *relay.archived):
        assert isinstance(request, Request)
        assert (request.body, request.is_encoded) == (BODY, False)
    assert len(relay.archived) == 1
