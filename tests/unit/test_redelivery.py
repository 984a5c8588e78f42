"""Each message of a batch is delivered, dead-lettered or postponed, whatever the others are."""

import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay import message
from relay.config import Config
from relay.entry import Accepted, Entry, Failed, Outcome
from relay.message import Message, Origin, Unreadable
from relay.queueing import Queue
from relay.redelivery import Later, Ports, Received, Settled, Verdict, redeliver
from relay.request import Request
from tests.conftest import NO_CLAIMS, NOW, RELAY_TOML, Load, no_retries

ORIGIN = Origin("orders", "msg_1", "2026-11-22T07:09:54Z")
ENTRY = Entry(NOW, "aws.partner/acme.example/c42/orders", (), "order.created", "{}", "us-east-1")
THROTTLED = Failed("ThrottlingException", "Rate exceeded", 3)
BATCH_TOML = RELAY_TOML + 'each = "${body.events}"\n'


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

    def keep_unreadable(self, text: str, _why: str) -> str | None:
        self.unreadable.append(text)
        return "down" if Queue.DEAD_LETTERS in self._down else None

    def follow(self, text: str) -> str:
        if text == "s3 is down":
            raise OSError(text)
        if text.startswith("gone"):
            raise Unreadable(text)
        return self.overflow.get(text, text)

    def run(self, config: Config, *texts: Message | str, receives: int = 1, hours: float = 0) -> list[Verdict]:
        received = [
            Received(one if isinstance(one, str) else one.text(), receives, NOW - timedelta(hours=hours))
            for one in texts
        ]
        ports = Ports(self.send, self.store, self.follow, self.keep_unreadable, NO_CLAIMS, lambda: 1.0)
        return redeliver(received, config, ports, NOW, no_retries())


def test_a_whole_batch_is_put_in_as_few_requests_as_there_can_be(load: Load) -> None:
    world = World()
    assert world.run(load(RELAY_TOML), *[entry(str(n)) for n in range(100)]) == [Settled(accepted=1)] * 100
    assert world.requests == [[str(n) for n in range(start, start + 20)] for start in range(0, 100, 20)]


def test_what_is_not_taken_yet_waits_longer_each_time_and_never_longer_than_a_quarter_of_an_hour(load: Load) -> None:
    world, config = World({"a": "ThrottlingException"}), load(RELAY_TOML)
    waits = []
    for receives in (1, 2, 3, 4, 8, 9, 1000):
        [verdict] = world.run(config, entry("a"), receives=receives)
        assert isinstance(verdict, Later)
        waits.append(verdict.seconds)
    assert waits == [5, 10, 20, 40, 640, 900, 900]
    assert world.kept == {queue: [] for queue in Queue}


def test_what_fails_for_good_is_dead_lettered_at_once_with_its_reason_and_attempts(load: Load) -> None:
    world = World({"a": "NotAuthorizedForSourceException"})
    assert world.run(load(RELAY_TOML), entry("a"), entry("b"), receives=2) == [Settled(0, 1), Settled(1, 0)]
    [letter] = world.kept[Queue.DEAD_LETTERS]
    assert letter.failed == Failed("NotAuthorizedForSourceException", "no", 5)
    assert letter.what == replace(ENTRY, detail_type="a")


@pytest.mark.parametrize(("hours", "given_up"), [(23.9, False), (24, True), (48, True)])
def test_after_a_day_in_the_queue_it_is_given_up(load: Load, hours: float, given_up: bool) -> None:
    world = World({"a": "ThrottlingException"})
    [verdict] = world.run(load(RELAY_TOML), entry("a"), hours=hours)
    assert isinstance(verdict, Settled) is given_up
    assert [letter.failed.code for letter in world.kept[Queue.DEAD_LETTERS]] == ["ThrottlingException"] * given_up


def test_it_stays_in_the_queue_while_the_dead_letter_queue_takes_nothing(load: Load) -> None:
    world = World({"a": "AccessDeniedException"}, Queue.DEAD_LETTERS)
    verdicts = world.run(load(RELAY_TOML), entry("a"), posted(b'{"no":"type"}'), "no message")
    assert verdicts == [Later(5, "NotKept"), Later(5, "NotKept"), Later(5, "Unreadable")]


def test_a_poison_message_is_dead_lettered_as_it_came_and_blocks_nobody(load: Load) -> None:
    world, config = World(), load(RELAY_TOML)
    poison = ["", "null", "[" * 100_000, '{"version":2}', "gone", json.dumps({"version": 1, "route": "orders"})]
    assert world.run(config, *poison, entry("a")) == [Settled(0, 1)] * 6 + [Settled(1, 0)]
    assert world.unreadable == poison


def test_a_message_in_the_overflow_bucket_is_delivered_too_and_waits_while_s3_is_down(load: Load) -> None:
    world = World()
    world.overflow["pointer"] = entry("large").text()
    assert world.run(load(RELAY_TOML), "pointer", "s3 is down") == [Settled(1, 0), Later(5, "OSError")]
    assert world.requests == [["large"]]


def test_a_webhook_is_mapped_again_with_todays_relay_toml(load: Load) -> None:
    world, letter = World(), posted(b'{"kind":"order.created"}')
    assert world.run(load(RELAY_TOML), letter) == [Settled(0, 1)]
    [again] = world.kept[Queue.DEAD_LETTERS]
    assert again.failed.message.startswith('route "orders", event.detail_type: ${body.type} is null')
    assert world.run(load(RELAY_TOML.replace("body.type", "body.kind")), again) == [Settled(1, 0)]
    assert world.requests == [["order.created"]]


@pytest.mark.parametrize(
    ("letter", "says"),
    [
        (posted(b'{"type":"a"}', path="/nowhere"), 'route "orders": No route has this path.'),
        (posted(b"{"), 'route "orders": The body is not JSON'),
        (posted(b'{"type":"a"}' + b" " * 1024 * 1024), 'route "orders": An entry has'),
    ],
)
def test_a_webhook_that_fits_no_route_any_more_is_dead_lettered_again(load: Load, letter: Message, says: str) -> None:
    world = World()
    assert world.run(load(RELAY_TOML), letter) == [Settled(0, 1)]
    [again] = world.kept[Queue.DEAD_LETTERS]
    assert again.failed.message.startswith(says)
    assert again.what == letter.what


def test_of_a_webhook_only_the_entries_that_failed_are_kept_each_on_its_own(load: Load) -> None:
    world = World({"b": "ThrottlingException", "c": "MalformedDetail"})
    config = load(BATCH_TOML.replace("body.type", "item.type"))
    body = json.dumps({"events": [{"type": name} for name in "abcd"]}).encode()
    assert world.run(config, posted(body)) == [Settled(2, 1)]
    kept = {queue: [one.what.detail_type for one in found] for queue, found in world.kept.items()}  # type: ignore[union-attr]
    assert kept == {Queue.RETRY: ["b"], Queue.DEAD_LETTERS: ["c"]}


def test_a_webhook_whose_rest_cannot_be_kept_stays_whole(load: Load) -> None:
    world = World({"b": "ThrottlingException"}, Queue.RETRY)
    config = load(BATCH_TOML.replace("body.type", "item.type"))
    body = json.dumps({"events": [{"type": "a"}, {"type": "b"}]}).encode()
    assert world.run(config, posted(body)) == [Later(5, "NotKept")]


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
    config = Config("aws.partner/acme.example", ("us-east-1",), (), 1, 1024, 1024)
    assert len(World().run(config, *texts, entry("last"))) == len(texts) + 1
    for text in texts:
        try:
            message.parse(text).text()
        except Unreadable:
            continue
