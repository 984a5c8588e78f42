"""What is stored in a queue is what SQS takes, and only the relay's own keys are followed into the bucket."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relay.aws import sqs
from relay.aws.queue_messages import group_of
from relay.delivery.message import MAX_ATTRIBUTE, DestinationRef, InvalidMessage, Message, Origin, ascii_attribute
from relay.entry import Entry, Failed
from relay.http.request import Request


@pytest.mark.parametrize(
    "key", ["", "claims/1", "overflow/../claims/1", "overflow/" + "x" * 36, "overflow/" + "a" * 5000]
)
def test_a_pointer_that_is_none_of_ours_is_unreadable_and_never_looked_up(key: str) -> None:
    with pytest.raises(InvalidMessage):
        sqs.load_message_text('{"overflow":{"key":"' + key + '"}}')


@pytest.mark.parametrize("text", ["", "x", "[]", "1", '{"overflow":1}', '{"overflow":{}}', "[" * 100_000])
def test_what_is_no_pointer_is_the_message(text: str) -> None:
    assert sqs.load_message_text(text) == text


@given(st.text(st.characters(exclude_categories=()), max_size=300))
def test_an_attribute_is_ascii_and_short_enough(text: str) -> None:
    attribute = ascii_attribute(text)
    assert attribute.isascii()
    assert len(attribute) <= MAX_ATTRIBUTE
    assert all(character >= " " for character in attribute)


ORIGIN = Origin("orders", "msg_1", "2026-11-23T07:09:54Z")
ENTRY = Entry(datetime(2026, 11, 23, tzinfo=UTC), "aws.partner/acme.example/c42", (), "a", "{}", "us-east-1")
FAILED = Failed("Queued", "")


def test_the_group_of_a_message_is_whose_it_is() -> None:
    assert group_of(Message(ORIGIN, ENTRY, FAILED)) == "source/aws.partner/acme.example/c42"
    assert group_of(Message(ORIGIN, ENTRY, FAILED, DestinationRef("c42", "prod", "1"))) == "customer/c42"
    assert group_of(Message(ORIGIN, Request("POST", "/", "", {}, b"", ""), FAILED)) == "route/orders"


TEXTS = st.text(st.characters(exclude_categories=()), max_size=300)


@given(TEXTS, TEXTS)
@example("\ud800", "\ud801")
def test_whatever_a_source_is_its_group_is_one_that_sqs_takes_and_its_own(source: str, other: str) -> None:
    groups = [group_of(Message(ORIGIN, replace(ENTRY, source=each), FAILED)) for each in (source, other)]
    assert all(re.fullmatch(r"[!-~]{1,128}", group) for group in groups)
    assert (groups[0] == groups[1]) is (source == other)


def test_a_source_cannot_be_taken_for_the_customer_of_that_name() -> None:
    of_customer = Message(ORIGIN, ENTRY, FAILED, DestinationRef("c42", "prod", "1"))
    assert group_of(Message(ORIGIN, replace(ENTRY, source="c42"), FAILED)) != group_of(of_customer)
