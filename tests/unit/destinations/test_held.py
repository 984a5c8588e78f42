"""Held entries lie in the order in which they came, and what lies there is what was held."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.delivery.message import Message, Origin
from relay.destinations import held
from relay.destinations.held import HeldKey
from relay.entry import Entry, Failed
from tests.unit.destinations.destinations import NOW

# hypothesis wants the limits without a zone
TIMES = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - see above


def key(received_at: datetime, request_id: str = "JKJaXmPLvHcESHA=") -> str:
    return HeldKey("c42", "prod", "k3x9qa", received_at, request_id).text()


def message(source: str = "aws.partner/acme.example/c42/prod-k3x9qa") -> Message:
    entry = Entry(NOW, source, (), "order.created", '{"id":1}', "us-east-1")
    return Message(Origin("orders", "evt_1", "2026-11-25T12:00:00Z"), entry, Failed("Held", "source-pending"))


@given(TIMES, TIMES)
def test_keys_sort_as_their_webhooks_came(first: datetime, second: datetime) -> None:
    if abs(first - second) >= timedelta(milliseconds=1):
        assert (key(first) < key(second)) == (first < second)


@given(TIMES, st.text(min_size=1))
def test_a_key_says_whose_entries_it_has_whatever_the_request_is_called(received_at: datetime, request_id: str) -> None:
    text = key(received_at, request_id)
    found = held.parse_key(text)
    assert found
    assert (found.customer, found.destination, found.destination_id) == ("c42", "prod", "k3x9qa")
    assert abs(found.received_at - received_at) < timedelta(milliseconds=2)
    assert text.startswith(held.prefix("c42", "prod", "k3x9qa"))
    assert text.count("/") == 4


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_requests_never_share_a_key(first: str, second: str) -> None:
    assert (key(NOW, first) == key(NOW, second)) == (first == second)


def test_there_is_no_key_without_an_id() -> None:
    with pytest.raises(ValueError, match="id"):
        key(NOW, "")


@given(st.text())
def test_what_is_no_key_is_none(text: str) -> None:
    found = held.parse_key(text)
    assert found is None or text.startswith((held.HELD, held.RELEASED))


def test_the_copy_of_a_released_object_lies_beside_it() -> None:
    assert held.released_key(key(NOW)) == "released/" + key(NOW).removeprefix("held/")
    assert held.parse_key(held.released_key(key(NOW))) == held.parse_key(key(NOW))


def test_messages_come_back_as_they_were_held() -> None:
    messages = [message(), message("aws.partner/acme.example/c42/é")]
    assert held.load(held.dump(messages)) == (messages, [])


def test_a_damaged_line_is_told_apart_and_the_others_are_read() -> None:
    content = held.dump([message()]) + b"{not json\n" + held.dump([message()])
    assert held.load(content) == ([message(), message()], ["{not json"])


def test_holding_ends_by_the_time_of_the_key() -> None:
    old, new = key(NOW - timedelta(days=14)), key(NOW - timedelta(days=14) + timedelta(seconds=1))
    assert held.ended([old, new, "held/else"], NOW, timedelta(days=14)) == [old]
