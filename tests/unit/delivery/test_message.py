"""The shape of a message in both queues: tools and operators rely on it."""

import base64
import json
from dataclasses import replace

import pytest

from relay.delivery import message
from relay.delivery.message import InvalidMessage, Message, Origin
from relay.entry import Entry, Failed
from relay.http.request import Request
from tests.conftest import NOW

ORIGIN = Origin("orders", "msg_2b", "2026-11-23T07:09:54Z")
FAILED = Failed("ThrottlingException", "Rate exceeded", 3)
ENTRY = Entry(NOW, "aws.partner/acme.example/c42/orders", ("arn:1",), "order.created", '{"e":"é"}', "us-east-1")
REQUEST = Request("POST", "/orders/c42", "a=1", {"webhook-id": "msg_1"}, b"\xffbody", "")


def test_an_entry_is_in_the_syntax_of_the_aws_cli() -> None:
    written = Message(ORIGIN, ENTRY, FAILED)
    assert json.loads(written.text()) == {
        "version": 1,
        "route": "orders",
        "webhook_id": "msg_2b",
        "received_at": "2026-11-23T07:09:54Z",
        "region": "us-east-1",
        "attempts": 3,
        "error": {"code": "ThrottlingException", "message": "Rate exceeded"},
        "entry": {
            "Time": "2026-11-23T07:09:54Z",
            "Source": "aws.partner/acme.example/c42/orders",
            "Resources": ["arn:1"],
            "DetailType": "order.created",
            "Detail": '{"e":"é"}',
        },
        "index": 0,
    }
    assert written.attributes() == {
        "Route": "orders",
        "ErrorCode": "ThrottlingException",
        "Source": "aws.partner/acme.example/c42/orders",
    }


def test_a_webhook_that_could_not_be_mapped_can_be_mapped_again() -> None:
    written = Message(ORIGIN, REQUEST, Failed("MappingError", "why"))
    letter = json.loads(written.text())
    assert letter["webhook"] == {
        "method": "POST",
        "path": "/orders/c42",
        "query": "a=1",
        "headers": {"webhook-id": "msg_1"},
        "body": base64.b64encode(b"\xffbody").decode(),
    }
    assert "entry" not in letter
    assert written.attributes() == {"Route": "orders", "ErrorCode": "MappingError"}


@pytest.mark.parametrize("what", [ENTRY, REQUEST])
def test_what_is_written_is_read(what: Entry | Request) -> None:
    written = Message(ORIGIN, what, FAILED)
    assert message.parse(written.text()) == written


def test_one_more_failure_adds_its_attempts() -> None:
    again = Message(ORIGIN, ENTRY, FAILED).with_failure(Failed("InternalFailure", "why", 2))
    assert again.failed == Failed("InternalFailure", "why", 5)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "",
        lambda _: "null",
        lambda _: "[" * 100_000,
        lambda text: text.replace('"version": 1', '"version": 2'),
        lambda text: text.replace('"received_at": "2026', '"received_at": "x'),
        lambda text: text.replace('"entry"', '"entri"'),
        lambda text: text.replace('"Detail"', '"Detale"'),
        lambda text: text.replace('"us-east-1"', "1"),
        lambda text: text.replace('["arn:1"]', "null"),
        lambda text: text.replace('"attempts": 3', '"attempts": "x"'),
        lambda text: text[:-1] + ', "claim": "claims/1"}',
        lambda text: text[:-1] + ', "claim": 1}',
    ],
)
def test_what_is_no_message_of_ours_is_unreadable(spoil: object) -> None:
    assert callable(spoil)
    with pytest.raises(InvalidMessage):
        message.parse(spoil(Message(ORIGIN, ENTRY, FAILED).text()))


def test_a_message_and_its_attributes_are_ascii_so_that_sqs_takes_them() -> None:
    entry = replace(ENTRY, source="aws.partner/acme.example/\x00" + "☃" * 300, detail_type="\x00\x1f\ufffe☃")
    written = Message(ORIGIN, entry, FAILED)
    source = written.attributes()["Source"]
    for text in (written.text(), source):
        assert text.isascii()
        assert text.isprintable()
    assert source.startswith("aws.partner/acme.example/\\u0000\\u2603")
    assert len(source) == 256
    assert message.parse(written.text()) == written


def test_a_claim_is_one_of_a_detail_in_its_own_part_of_the_bucket() -> None:
    claimed = Message(ORIGIN, replace(ENTRY, claim="claims/1", detail='{"claim":{"key":"claims/1"}}'), FAILED)
    assert message.parse(claimed.text()) == claimed
    for claim, detail in (
        ("claims/2", '{"claim":{"key":"claims/1"}}'),
        ("overflow/1", '{"claim":{"key":"overflow/1"}}'),
    ):
        with pytest.raises(InvalidMessage, match="claim"):
            message.parse(replace(claimed, content=replace(ENTRY, claim=claim, detail=detail)).text())
