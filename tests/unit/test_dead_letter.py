"""The shape of a dead letter: tools and operators rely on it."""

import base64
import json

from relay import dead_letter
from relay.entry import Entry, Failed
from relay.request import Request
from relay.webhook import Webhook
from tests.conftest import NOW, RELAY_TOML, Load

FAILED = Failed("ThrottlingException", "Rate exceeded")


def webhook(load: Load) -> Webhook:
    posted = Request("POST", "/orders/c42", "a=1", {"webhook-id": "msg_1"}, b"\xffbody", "request-1")
    return Webhook(load(RELAY_TOML).routes[0], posted, {"customer": "c42"}, NOW)


def test_an_entry_is_in_the_syntax_of_the_aws_cli(load: Load) -> None:
    entry = Entry(NOW, "aws.partner/acme.example/c42/orders", (), "order.created", '{"e":"é"}', "us-east-1")
    letter = dead_letter.of_entry(webhook(load), "msg_2b", entry, FAILED)
    assert json.loads(letter.body) == {
        "version": 1,
        "route": "orders",
        "webhook_id": "msg_2b",
        "received_at": "2026-11-23T07:09:54Z",
        "region": "us-east-1",
        "attempts": 1,
        "error": {"code": "ThrottlingException", "message": "Rate exceeded"},
        "entry": {
            "Time": "2026-11-23T07:09:54Z",
            "Source": "aws.partner/acme.example/c42/orders",
            "Resources": [],
            "DetailType": "order.created",
            "Detail": '{"e":"é"}',
        },
    }
    source = "aws.partner/acme.example/c42/orders"
    assert letter.attributes == {"Route": "orders", "ErrorCode": "ThrottlingException", "Source": source}


def test_a_webhook_that_could_not_be_mapped_can_be_mapped_again(load: Load) -> None:
    letter = dead_letter.of_webhook(webhook(load), "msg_2b", Failed("MappingError", "why"))
    message = json.loads(letter.body)
    assert message["webhook"] == {
        "method": "POST",
        "path": "/orders/c42",
        "query": "a=1",
        "headers": {"webhook-id": "msg_1"},
        "body": base64.b64encode(b"\xffbody").decode(),
    }
    assert "entry" not in message
    assert letter.attributes == {"Route": "orders", "ErrorCode": "MappingError"}


def test_a_message_and_its_attributes_are_ascii_so_that_sqs_takes_them(load: Load) -> None:
    entry = Entry(NOW, "aws.partner/acme.example/\x00" + "☃" * 300, (), "\x00\x1f\ufffe☃", "{}", "us-east-1")
    letter = dead_letter.of_entry(webhook(load), "msg_2b", entry, FAILED)
    for text in (letter.body, letter.attributes["Source"]):
        assert text.isascii()
        assert text.isprintable()
    assert letter.attributes["Source"].startswith("aws.partner/acme.example/\\u0000\\u2603")
    assert len(letter.attributes["Source"]) == 256
    assert letter.size >= len(letter.body) + len("RouteStringorders")
