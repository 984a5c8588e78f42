"""What is held is released in order, at a rate, in bounded memory; killed anywhere, nothing is lost."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from relay.delivery.message import Message, Origin
from relay.delivery.undelivered import Queue
from relay.destinations import held
from relay.destinations.held import HeldKey
from relay.destinations.model import Destination, Holding, SourceState, Status
from relay.entry import Accepted, Entry, Failed, Outcome
from relay.pipeline.release import Pace, Released, ReleaseServices, Which, release, restore
from tests.unit.destinations.destinations import ACTIVE, NOW, destination

PROD = destination(replace(ACTIVE, releasing_at=NOW))
C42 = Which("c42", "prod", PROD.id)
PACE = Pace(entries_per_second=100, straggler_seconds=150)
REFUSED = Failed("NotAuthorizedForSourceException", "Not authorized for the source.", 1)


class Killed(BaseException):
    """The function's process ended here."""


class World:
    """Stands for the table, the bucket, EventBridge and the queues; `kill_at` ends the process at that call."""

    def __init__(self, found: Destination | None = PROD) -> None:
        self.destination = found
        self.objects: dict[str, bytes] = {}
        self.delivered: list[str] = []
        self.sources: set[str] = set()
        self.queues: dict[Queue, list[Message]] = {Queue.RETRY: [], Queue.DEAD_LETTERS: []}
        self.unreadable: list[str] = []
        self.now = NOW
        self.calls = 0
        self.kill_at = 0
        self.most_objects_in_memory = 0
        self.outcome: Outcome | None = None
        self.down: Queue | None = None

    def hold(self, number: int, *ids: str, at: datetime = NOW) -> None:
        """Hold a webhook with entries of these ids."""
        key = HeldKey("c42", "prod", PROD.id, at + timedelta(milliseconds=number), f"r{number}").text()
        self.objects[key] = held.dump(_message(name) for name in ids)

    def services(self) -> ReleaseServices:
        return ReleaseServices(
            find=self._find,
            save_state=self._save_state,
            keys=self._keys,
            read=self._read,
            write=self._write,
            copy=self._copy,
            delete=self._delete,
            deliver=self._deliver,
            store=self._store,
            keep_unreadable=self._keep_unreadable,
            refresh=lambda entry: entry,
            clock=lambda: self.now,
            sleep=self._sleep,
        )

    def run(self, pace: Pace = PACE, seconds: float = 900) -> Released:
        """Run the releaser once."""
        return release(C42, self.services(), pace, self.now + timedelta(seconds=seconds))

    def _step(self) -> None:
        self.calls += 1
        if self.calls == self.kill_at:
            raise Killed

    def _find(self, customer: str, name: str) -> Destination | None:
        self._step()
        found = self.destination
        return found if found and (found.customer, found.name) == (customer, name) else None

    def _save_state(self, before: Destination, after: Destination) -> None:
        self._step()
        assert self.destination
        assert before.id == after.id
        self.destination = replace(self.destination, state=after.state, status=after.status)

    def _keys(self, prefix: str) -> Iterator[str]:
        self._step()
        yield from sorted(key for key in self.objects if key.startswith(prefix))

    def _read(self, key: str) -> bytes | None:
        self._step()
        return self.objects.get(key)

    def _write(self, key: str, content: bytes) -> None:
        self._step()
        self.objects[key] = content

    def _copy(self, key: str, to: str) -> None:
        self._step()
        self.objects[to] = self.objects[key]
        self._step()

    def _delete(self, key: str) -> None:
        self._step()
        self.objects.pop(key, None)
        self._step()

    def _deliver(self, entries: Sequence[Entry]) -> list[Outcome]:
        self._step()
        assert len(entries) <= 20
        self.sources |= {entry.source for entry in entries}
        if self.outcome:
            return [self.outcome] * len(entries)
        self.delivered += [json.loads(entry.detail)["id"] for entry in entries]
        self._step()
        return [Accepted(f"event-{number}") for number, _ in enumerate(entries)]

    def _store(self, queue: Queue, messages: Sequence[Message]) -> list[str | None]:
        self._step()
        if queue is self.down:
            return ["down"] * len(messages)
        self.queues[queue] += messages
        self._step()
        return [None] * len(messages)

    def _keep_unreadable(self, text: str, _why: str) -> str | None:
        self._step()
        self.unreadable.append(text)
        return None

    def _sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += timedelta(seconds=seconds)


