"""Each message of a batch is delivered, dead-lettered or postponed, whatever the others are."""

import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.config.model import Config, Limits
from relay.delivery import message
from relay.delivery.message import InvalidMessage, Message, Origin
from relay.delivery.undelivered import Queue
from relay.entry import Accepted, Entry, Failed, Outcome
from relay.http.request import Request
from relay.pipeline.results import Done, MessageResult, Postponed
from relay.pipeline.retry import MAX_BYTES, ReceivedMessage, redeliver
from tests import doubles
from tests.conftest import NOW, RELAY_TOML, Load, no_retries

ORIGIN = Origin("orders", "msg_1", "2026-11-22T07:09:54Z")
ENTRY = Entry(NOW, "aws.partner/acme.example/c42/orders", (), "order.created", "{}", "us-east-1")
THROTTLED = Failed("ThrottlingException", "Rate exceeded", 3)
BATCH_TOML = RELAY_TOML + 'each = "${body.events}"\n'


ENTRY_MESSAGE = Message(ORIGIN, ENTRY, THROTTLED)


def entry(name: str) -> Message:
    return Message(ORIGIN, replace(ENTRY, detail_type=name), THROTTLED)


def posted(body: bytes, path: str = "/orders/c42") -> Message:
    return Message(ORIGIN, Request("POST", path, "", {}, body, ""), Failed("MappingError", "why"))


