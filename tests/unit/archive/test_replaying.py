"""What `relayctl replay` sends of the archive, and how it goes on after it was cut off."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.archive.reading import Found, Position
from relay.archive.record import Planned
from relay.config.loader import parse
from relay.config.model import Config
from relay.delivery.message import Message, Replay
from relay.delivery.undelivered import Queue
from relay.destinations.model import Destination, Status
from relay.pipeline.results import Done
from relay.pipeline.retry import redeliver
from relay.pipeline.waiting import ReceivedMessage
from relayctl import replaying
from relayctl.replaying import ANOTHER_MAPPING, CANNOT_BE_MAPPED, NOTHING, Plan, Progress, Totals
from tests.conftest import NOW, Load, no_retries
from tests.unit.archive.archived import archived
from tests.unit.pipeline.customers_world import PENDING, TOML, World, event, prod

CONFIG = parse(TOML, "relay.toml")
EVERYTHING = Replay("r1")
SOURCE = "aws.partner/acme.example/c42/prod-k3x9qa"


def found(config: Config, *bodies: object) -> list[Found]:
    """Return archived webhooks, each on a line of its own."""
    return [
        Found(archived(config, {"events": [body]}, number), Position(0, "a", number))
        for number, body in enumerate(bodies)
    ]


def choose(
    config: Config,
    webhooks: Sequence[Found],
    *destinations: Destination,
    replay: Replay = EVERYTHING,
    remap: bool = False,
) -> tuple[list[Message], Totals]:
    """Return what is sent, and the totals."""
    totals = Totals()
    plan = Plan(replay, config, lambda name: [each for each in destinations if each.customer == name], remap=remap)
    return [message for _, message in replaying.choose(webhooks, plan, totals) if message], totals


def test_a_webhook_is_sent_whole_with_what_of_it_is_wanted(load: Load) -> None:
    config, replay = load(TOML), Replay("r1", "c42")
    [sent], totals = choose(config, found(config, event(), event("c43")), prod(), prod("c43"), replay=replay)
    assert sent.replay
    assert sent.replay._replace(mapping="") == replay
    assert (sent.origin.webhook_id, sent.origin.route) == ("msg_0", "orders")
    assert totals.rows() == [{"source": SOURCE, "detail-type": "order.created", "result": "put", "entries": 1}]
    assert (totals.webhooks, totals.skipped) == (1, {NOTHING: 1})


def test_what_came_before_a_customer_connected_is_sent_to_the_destination_of_today(load: Load) -> None:
    config = load(TOML)
    webhooks = found(config, event())
    assert choose(config, webhooks)[1].skipped == {NOTHING: 1}
    assert choose(config, webhooks, prod())[1].webhooks == 1


def test_a_paused_or_pending_destination_holds_a_replay(load: Load) -> None:
    config = load(TOML)
    destinations = prod(status=Status.PAUSED), prod("c43", state=PENDING)
    _, totals = choose(config, found(config, event(), event("c43")), *destinations)
    assert [row["result"] for row in totals.rows()] == ["held", "held"]


def test_what_was_mapped_by_another_relay_toml_is_sent_only_if_that_is_asked_for(load: Load) -> None:
    before, after = load(TOML), load(TOML.replace("${item.type}", "new ${item.type}"))
    webhooks = found(before, event())
    assert choose(after, webhooks, prod())[1].skipped == {ANOTHER_MAPPING: 1}
    messages, totals = choose(after, webhooks, prod(), remap=True)
    assert (len(messages), totals.rows()[0]["detail-type"]) == (1, "new order.created")


def test_what_waits_in_the_queue_is_not_mapped_by_a_relay_toml_that_is_deployed_meanwhile(load: Load) -> None:
    before, after = load(TOML), load(TOML.replace("${item.type}", "new ${item.type}"))
    [sent], _ = choose(before, found(before, event()), prod())
    world = World(prod())
    batch = [ReceivedMessage(sent.text(), 1, NOW, "message-1")]
    assert redeliver(batch, world.services(after), NOW, no_retries()) == [Done(dead_lettered=1)]
    [letter] = world.queues[Queue.DEAD_LETTERS]
    assert (letter.failed.code, world.put) == ("MappingChanged", [])
    redriven = [ReceivedMessage(letter.text(), 1, NOW, "message-2")]
    assert redeliver(redriven, world.services(after), NOW, no_retries()) == [Done(accepted=1)]


@pytest.mark.parametrize(("was", "webhooks"), [("", 3), ("unsubscribed", 1), ("held", 1), ("put", 1)])
def test_a_backfill_takes_only_what_had_been_unsubscribed(load: Load, was: str, webhooks: int) -> None:
    config = load(TOML)
    three = found(config, event(), event(), event())
    plans = ("unsubscribed", "held", "put")
    three = [
        replace(each, webhook=replace(each.webhook, entries=(Planned(what, "c42"), Planned("put", "c43"))))
        for each, what in zip(three, plans, strict=True)
    ]
    totals = Totals()
    plan = Plan(Replay("r1", "c42"), config, lambda name: [prod()] if name == "c42" else [], was=was)
    list(replaying.choose(three, plan, totals))
    assert totals.webhooks == webhooks


def test_what_is_no_part_of_a_mapping_does_not_count(load: Load) -> None:
    before = load(TOML)
    after = load(TOML.replace('path = "/orders"', 'path = "/orders"\nretry_for = "5 s"\ndedupe = true'))
    assert choose(after, found(before, event()), prod())[1].webhooks == 1


@pytest.mark.parametrize("body", [{"type": "x", "customer": 4.2}, {"customer": "c42"}])
def test_what_cannot_be_mapped_today_is_counted_and_not_sent(load: Load, body: object) -> None:
    config = load(TOML)
    messages, totals = choose(config, found(config, body), prod())
    assert (messages, totals.skipped) == ([], {CANNOT_BE_MAPPED: 1})


def test_a_route_that_is_gone_cannot_be_mapped(load: Load) -> None:
    config = load(TOML)
    gone = [replace(each, webhook=replace(each.webhook, route="other")) for each in found(config, event())]
    assert choose(config, gone, prod(), remap=True)[1].skipped == {CANNOT_BE_MAPPED: 1}


class Cut(Exception):
    """The program ended here."""


@given(count=st.integers(0, 45), killed_at=st.integers(1, 12))
def test_a_replay_that_was_killed_goes_on_and_nothing_is_left_out(count: int, killed_at: int) -> None:
    config = CONFIG
    webhooks, sent, calls = found(config, *[event()] * count), list[str](), 0
    position: Position | None = None

    def post(messages: Sequence[Message]) -> None:
        nonlocal calls
        calls += 1
        sent.extend(message.origin.webhook_id for message in messages)
        if calls == killed_at:
            raise Cut

    def note(at: Position) -> None:
        nonlocal position
        position = at

    def run(rest: Sequence[Found]) -> None:
        plan = Plan(Replay("r1"), config, lambda _: [prod()])
        replaying.send(replaying.choose(rest, plan, Totals()), post, note, 1000, sleep=lambda _: None)

    try:
        run(webhooks)
    except Cut:
        run([each for each in webhooks if position is None or each.position > position])
    assert set(sent) == {each.webhook.webhook_id for each in webhooks}
    assert len(sent) <= count + replaying.BATCH


def test_webhooks_are_sent_at_the_rate_that_is_asked_for(load: Load) -> None:
    config, slept = load(TOML), list[float]()
    plan = Plan(Replay("r1"), config, lambda _: [prod()])
    messages = replaying.choose(found(config, *[event()] * 25), plan, Totals())
    replaying.send(messages, lambda _: None, lambda _: None, per_second=5, sleep=slept.append)
    assert slept == [2.0, 2.0]


def test_the_file_of_a_replay_says_how_far_it_came(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "replay.json")
    progress.save({"id": "r1"}, None)
    assert progress.load() == ({"id": "r1"}, None)
    progress.save({"id": "r1"}, Position(1, "a", 7))
    assert progress.load() == ({"id": "r1"}, Position(1, "a", 7))
    assert [path.name for path in tmp_path.iterdir()] == ["replay.json"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"options": {}, "position": 1}'])
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "replay.json"
    path.write_text(text)
    with pytest.raises(ValueError):  # noqa: PT011 - json's, or ours
        Progress(path).load()