def _message(name: str) -> Message:
    entry = Entry(NOW, "aws.partner/acme.example/c42/old", (), "order.created", json.dumps({"id": name}), "eu-west-1")
    return Message(Origin("orders", f"evt_{name}", "2026-11-25T12:00:00Z"), entry, Failed("Held", "source-pending"))


def held_keys(world: World) -> list[str]:
    return [key for key in world.objects if key.startswith(held.HELD)]


def test_what_is_held_is_released_in_the_order_in_which_it_came() -> None:
    world = World()
    for number in (3, 1, 2):
        world.hold(number, f"{number}a", f"{number}b")
    assert world.run() == Released(accepted=6, again_after=150)
    assert world.delivered == ["1a", "1b", "2a", "2b", "3a", "3b"]
    assert held_keys(world) == []


def test_a_copy_of_what_was_released_stays() -> None:
    world = World()
    world.hold(1, "a")
    [(key, content)] = world.objects.items()
    world.run()
    assert world.objects == {held.released_key(key): content}


def test_entries_go_to_the_source_and_the_region_of_today() -> None:
    world = World()
    world.hold(1, "a")
    world.run()
    assert world.sources == {PROD.source}


def test_a_release_keeps_to_its_rate() -> None:
    world = World()
    world.hold(1, *map(str, range(300)))
    world.run()
    assert world.now - NOW >= timedelta(seconds=3)
    assert len(world.delivered) == 300


def test_it_ends_only_after_nothing_has_come_for_the_time_of_stragglers() -> None:
    world = World()
    world.hold(1, "a")
    assert world.run().again_after == 150
    world.now += timedelta(seconds=149)
    world.hold(2, "straggler")
    assert world.run().again_after == 150
    assert world.delivered == ["a", "straggler"]
    world.now += timedelta(seconds=150)
    assert world.run() == Released()
    assert world.destination
    assert world.destination.state.releasing_at is None


def test_an_early_second_look_does_not_end_it() -> None:
    world = World()
    world.run()
    world.now += timedelta(seconds=149)
    assert world.run().again_after == 150
    assert world.destination
    assert world.destination.state.releasing_at


def test_a_clock_that_was_set_back_does_not_end_it_early() -> None:
    world = World()
    world.run()
    world.now -= timedelta(hours=1)
    assert world.run().again_after == 150
    world.now += timedelta(seconds=149)
    assert world.run().again_after == 150


@pytest.mark.parametrize(
    "found",
    [
        None,
        replace(PROD, id="zzzzzz"),
        replace(PROD, deleting=True),
        replace(PROD, status=Status.PAUSED),
        replace(PROD, status=Status.DISABLED),
        destination(SourceState()),
        destination(replace(ACTIVE, settling_since=NOW)),
    ],
)
def test_nothing_is_released_where_nobody_can_receive(found: Destination | None) -> None:
    world = World(found)
    world.hold(1, "a")
    before = dict(world.objects)
    assert world.run() == Released()
    assert (world.delivered, world.objects) == ([], before)


def test_what_fails_for_now_goes_to_the_retry_queue() -> None:
    world = World()
    world.hold(1, "a")
    world.outcome = Failed("ThrottlingException", "Rate exceeded", 1)
    assert world.run() == Released(queued=1, again_after=150)
    assert [message.failed.code for message in world.queues[Queue.RETRY]] == ["ThrottlingException"]
    assert held_keys(world) == []


def test_what_is_wrong_in_itself_is_dead_lettered() -> None:
    world = World()
    world.hold(1, "a")
    world.outcome = Failed("MalformedDetail", "Detail is malformed.", 1)
    assert world.run() == Released(dead_lettered=1, again_after=150)
    assert len(world.queues[Queue.DEAD_LETTERS]) == 1


@pytest.mark.parametrize("code", ["ThrottlingException", "MalformedDetail"])
def test_what_no_queue_takes_stays_held(code: str) -> None:
    world = World()
    world.hold(1, "a")
    world.outcome = Failed(code, "", 1)
    world.down = Queue.RETRY if code == "ThrottlingException" else Queue.DEAD_LETTERS
    with pytest.raises(OSError, match="down"):
        world.run()
    assert len(held_keys(world)) == 1


