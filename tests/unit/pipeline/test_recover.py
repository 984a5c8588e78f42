"""What may have been dropped when a bus was detached is held again, as the archive has it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from relay.archive.record import ArchivedWebhook, Planned
from relay.config.model import Config
from relay.delivery.message import Message, Replay
from relay.delivery.undelivered import Queue
from relay.destinations.held import HeldKey
from relay.destinations.model import Destination, SourceStatus
from relay.destinations.reconcile import READ_ARCHIVE_AFTER, Action, Look, look_at
from relay.entry import Entry
from relay.pipeline.recover import MESSAGES_OF_AN_OBJECT, RecoverServices, recover
from tests.conftest import Load
from tests.unit.archive.archived import archived
from tests.unit.destinations.destinations import ACTIVE, NOW
from tests.unit.pipeline import release_world
from tests.unit.pipeline.customers_world import TOML, event, prod
from tests.unit.pipeline.release_world import PROD, Killed, held_keys

MINUTE = timedelta(minutes=1)
PUT = Planned("put", "c42", "prod")
DROPPED = prod(state=replace(ACTIVE, dropped_since=NOW, dropped_until=NOW + MINUTE))


class Archive:
    """The archive, the bucket of held entries and the dead-letter queue."""

    def __init__(self, config: Config, *webhooks: ArchivedWebhook) -> None:
        self.config = config
        self.webhooks = webhooks
        self.windows: list[tuple[datetime, datetime]] = []
        self.held: dict[str, Sequence[Message]] = {}
        self.letters: list[Message] = []

    def recover(self, destination: Destination = DROPPED, *, steps: int = 10**9) -> int | None:
        left = iter(range(steps))
        services = RecoverServices(self.config, self._archived, self._hold, self._store, lambda entry, _: entry)
        return recover(destination, services, lambda: next(left, None) is not None)

    def _archived(self, since: datetime, until: datetime) -> Iterator[ArchivedWebhook]:
        self.windows.append((since, until))
        return iter(self.webhooks)

    def _hold(self, key: HeldKey, messages: Sequence[Message]) -> None:
        self.held[key.text()] = list(messages)

    def _store(self, queue: Queue, messages: Sequence[Message]) -> Sequence[str | None]:
        assert queue is Queue.DEAD_LETTERS
        self.letters += messages
        return [None] * len(messages)


def webhook(config: Config, number: int, *planned: Planned, body: object = None) -> ArchivedWebhook:
    events = {"events": [body or event(number=number)]}
    return archived(config, events, number, entries=planned or (PUT,))


def test_what_was_put_is_held_with_its_place_in_its_webhook(load: Load) -> None:
    config = load(TOML)
    archive = Archive(config, webhook(config, 1, Planned("put", "c41", "prod"), PUT), webhook(config, 2))
    assert archive.recover() == 2
    [[first, second]] = archive.held.values()
    assert (first.origin.webhook_id, first.index, second.index) == ("msg_1", 1, 0)
    assert first.destination
    assert (first.destination.label, isinstance(first.content, Entry)) == ("c42/prod", True)


def test_the_window_is_longer_by_what_functions_remember(load: Load) -> None:
    archive = Archive(load(TOML))
    archive.recover()
    assert archive.windows == [(NOW, NOW + MINUTE + timedelta(seconds=30))]


@pytest.mark.parametrize(
    "planned",
    [
        Planned("held", "c42", "prod"),
        Planned("put", "c43", "prod"),
        Planned("put", "c42", "other"),
        Planned("unsubscribed", "c42"),
    ],
)
def test_what_was_held_or_is_anothers_is_left_alone(load: Load, planned: Planned) -> None:
    config = load(TOML)
    archive = Archive(config, webhook(config, 1, planned))
    assert (archive.recover(), archive.held) == (0, {})


def test_many_webhooks_are_few_objects_with_the_same_keys_each_time(load: Load) -> None:
    config = load(TOML)
    archive = Archive(config, *(webhook(config, number) for number in range(450)))
    assert archive.recover() == 450
    assert [len(messages) for messages in archive.held.values()] == [MESSAGES_OF_AN_OBJECT] * 2 + [50]
    keys = list(archive.held)
    archive.recover()
    assert list(archive.held) == keys


def test_large_entries_are_in_objects_of_about_a_mebibyte(load: Load) -> None:
    config = load(TOML)
    archive = Archive(config, *(webhook(config, n, body=event(text="x" * 400_000)) for n in range(7)))
    assert archive.recover() == 7
    assert [len(messages) for messages in archive.held.values()] == [3, 3, 1]


def test_what_is_not_ours_or_cannot_be_mapped_ends_nothing(load: Load) -> None:
    config = load(TOML)
    others, broken = webhook(config, 1, Planned("put", "c43", "prod")), webhook(config, 2, body={"customer": "c42"})
    archive = Archive(config, others, broken, webhook(config, 3))
    assert archive.recover() == 1


def test_what_the_customer_does_not_want_any_more_is_not_held(load: Load) -> None:
    config = load(TOML)
    wanted = {"events": [event(detail_type="bill"), event()]}
    archive = Archive(config, archived(config, wanted, 1, entries=(PUT, PUT)))
    assert archive.recover(replace(DROPPED, detail_types=("order.*",))) == 1


def test_what_is_cut_off_is_not_said_to_be_done(load: Load) -> None:
    config = load(TOML)
    archive = Archive(config, *(webhook(config, number) for number in range(450)))
    assert archive.recover(steps=300) is None


def test_what_cannot_be_mapped_today_is_a_dead_letter_for_that_destination_alone(load: Load) -> None:
    config = load(TOML)
    archive = Archive(config, webhook(config, 1, body={"customer": "c42"}))
    assert archive.recover() == 0
    [letter] = archive.letters
    assert letter.replay == Replay("recovery", "c42", "prod")


def test_where_nothing_waits_nothing_is_held_again(load: Load) -> None:
    config = load(TOML.replace("[destinations]", '[destinations]\nhold = "never"'))
    archive = Archive(config, webhook(config, 1))
    assert (archive.recover(), archive.held) == (0, {})


def test_a_look_that_sees_a_bus_gone_notes_from_when_to_when_entries_may_be_dropped() -> None:
    seen = NOW + MINUTE
    active = prod(state=replace(ACTIVE, source_status_at=NOW))
    pending = look_at(active, Look(SourceStatus.PENDING), seen, MINUTE)
    state = pending.destination.state
    assert (state.dropped_since, state.dropped_until) == (NOW, seen)
    assert Action.RELEASE not in pending.actions
    again = look_at(pending.destination, Look(SourceStatus.PENDING), seen + READ_ARCHIVE_AFTER, MINUTE)
    assert again.actions == (Action.RELEASE,)


def test_what_was_noted_before_is_not_forgotten_by_the_next_detaching() -> None:
    active = prod(state=replace(ACTIVE, source_status_at=NOW + MINUTE, dropped_since=NOW, dropped_until=NOW))
    state = look_at(active, Look(SourceStatus.PENDING), NOW + 2 * MINUTE, MINUTE).destination.state
    assert (state.dropped_since, state.dropped_until) == (NOW, NOW + 2 * MINUTE)


def noted(world: release_world.World, *names: str) -> Destination:
    """Let these entries have been dropped, long enough ago, and return their destination."""
    world.dropped = list(names)
    since = NOW - timedelta(hours=1)
    world.destination = replace(PROD, state=replace(PROD.state, dropped_since=since, dropped_until=since))
    return world.destination


def test_the_releaser_holds_them_again_and_releases_them_once_it_may() -> None:
    world = release_world.World()
    noted(world, "a", "b")
    assert world.run().recovered == 2
    assert world.delivered == ["a", "b"]
    assert world.destination
    assert world.destination.state.dropped_since is None


def test_they_are_held_also_while_nobody_listens() -> None:
    world = release_world.World()
    found = noted(world, "a")
    world.destination = replace(found, state=replace(found.state, source_status=SourceStatus.PENDING))
    assert world.run().recovered == 1
    assert (world.delivered, len(held_keys(world))) == ([], 1)


def test_what_the_archive_may_not_have_yet_is_not_read() -> None:
    world = release_world.World()
    found = noted(world, "a")
    world.destination = replace(found, state=replace(found.state, dropped_until=NOW))
    assert world.run().recovered == 0


@pytest.mark.parametrize("step", range(1, 30))
def test_a_releaser_that_is_killed_at_any_step_loses_none_of_them(step: int) -> None:
    world = release_world.World()
    noted(world, "a", "b")
    world.hold(1, "c")
    world.kill_at = step
    try:
        world.run()
    except Killed:
        world.run()
    assert set(world.delivered) == {"a", "b", "c"}
