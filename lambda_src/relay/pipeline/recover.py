"""Hold once more what may have been dropped: what was put after the last look that saw a source active.

EventBridge accepts what is put to a source that nobody listens to, and drops it. The archive has what was put when its
webhook came, and of what was released there are copies.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from relay.archive.reading import Found, Position, Window
from relay.archive.record import PUT, ArchivedWebhook
from relay.config.model import Config
from relay.delivery.message import Message, Origin, Replay
from relay.delivery.undelivered import Queue
from relay.destinations import held
from relay.destinations.held import HeldKey
from relay.destinations.model import Destination, SourceState
from relay.destinations.reconcile import PUT_UNTIL, READ_ARCHIVE_AFTER
from relay.entry import Entry, Failed, rfc3339
from relay.mapping.entries import StoreDetail
from relay.pipeline.dropped_messages import RECOVERY, messages_of, planned_for

MESSAGES_OF_AN_OBJECT, BYTES_OF_AN_OBJECT = 200, 1024 * 1024
_ALL = "all"
LONGEST_WEBHOOK = timedelta(seconds=30)
"""How long after it was received a webhook may still be put: the function's timeout is shorter."""
LONGEST_IN_QUEUE = timedelta(minutes=10)
"""How much longer the delivery queue may have had an entry that is put: a second, if nothing is in its way."""


@dataclass(frozen=True, slots=True)
class RecoverServices:
    """What of AWS is needed; each raises OSError.

    `archived` yields what was archived in a window, as long as a function of the position returns True. `store_detail`
    gives an entry that is too large a claim check. `hold` stores messages under a key, replacing what is there. `store`
    puts messages into a queue and returns, for each, None or why it is not there. `released` yields the keys under a
    prefix that come after another, and when each was written; `copy` copies one key to another.
    """

    config: Config
    archived: Callable[[Window, Callable[[Position], bool]], Iterable[Found]]
    store_detail: StoreDetail
    hold: Callable[[HeldKey, Sequence[Message]], None]
    store: Callable[[Queue, Sequence[Message]], Sequence[str | None]]
    released: Callable[[str, str], Iterable[tuple[str, datetime]]]
    copy: Callable[[str, str], None]


class _Progress(NamedTuple):
    """How far a recovery came: the number of the next object, the position in the archive, and the copy held last."""

    number: int = 0
    position: Position | None = None
    copied: str = ""


def recover(
    destination: Destination, services: RecoverServices, go_on: Callable[[], bool], note: Callable[[str], None]
) -> int | None:
    """Hold what was put for a destination while it may have been dropped. None if cut off.

    Else return how many entries of the archive. `note` stores how far that came, and the destination's state says it to
    the next run. A webhook that is mapped otherwise today is dead-lettered: nobody knows whose its entries would be.
    Raise OSError.
    """
    state, settings = destination.state, services.config.destinations
    if not state.dropped_since or not state.dropped_until or settings is None or settings.hold is None:
        return 0
    put = Window(state.dropped_since - LONGEST_WEBHOOK, state.dropped_until + PUT_UNTIL)
    in_queue = {route.name: put.since - LONGEST_IN_QUEUE for route in services.config.routes if route.is_queued}
    received = put._replace(since=min([put.since, *in_queue.values()]))
    progress = _progress(state, received)

    def note_progress(progress: _Progress) -> None:
        note(json.dumps([_window_name(received), *progress]))

    def may_have_been_put(webhook: ArchivedWebhook) -> bool:
        return webhook.received_at >= in_queue.get(webhook.route, put.since)

    copied = _hold_released(destination, put, services, go_on, progress.copied)
    if copied != _ALL:
        note_progress(progress._replace(copied=copied))
        return None
    objects = _Objects(destination, services, state.dropped_until + READ_ARCHIVE_AFTER, progress.number)
    window = received._replace(after=progress.position)
    return _hold_archived(objects, window, may_have_been_put, go_on, note_progress)