def test_a_source_that_refuses_goes_on_being_held_and_the_release_stops() -> None:
    world = World()
    world.hold(1, "a", "b")
    world.hold(2, "c")
    world.outcome = REFUSED
    assert world.run() == Released(refused=2)
    assert len(held_keys(world)) == 2
    assert world.destination
    assert (world.destination.holding, world.destination.state.refusals) == (Holding.REFUSED, 2)


def test_the_third_refusal_of_an_entry_dead_letters_it() -> None:
    world = World()
    world.hold(1, "a")
    world.outcome = REFUSED
    for _ in range(3):
        world.destination = PROD
        world.run()
    [letter] = world.queues[Queue.DEAD_LETTERS]
    assert (letter.failed.code, letter.failed.attempts) == (REFUSED.code, 3)
    assert held_keys(world) == []


def test_an_entry_that_is_accepted_ends_a_row_of_refusals() -> None:
    world = World(replace(PROD, state=replace(PROD.state, refusals=99)))
    world.hold(1, "a")
    world.run()
    assert world.destination
    assert world.destination.state.refusals == 0


def test_progress_is_noted_once_a_minute() -> None:
    world = World()
    for number in range(180):
        world.hold(number, *(f"{number}-{index}" for index in range(100)))
    noted = []
    services = replace(world.services(), save_state=lambda _, after: noted.append(after.state.releasing_at))
    release(C42, services, PACE, NOW + timedelta(hours=1))
    times = [when for when in noted if when]
    assert len(times) == 4
    assert all(later - earlier >= timedelta(minutes=1) for earlier, later in pairwise(times[:-1]))


def test_a_damaged_line_is_dead_lettered_and_the_others_are_released() -> None:
    world = World()
    world.hold(1, "a")
    [key] = world.objects
    world.objects[key] += b"{damaged\n"
    assert world.run() == Released(accepted=1, dead_lettered=1, again_after=150)
    assert world.unreadable == ["{damaged"]


def test_it_stops_in_time_and_goes_on_where_it_was() -> None:
    world = World()
    for number in range(10):
        world.hold(number, *(f"{number}-{index}" for index in range(20)))
    first = world.run(Pace(10, 150), seconds=31 + 4)
    assert first.again_after == 0
    assert 0 < first.accepted < 200
    world.run()
    assert len(world.delivered) == len(set(world.delivered)) == 200


@pytest.mark.parametrize("outcome", [None, REFUSED, Failed("Throttling", "", 1), Failed("MalformedDetail", "", 1)])
def test_killed_at_any_step_every_entry_is_accounted_for(outcome: Outcome | None) -> None:
    ids = {f"{number}{letter}" for number in range(3) for letter in "ab"}
    kill_at = 0
    while True:
        kill_at += 1
        world = World()
        for number in range(3):
            world.hold(number, f"{number}a", f"{number}b")
        world.outcome, world.kill_at = outcome, kill_at
        try:
            world.run()
        except Killed:
            pass
        else:
            break
        world.kill_at = 0
        for _ in range(5):
            world.destination = PROD
            world.run()
        assert _everywhere(world) >= ids
    assert kill_at > 5


def _everywhere(world: World) -> set[str]:
    """Return the ids of the entries that EventBridge or a queue has, or that are still held."""
    waiting = [message for key in held_keys(world) for message in held.load(world.objects[key])[0]]
    queued: Iterable[Message] = world.queues[Queue.RETRY] + world.queues[Queue.DEAD_LETTERS] + waiting
    entries = [message.content for message in queued if isinstance(message.content, Entry)]
    return set(world.delivered) | {json.loads(entry.detail)["id"] for entry in entries}


def test_what_was_released_can_be_sent_once_more() -> None:
    world = World()
    world.hold(1, "early", at=NOW - timedelta(hours=2))
    world.hold(2, "late", at=NOW - timedelta(hours=1))
    world.run()
    restored = list(restore(PROD, NOW - timedelta(hours=1), world.services(), world.now + timedelta(minutes=1)))
    assert len(restored) == 1
    world.run()
    assert world.delivered == ["early", "late", "late"]


def test_sending_once_more_stops_in_time() -> None:
    world = World()
    world.hold(1, "a")
    world.run()
    with pytest.raises(TimeoutError):
        list(restore(PROD, NOW - timedelta(days=1), world.services(), world.now))
