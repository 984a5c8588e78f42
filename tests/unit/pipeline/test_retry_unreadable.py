"""A message that cannot be read, or that nobody has foreseen, is settled alone; the others are delivered."""

import base64
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.config.model import Config, Limits
from relay.delivery import message
from relay.delivery.message import InvalidMessage, Message
from relay.delivery.undelivered import Queue
from relay.entry import Entry, Outcome
from relay.http.request import Request
from relay.pipeline.results import Done, Postponed
from tests.conftest import RELAY_TOML, Load
from tests.unit.pipeline.retry_world import ENTRY_MESSAGE, ORIGIN, World, entry, posted


def spoiled(of: Message, **changes: object) -> str:
    """Return the text of a message with other values at these paths (`entry__Time`)."""
    letter = json.loads(of.text())
    for path, value in changes.items():
        *parents, last = path.split("__")
        inside = letter
        for parent in parents:
            inside = inside[parent]
        inside[last] = value
    return json.dumps(letter)


WEBHOOK = posted(b'{"type":"a"}')


CLAIM = '{"claim":{"key":"claims/1","n":%s}}'


WRONG_IN_A_WEBHOOK: dict[str, list[object]] = {
    "webhook__headers": [[], "x", None, {"a": 1}, [["a", "b"]]],
    "webhook": [[], "x", None, 1, {}],
    "webhook__body": [1, None, "\u00e9", "a", "e!30=", []],
    "received_at": ["0001-01-01T00:00:00+23:59", "2026-01-01T00:00:00", 5],
}


WRONG_IN_AN_ENTRY: dict[str, list[object]] = {
    "attempts": [float("inf"), -1, 1.5, True, "3", None, 10**30],
    "entry__Time": ["0001-01-01T00:00:00+23:59", "0001-01-01", "x", 1, ""],
    "entry__Detail": ['{"a":"\ud800"}', None, {}],
    "entry__Source": ["\ud800"],
    "entry__DetailType": ["\ud800"],
    "entry__EventBusName": ["\ud800"],
    "entry__Resources": [None, "arn", [1], ["\ud800"], {}],
    "entry": [[], "x", None],
    "error": [[], "x", None, {"code": 1, "message": ""}],
}


MALFORMED = [
    *(spoiled(WEBHOOK, **{path: value}) for path, values in WRONG_IN_A_WEBHOOK.items() for value in values),
    *(spoiled(ENTRY_MESSAGE, **{path: value}) for path, values in WRONG_IN_AN_ENTRY.items() for value in values),
    spoiled(ENTRY_MESSAGE, attempts=1).replace('"attempts": 1', '"attempts": 1e400'),
    spoiled(ENTRY_MESSAGE, attempts=1).replace('"attempts": 1', '"attempts": ' + "9" * 5000),
    spoiled(ENTRY_MESSAGE, claim="claims/1", entry__Detail=CLAIM % "NaN"),
    spoiled(ENTRY_MESSAGE, claim="claims/1", entry__Detail=CLAIM % "1e400"),
    spoiled(ENTRY_MESSAGE, claim="claims/1", entry__Detail=CLAIM % '"\\ud800"'),
    spoiled(ENTRY_MESSAGE, claim="claims/1", entry__Detail='{"claim":["claims/1"]}'),
    spoiled(ENTRY_MESSAGE, claim="overflow/1", entry__Detail='{"claim":{"key":"overflow/1"}}'),
]


@pytest.mark.parametrize("text", MALFORMED)
def test_a_malformed_message_is_dead_lettered_alone_and_at_once(load: Load, text: str) -> None:
    world = World()
    assert world.run(load(RELAY_TOML), entry("a"), text, entry("b")) == [Done(1), Done(0, 1), Done(1)]
    assert (world.unreadable, world.raised, world.requests) == ([text], [], [["a", "b"]])


def test_a_form_of_forms_without_end_is_dead_lettered_alone(load: Load) -> None:
    nested = b"--b0\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 5000
    request = Request("POST", "/orders/c42", "", {"content-type": "multipart/form-data; boundary=b0"}, nested, "")
    config = load(RELAY_TOML.replace("[route.event]", 'body_format = "multipart"\n[route.event]'))
    world = World()
    assert world.run(config, entry("a"), replace(WEBHOOK, content=request)) == [Done(1), Done(0, 1)]