class World:
    """A bus that refuses by detail-type, and queues that take everything unless they are down."""

    def __init__(self, refused: dict[str, str] | None = None, *down: Queue) -> None:
        self.requests: list[list[str]] = []
        self.kept: dict[Queue, list[Message]] = {queue: [] for queue in Queue}
        self.unreadable: list[str] = []
        self.overflow: dict[str, str] = {}
        self.raised: list[Exception] = []
        self._refused, self._down = refused or {}, down

    def send(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        self.requests.append([one.detail_type for one in entries])
        codes = [self._refused.get(one.detail_type) for one in entries]
        return [Failed(code, "no") if code else Accepted("id") for code in codes]

    def store(self, queue: Queue, messages: Sequence[Message]) -> list[str | None]:
        if queue in self._down:
            return ["down"] * len(messages)
        self.kept[queue] += messages
        return [None] * len(messages)

    def store_unreadable(self, text: str, _why: str) -> str | None:
        self.unreadable.append(text)
        return "down" if Queue.DEAD_LETTERS in self._down else None

    def follow(self, text: str) -> str:
        if text == "s3 is down":
            raise OSError(text)
        if text.startswith("gone"):
            raise InvalidMessage(text)
        return self.overflow.get(text, text)

    def run(self, config: Config, *texts: Message | str, receives: int = 1, hours: float = 0) -> list[MessageResult]:
        received = [
            ReceivedMessage(one if isinstance(one, str) else one.text(), receives, NOW - timedelta(hours=hours))
            for one in texts
        ]
        services = doubles.services(
            config,
            send=self.send,
            store=self.store,
            follow=self.follow,
            store_unreadable=self.store_unreadable,
            report=self.raised.append,
        )
        return redeliver(received, services, NOW, no_retries())


def test_a_whole_batch_is_put_in_as_few_requests_as_there_can_be(load: Load) -> None:
    world = World()
    assert world.run(load(RELAY_TOML), *[entry(str(n)) for n in range(100)]) == [Done(accepted=1)] * 100
    assert world.requests == [[str(n) for n in range(start, start + 20)] for start in range(0, 100, 20)]


def test_what_is_not_taken_yet_waits_longer_each_time_and_never_longer_than_a_quarter_of_an_hour(load: Load) -> None:
    world, config = World({"a": "ThrottlingException"}), load(RELAY_TOML)
    waits = []
    for receives in (1, 2, 3, 4, 8, 9, 1000):
        [verdict] = world.run(config, entry("a"), receives=receives)
        assert isinstance(verdict, Postponed)
        waits.append(verdict.seconds)
    assert waits == [5, 10, 20, 40, 640, 900, 900]
    assert world.kept == {queue: [] for queue in Queue}


@pytest.mark.parametrize("receives", [22, 10_000, 2**62])
def test_a_wait_is_never_longer_however_often_it_was_received(load: Load, receives: int) -> None:
    assert World().run(load(RELAY_TOML), "s3 is down", receives=receives) == [Postponed(900, "OSError")]


def test_what_fails_for_good_is_dead_lettered_at_once_with_its_reason_and_attempts(load: Load) -> None:
    world = World({"a": "NotAuthorizedForSourceException"})
    assert world.run(load(RELAY_TOML), entry("a"), entry("b"), receives=2) == [Done(0, 1), Done(1, 0)]
    [letter] = world.kept[Queue.DEAD_LETTERS]
    assert letter.failed == Failed("NotAuthorizedForSourceException", "no", 5)
    assert letter.content == replace(ENTRY, detail_type="a")


@pytest.mark.parametrize(("hours", "given_up"), [(23.9, False), (24, True), (48, True)])
def test_after_a_day_in_the_queue_it_is_given_up(load: Load, hours: float, given_up: bool) -> None:
    world = World({"a": "ThrottlingException"})
    [verdict] = world.run(load(RELAY_TOML), entry("a"), hours=hours)
    assert isinstance(verdict, Done) is given_up
    assert [letter.failed.code for letter in world.kept[Queue.DEAD_LETTERS]] == ["ThrottlingException"] * given_up


def test_it_stays_in_the_queue_while_the_dead_letter_queue_takes_nothing(load: Load) -> None:
    world = World({"a": "AccessDeniedException"}, Queue.DEAD_LETTERS)
    verdicts = world.run(load(RELAY_TOML), entry("a"), posted(b'{"no":"type"}'), "no message")
    assert verdicts == [Postponed(5, "NotStored"), Postponed(5, "NotStored"), Postponed(5, "InvalidMessage")]


def test_a_poison_message_is_dead_lettered_as_it_came_and_blocks_nobody(load: Load) -> None:
    world, config = World(), load(RELAY_TOML)
    poison = ["", "null", "[" * 100_000, '{"version":2}', "gone", json.dumps({"version": 1, "route": "orders"})]
    assert world.run(config, *poison, entry("a")) == [Done(0, 1)] * 6 + [Done(1, 0)]
    assert world.unreadable == poison


def test_a_message_in_the_overflow_bucket_is_delivered_too_and_waits_while_s3_is_down(load: Load) -> None:
    world = World()
    world.overflow["pointer"] = entry("large").text()
    assert world.run(load(RELAY_TOML), "pointer", "s3 is down") == [Done(1, 0), Postponed(5, "OSError")]
    assert world.requests == [["large"]]


def test_a_webhook_is_mapped_again_with_todays_relay_toml(load: Load) -> None:
    world, letter = World(), posted(b'{"kind":"order.created"}')
    assert world.run(load(RELAY_TOML), letter) == [Done(0, 1)]
    [again] = world.kept[Queue.DEAD_LETTERS]
    assert again.failed.message.startswith('route "orders", event.detail_type: ${body.type} is null')
    assert world.run(load(RELAY_TOML.replace("body.type", "body.kind")), again) == [Done(1, 0)]
    assert world.requests == [["order.created"]]


@pytest.mark.parametrize(
    ("letter", "says"),
    [
        (posted(b'{"type":"a"}', path="/nowhere"), 'route "orders" has another path now: No route matches this path.'),
        (posted(b"{"), 'route "orders": The body is not JSON'),
        (posted(b'{"type":"a"}' + b" " * 1024 * 1024), 'route "orders": An entry has'),
    ],
)
def test_a_webhook_that_fits_no_route_any_more_is_dead_lettered_again(load: Load, letter: Message, says: str) -> None:
    world = World()
    assert world.run(load(RELAY_TOML), letter) == [Done(0, 1)]
    [again] = world.kept[Queue.DEAD_LETTERS]
    assert again.failed.message.startswith(says)
    assert again.content == letter.content


def test_of_a_webhook_only_the_entries_that_failed_are_kept_each_on_its_own(load: Load) -> None:
    world = World({"b": "ThrottlingException", "c": "MalformedDetail", "e": "MalformedDetail"})
    config = load(BATCH_TOML.replace("body.type", "item.type"))
    body = json.dumps({"events": [{"type": name} for name in "abcde"]}).encode()
    assert world.run(config, posted(body)) == [Done(2, 2)]
    detail_types = {
        queue: [message.content.detail_type for message in messages if isinstance(message.content, Entry)]
        for queue, messages in world.kept.items()
    }
    assert detail_types == {Queue.RETRY: ["b"], Queue.DEAD_LETTERS: ["c", "e"]}


def test_a_webhook_whose_rest_cannot_be_kept_stays_whole(load: Load) -> None:
    world = World({"b": "ThrottlingException"}, Queue.RETRY)
    config = load(BATCH_TOML.replace("body.type", "item.type"))
    body = json.dumps({"events": [{"type": "a"}, {"type": "b"}]}).encode()
    assert world.run(config, posted(body)) == [Postponed(5, "NotStored")]


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
    trap = replace(posted(b"{}"), origin=replace(ORIGIN, webhook_id="trap")) if where == "store" else entry("trap")
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


TWO_ROUTES = (
    RELAY_TOML
    + """
[[route]]
name = "special"
path = "/orders/special"
auth = { scheme = "api-key", secret = "s", token = "${headers.x_key}" }
event = { source = "aws.partner/acme.example/special", detail_type = "special" }
"""
)


def test_a_webhook_is_mapped_by_the_route_that_has_proven_it_and_by_no_other(load: Load) -> None:
    world, config = World(), load(TWO_ROUTES)
    letter = posted(b'{"type":"a"}', path="/orders/special")
    assert world.run(config, letter) == [Done(1)]
    assert world.requests == [["a"]]  # the other route has the better path, and never asked for this secret
    for origin, says in (("gone", "is not in relay.toml any more"), ("special", "has another path now")):
        elsewhere = replace(posted(b"{}", path="/orders/c1"), origin=replace(ORIGIN, route=origin))
        assert world.run(config, elsewhere) == [Done(0, 1)]
        failed = world.kept[Queue.DEAD_LETTERS][-1].failed
        assert (failed.code, says in failed.message) == ("NoSuchRoute", True)


def test_a_letter_of_an_earlier_release_is_stored_again_without_its_secret(load: Load) -> None:
    world, origin = World(), replace(ORIGIN, route="special")
    request = Request("POST", "/orders/special", "", {"x-key": "secret-text"}, b"{", "")
    assert world.run(load(TWO_ROUTES), Message(origin, request, THROTTLED)) == [Done(0, 1)]
    [letter] = world.kept[Queue.DEAD_LETTERS]
    assert letter.failed.code == "MappingError"
    assert "secret-text" not in letter.text()


def test_an_entry_for_a_region_that_is_not_in_relay_toml_is_sent_nowhere(load: Load) -> None:
    world = World()
    elsewhere = replace(ENTRY_MESSAGE, content=replace(ENTRY, region="evil.example/"))
    assert world.run(load(RELAY_TOML), elsewhere, entry("a")) == [Done(0, 1), Done(1)]
    assert world.kept[Queue.DEAD_LETTERS][0].failed.code == "NoSuchRegion"


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


def test_of_messages_that_become_too_much_at_once_the_last_wait(load: Load) -> None:
    world = World()
    config = load(BATCH_TOML + 'detail = "${ {n: item, batch: body.batch} }"\n')
    webhook = posted(json.dumps({"type": "a", "batch": "x" * 900_000, "events": [1] * 20}).encode())
    verdicts = world.run(config, webhook, webhook, webhook, ENTRY_MESSAGE)
    assert verdicts == [Done(20), Done(20), Postponed(5, "NotAttempted"), Postponed(5, "NotAttempted")]


def test_the_text_of_messages_counts_too_also_where_they_cannot_be_mapped(load: Load) -> None:
    world = World()
    world.overflow = {"large": posted(b'{"x":"' + b"x" * 5_000_000 + b'"}').text()}
    verdicts = world.run(load(RELAY_TOML), *["large"] * 10)
    assert verdicts == [Done(dead_lettered=1)] * 6 + [Postponed(5, "NotAttempted")] * 4


def test_one_message_is_handled_however_large_it_is(load: Load) -> None:
    world = World()
    world.overflow = {"large": " " * (MAX_BYTES + 1) + ENTRY_MESSAGE.text()}
    assert world.run(load(RELAY_TOML), "large") == [Done(1)]
