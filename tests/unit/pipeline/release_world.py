"""The releaser's table, bucket, EventBridge and queues, in memory; the process can end at any call."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from relay.delivery.message import DestinationRef, Message, Origin
from relay.delivery.undelivered import Queue
from relay.destinations import held
from relay.destinations.held import HeldKey
from relay.destinations.model import Destination
from relay.entry import Accepted, Entry, Failed, Outcome
from relay.pipeline.release import Pace, Released, ReleaseServices, release
from relay.pipeline.results import EntryLine
from tests.unit.destinations.destinations import ACTIVE, NOW, destination

PROD = destination(replace(ACTIVE, releasing_at=NOW))
C42 = DestinationRef("c42", "prod", PROD.id)
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
        self.dropped: list[str] = []
        self.lines: list[EntryLine] = []
        self.now = NOW
        self.calls = 0
        self.kill_at = 0
        self.outcome: Outcome | None = None
        self.down: Queue | None = None

    def hold(self, number: int, *ids: str, at: datetime = NOW) -> None:
        """Hold a webhook with entries of these ids."""
        key = HeldKey("c42", "prod", PROD.id, at + timedelta(milliseconds=number), f"r{number}").text()
        self.objects[key] = held.dump(_message(name) for name in ids)

    def services(self) -> ReleaseServices:
        return ReleaseServices(
            find=self._find,
            save=self._save,
            keys=self._keys,
            read=self._read,
            write=self._write,
            copy=self._copy,
            delete=self._delete,
            deliver=self._deliver,
            store=self._store,
            keep_unreadable=self._keep_unreadable,
            refresh=lambda entry: entry,
            log=self.lines.extend,
            recover=self._recover,
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

    def _save(self, before: Destination, after: Destination) -> None:
        self._step()
        assert self.destination
        assert before.id == after.id
        if replace(after, state=before.state) != before:
            assert (before.version, after.version) == (self.destination.version, self.destination.version + 1)
            self.destination = after
        else:
            self.destination = replace(self.destination, state=after.state)

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

    def _recover(self, destination: Destination, go_on: Callable[[], bool], note: Callable[[str], None]) -> int | None:
        self._step()
        assert destination.state.dropped_since
        self.hold(9, *self.dropped, at=destination.state.dropped_since)
        self._step()
        note("[1]")
        return len(self.dropped) if go_on() else None

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
    return Message(
        Origin("orders", f"evt_{name}", "2026-11-25T12:00:00Z"), entry, Failed("Held", "source-pending"), C42
    )


def held_keys(world: World) -> list[str]:
    return [key for key in world.objects if key.startswith(held.HELD)]