class Trapped(World):
    """Something nobody has foreseen is raised wherever the word `trap` comes by."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self._where = where

    def follow(self, text: str) -> str:
        if self._where == "follow" and "trap" in text:
            raise ZeroDivisionError
        return super().follow(text)

    def send(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        if self._where == "send" and any(one.detail_type == "trap" for one in entries):
            raise ZeroDivisionError
        return super().send(entries)

    def store(self, queue: Queue, messages: Sequence[Message]) -> list[str | None]:
        if self._where == "store" and "trap" in "".join(one.text() for one in messages):
            raise ZeroDivisionError
        return super().store(queue, messages)

    def store_unreadable(self, text: str, why: str) -> str | None:
        if self._where == "keep":
            raise ZeroDivisionError
        return super().store_unreadable(text, why)


@pytest.mark.parametrize("where", ["follow", "send", "store"])
def test_what_nobody_has_foreseen_postpones_its_message_alone_and_ends_after_a_day(load: Load, where: str) -> None:
    trap = replace(posted(b"{}"), origin=ORIGIN._replace(webhook_id="trap")) if where == "store" else entry("trap")
    world = Trapped(where)
    verdicts = world.run(load(RELAY_TOML), entry("a"), trap, entry("b"))
    assert verdicts == [Done(1), Postponed(5, "UnexpectedError"), Done(1)]
    assert {type(error) for error in world.raised} == {ZeroDivisionError}
    assert world.run(load(RELAY_TOML), entry("a"), trap) == verdicts[:2]
    assert world.run(load(RELAY_TOML), trap, hours=24) == [Done(0, 1)]
    assert world.unreadable == [trap.text()]


def test_what_is_raised_for_one_that_is_unreadable_postpones_it(load: Load) -> None:
    assert Trapped("keep").run(load(RELAY_TOML), "x", entry("b")) == [Postponed(5, "UnexpectedError"), Done(1)]


def test_what_cannot_be_looked_up_for_a_day_is_dead_lettered_as_it_came(load: Load) -> None:
    world = World()
    assert world.run(load(RELAY_TOML), "s3 is down", hours=24) == [Done(0, 1)]
    assert world.unreadable == ["s3 is down"]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


PLACES = [
    *("version", "route", "webhook_id", "received_at", "region", "attempts", "error", "error__code", "error__message"),
    *("entry", "entry__Time", "entry__Source", "entry__Resources", "entry__DetailType", "entry__Detail", "claim"),
    "entry__EventBusName",
]


@given(st.lists(st.tuples(st.sampled_from(PLACES), JSON_VALUES), min_size=1, max_size=3, unique_by=lambda one: one[0]))
def test_whatever_stands_in_a_message_it_is_settled_and_the_others_are_delivered(
    changes: list[tuple[str, object]],
) -> None:
    config = Config("aws.partner/acme.example", ("us-east-1",), (), Limits(1, 1024, 1024))
    whole_first = sorted(changes, key=lambda one: -one[0].count("__"))
    text = spoiled(ENTRY_MESSAGE, **dict(whole_first))
    world = World()
    verdicts = world.run(config, entry("first"), text, entry("last"))
    assert (verdicts[0], verdicts[2]) == (Done(1), Done(1))
    assert isinstance(verdicts[1], Done)
    assert world.raised == []
    for letter in world.kept[Queue.DEAD_LETTERS]:
        assert all(value.isascii() and 0 < len(value) <= 256 for value in letter.attributes().values())


@given(
    st.lists(
        st.one_of(
            st.text(max_size=20),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.text(max_size=5),
                lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
            ).map(json.dumps),
            st.builds(
                lambda text, start, end, put: text[:start] + put + text[end:],
                st.sampled_from([entry("a").text(), posted(b'{"type":"a"}').text()]),
                st.integers(0, 400),
                st.integers(0, 400),
                st.sampled_from(["", "1", "null", "{}", "[]", '"', base64.b64encode(b"{}").decode()]),
            ),
        ),
        max_size=5,
    )
)
def test_whatever_is_in_the_queue_each_message_has_a_verdict(texts: list[str]) -> None:
    config = Config("aws.partner/acme.example", ("us-east-1",), (), Limits(1, 1024, 1024))
    assert len(World().run(config, *texts, entry("last"))) == len(texts) + 1
    for text in texts:
        try:
            message.parse(text).text()
        except InvalidMessage:
            continue
