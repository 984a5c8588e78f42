"""Hold once more what may have been dropped: what was put after the last look that saw a source active.

EventBridge accepts what is put to a source that nobody listens to, and drops it. The archive has it.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from relay.archive.mapping import is_mapped_alike, map_webhook
from relay.archive.reading import Found, Position, Window
from relay.archive.record import PUT, ArchivedWebhook, Planned
from relay.config.model import Config
from relay.delivery.error_codes import HELD
from relay.delivery.message import Message, Origin, Replay
from relay.delivery.undelivered import Queue
from relay.destinations.addressing import Addressed
from relay.destinations.held import HeldKey
from relay.destinations.model import Destination, SourceState, Status
from relay.destinations.reconcile import PUT_UNTIL, READ_ARCHIVE_AFTER
from relay.entry import Entry, Failed, rfc3339
from relay.errors import MappingError
from relay.mapping.entries import StoreDetail
from relay.pipeline.hold import reference

MESSAGES_OF_AN_OBJECT, BYTES_OF_AN_OBJECT = 200, 1024 * 1024
RECOVERY = "recovery"
LONGEST_WEBHOOK = timedelta(seconds=30)
"""How long after it was received a webhook may still be put: the function's timeout is shorter."""


@dataclass(frozen=True, slots=True)
class RecoverServices:
    """What of AWS is needed; each raises OSError.

    `archived` yields what was archived in a window, as long as a function of the position returns True. `store_detail`
    gives an entry that is too large a claim check. `hold` stores messages under a key, replacing what is there. `store`
    puts messages into a queue and returns, for each, None or why it is not there.
    """

    config: Config
    archived: Callable[[Window, Callable[[Position], bool]], Iterable[Found]]
    store_detail: StoreDetail
    hold: Callable[[HeldKey, Sequence[Message]], None]
    store: Callable[[Queue, Sequence[Message]], Sequence[str | None]]


def recover(
    destination: Destination, services: RecoverServices, go_on: Callable[[], bool], note: Callable[[str], None]
) -> int | None:
    """Hold what was put for a destination while it may have been dropped. Return how many entries, None if cut off.

    `note` stores how far that came, and the destination's state says it to the next run. A webhook that is mapped
    otherwise today is dead-lettered: nobody knows whose its entries would be. Raise OSError.
    """
    state, settings = destination.state, services.config.destinations
    if not state.dropped_since or not state.dropped_until or settings is None or settings.hold is None:
        return 0
    number, after = _progress(state)
    objects, total = _Objects(destination, services, state.dropped_until + READ_ARCHIVE_AFTER, number), 0
    window = Window(state.dropped_since - LONGEST_WEBHOOK, state.dropped_until + PUT_UNTIL, after)
    cut_off_at: Position | None = None

    def may_read(position: Position) -> bool:
        nonlocal cut_off_at
        if may := go_on():
            return may
        cut_off_at = position
        return False

    for found in services.archived(window, may_read):
        planned = _planned(found.webhook, destination)
        if not any(each.what == PUT for each in planned.values()):
            continue
        messages = _messages(found.webhook, planned, destination, services)
        if messages is not None:
            objects.add(messages)
            if not objects.is_full:
                continue
        total += objects.flush()
        if messages is None:
            _dead_letter(found.webhook, destination, services)
        note(_noted(state, objects.number, found.position))
    total += objects.flush()
    if cut_off_at is None:
        return total
    # Also after nothing of this destination: among the webhooks of all customers, no run may be long enough for it.
    note(_noted(state, objects.number, cut_off_at))
    return None


def _noted(state: SourceState, number: int, position: Position) -> str:
    """Return the text of how far a recovery came. It names the window: what a look has widened begins anew."""
    return json.dumps([_window_name(state), number, position])


def _progress(state: SourceState) -> tuple[int, Position | None]:
    """Return the number of the next object, and the position after what is held already."""
    window, number, position = json.loads(state.recovery or '["", 0, null]')
    return (number, Position(*position)) if window == _window_name(state) else (0, None)


def _window_name(state: SourceState) -> str:
    return f"{state.dropped_since} {state.dropped_until}"


def _planned(webhook: ArchivedWebhook, destination: Destination) -> dict[int, Planned]:
    """Return what of a webhook was for this destination, by its index, in order.

    The source tells it from a destination of the same name that was deleted since.
    """
    whose = (destination.customer, destination.name, destination.source)
    return {
        index: each
        for index, each in enumerate(webhook.entries)
        if (each.customer, each.destination, each.source) == whose
    }


def _messages(
    webhook: ArchivedWebhook, planned: Mapping[int, Planned], destination: Destination, services: RecoverServices
) -> list[Message] | None:
    """Return what was put, as messages to hold; None if the webhook is mapped otherwise today. Raise OSError."""
    if not is_mapped_alike(webhook, services.config):
        return None
    # Nothing else of the webhook is mapped, or made a claim check of: it need not be possible.
    detail_types = tuple({each.detail_type for each in planned.values()})
    wanting = replace(destination, detail_types=detail_types, status=Status.ENABLED)

    def find(customer: str) -> list[Destination]:
        return [wanting] if customer == destination.customer else []

    try:
        mapped = map_webhook(webhook, services.config, find, services.store_detail)
    except MappingError:
        return None
    # A detail-type that ends with * is a pattern, and may have brought others.
    entries = [each.entry for each in mapped if isinstance(each, Addressed) and each.entry.detail_type in detail_types]
    # What the customer wanted may have changed in the middle of the webhook: nobody knows which of its entries it got.
    if [entry.detail_type for entry in entries] != [each.detail_type for each in planned.values()]:
        return None
    origin = Origin(webhook.route, webhook.webhook_id, rfc3339(webhook.received_at))
    failed = Failed(HELD, "may have been dropped")
    return [
        Message(origin, entry, failed, reference(destination), index, Replay(RECOVERY))
        for (index, each), entry in zip(planned.items(), entries, strict=True)
        if each.what == PUT and destination.wants(entry.detail_type)
    ]


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
        self._destination = destination
        self._services = services
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
        whose = self._destination
        key = HeldKey(whose.customer, whose.name, whose.id, self._at, f"dropped-{self.number:06}")
        self._services.hold(key, self._messages)
        self.number += 1
        self._messages, self._size = [], 0
        return count
