"""What of an archived webhook a replay sends: for whom, which detail-types, and marked or not."""

from dataclasses import replace

import pytest

from relay.archive.selection import chosen
from relay.delivery.message import Message, Origin, Replay, parse
from relay.delivery.undelivered import NotSent, Unsent
from relay.destinations.addressing import Addressed
from relay.entry import Entry, Failed
from relay.http.request import Request
from relay.pipeline import entry_lines
from tests.conftest import NOW
from tests.unit.pipeline.customers_world import prod

ENTRY = Entry(NOW, "aws.partner/acme.example/x", ("arn:1",), "order.created", "{}", "us-east-1")
ORDER, BILL = Addressed(ENTRY, prod(), is_held=False), Addressed(replace(ENTRY, detail_type="bill"), prod("c43"), True)
UNWANTED = NotSent(Unsent.UNSUBSCRIBED)


@pytest.mark.parametrize(
    ("replay", "indexes"),
    [
        (Replay("r"), [0, 1, 2]),
        (Replay("r", "c42"), [0]),
        (Replay("r", "c42", "prod"), [0]),
        (Replay("r", "c42", "other"), []),
        (Replay("r", "", "prod"), [0, 1]),
        (Replay("r", "", "", ("order.*",)), [0, 2]),
        (Replay("r", "c43", "", ("order.*",)), []),
    ],
)
def test_only_what_is_asked_for_is_sent_at_its_index(replay: Replay, indexes: list[int]) -> None:
    found = chosen([ORDER, BILL, ENTRY, UNWANTED], replay)
    assert [index for index, each in enumerate(found) if each] == indexes


def test_a_mark_is_one_resource_more() -> None:
    order, plain = chosen([ORDER, ENTRY], Replay("r1", mark=True))
    assert isinstance(order, Addressed)
    assert isinstance(plain, Entry)
    assert order.entry.resources == plain.resources == ("arn:1", "replay/r1")
    assert chosen([ENTRY], Replay("r1")) == [ENTRY]


def test_a_message_of_the_queue_says_what_is_replayed() -> None:
    request = Request("POST", "/orders", "", {}, b"{}", "")
    replay = Replay("r1", "c42", "prod", ("order.*", "bill"), mark=True, mapping="abc")
    sent = Message(Origin("orders", "msg_1", "2026-11-22T12:00:00Z"), request, Failed("Replay", "r1"), replay=replay)
    assert parse(sent.text()) == sent


def test_an_entry_of_a_replay_says_so_on_its_whole_way() -> None:
    message = Message(Origin("orders", "msg_1", "2026-11-22T12:00:00Z"), ENTRY, Failed("Held", ""), replay=Replay("r1"))
    again = parse(message.text())
    assert again.replay == Replay("r1")
    assert entry_lines.of_message(again, entry_lines.RELEASED)["replay"] == "r1"