def _progress(state: SourceState, window: Window) -> _Progress:
    """Return how far a recovery came. Its text names the window: what a look has widened since begins anew."""
    name, *progress = json.loads(state.recovery or '[""]')
    if name != _window_name(window):
        return _Progress()
    number, position, copied = progress
    return _Progress(number, Position(*position) if position else None, copied)


def _window_name(window: Window) -> str:
    return f"{window.since} {window.until}"


def _hold_released(
    destination: Destination, window: Window, services: RecoverServices, go_on: Callable[[], bool], after: str
) -> str:
    """Hold the copies once more that were made in a window, and come after one. Return the last one, or _ALL.

    A copy is made as soon as its entries were put.
    """
    if after == _ALL:
        return _ALL
    prefix = held.prefix(destination.customer, destination.name, destination.id, held.RELEASED)
    for key, copied_at in services.released(prefix, after):
        if not go_on():
            return after
        if window.since <= copied_at < window.until:
            services.copy(key, held.HELD + key.removeprefix(held.RELEASED))
        after = key
    return _ALL


def _hold_archived(
    objects: "_Objects",
    window: Window,
    may_have_been_put: Callable[[ArchivedWebhook], bool],
    go_on: Callable[[], bool],
    note: Callable[[_Progress], None],
) -> int | None:
    """Hold what the archive has of a window and may have been put in it. Return how many entries, None if cut off."""
    destination, services, total = objects.destination, objects.services, 0
    cut_off_at: Position | None = None

    def may_read(position: Position) -> bool:
        nonlocal cut_off_at
        if may := go_on():
            return may
        cut_off_at = position
        return False

    for found in services.archived(window, may_read):
        planned = planned_for(found.webhook, destination)
        if not may_have_been_put(found.webhook) or not any(each.what == PUT for each in planned.values()):
            continue
        messages = messages_of(found.webhook, planned, destination, services.config, services.store_detail)
        if messages is not None:
            objects.add(messages)
            if not objects.is_full:
                continue
        total += objects.flush()
        if messages is None:
            _dead_letter(found.webhook, destination, services)
        note(_Progress(objects.number, found.position, _ALL))
    total += objects.flush()
    if cut_off_at is None:
        return total
    # Also after nothing of this destination: among the webhooks of all customers, no run may be long enough for it.
    note(_Progress(objects.number, cut_off_at, _ALL))
    return None


def _dead_letter(webhook: ArchivedWebhook, destination: Destination, services: RecoverServices) -> None:
    origin = Origin(webhook.route, webhook.webhook_id, rfc3339(webhook.received_at))
    failed = Failed("MappingChanged", "its events may have been dropped, and cannot be mapped as they were")
    replay = Replay(RECOVERY, destination.customer, destination.name)
    letter = Message(origin, webhook.request, failed, replay=replay)
    if why_not := services.store(Queue.DEAD_LETTERS, [letter])[0]:
        raise OSError(f"dead-letter queue: {why_not}")


class _Objects:
    """The objects that messages are held in, numbered, so that a run that begins again replaces the last ones."""

    def __init__(self, destination: Destination, services: RecoverServices, at: datetime, number: int) -> None:
        self.number = number
        self.destination = destination
        self.services = services
        self._at = at
        self._messages: list[Message] = []
        self._size = 0

    @property
    def is_full(self) -> bool:
        """Return whether the next message would be in another object."""
        return len(self._messages) >= MESSAGES_OF_AN_OBJECT or self._size >= BYTES_OF_AN_OBJECT

    def add(self, messages: Sequence[Message]) -> None:
        """Add messages of one webhook."""
        self._messages += messages
        self._size += sum(message.content.size for message in messages if isinstance(message.content, Entry))

    def flush(self) -> int:
        """Hold what has been added. Return how many messages. Raise OSError."""
        if not (count := len(self._messages)):
            return 0
        whose = self.destination
        key = HeldKey(whose.customer, whose.name, whose.id, self._at, f"dropped-{self.number:06}")
        self.services.hold(key, self._messages)
        self.number += 1
        self._messages, self._size = [], 0
        return count
