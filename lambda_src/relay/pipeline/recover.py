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
from relay.destinations.model import Destination, Status
from relay.destinations.reconcile import PUT_UNTIL, READ_ARCHIVE_AFTER
from relay.entry import Entry, Failed, rfc3339
from relay.errors import MappingError
from relay.pipeline.hold import reference

MESSAGES_OF_AN_OBJECT, BYTES_OF_AN_OBJECT = 200, 1024 * 1024
RECOVERY = "recovery"
LONGEST_WEBHOOK = timedelta(seconds=30)
"""How long after it was received a webhook may still be put: the function's timeout is shorter."""


@dataclass(frozen=True, slots=True)
class RecoverServices:
    """What of AWS is needed; each raises OSError.

    `archived` yields what was archived in a window, as long as a function returns True. `hold` stores messages under a
    key, replacing what is there. `store` puts messages into a queue and returns, for each, None or why it is not there.
    """

    config: Config
    archived: Callable[[Window, Callable[[], bool]], Iterable[Found]]
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
    number, after = _progress(state.recovery)
    objects, total = _Objects(destination, services, state.dropped_until + READ_ARCHIVE_AFTER, number), 0
    window = Window(state.dropped_since - LONGEST_WEBHOOK, state.dropped_until + PUT_UNTIL, after)
    for found in services.archived(window, go_on):
        planned = _planned(found.webhook, destination)
        if not any(each.what == PUT for each in planned.values()):
            continue
        messages = _messages(found.webhook, planned, destination, services.config)
        if messages is None:
            total += objects.flush()
            _dead_letter(found.webhook, destination, services)
            note(json.dumps([objects.number, found.position]))
            continue
        objects.add(messages)
        if objects.is_full:
            total += objects.flush()
            note(json.dumps([objects.number, found.position]))
    total += objects.flush()
    return total if go_on() else None


def _progress(text: str) -> tuple[int, Position | None]:
    """Return the number of the next object, and the position after what is held already."""
    if not text:
        return 0, None
    number, position = json.loads(text)
    return number, Position(*position)


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
    webhook: ArchivedWebhook, planned: Mapping[int, Planned], destination: Destination, config: Config
) -> list[Message] | None:
    """Return what was put, as messages to hold; None if the webhook is mapped otherwise today."""
    if not is_mapped_alike(webhook, config):
        return None
    everything = replace(destination, detail_types=("*",), status=Status.ENABLED)

    def find(customer: str) -> list[Destination]:
        return [everything] if customer == destination.customer else []

    try:
        mapped = map_webhook(webhook, config, find, lambda entry, _: entry)
    except MappingError:
        return None
    origin = Origin(webhook.route, webhook.webhook_id, rfc3339(webhook.received_at))
    entries = (each.entry for each in mapped if isinstance(each, Addressed))
    messages = []
    for index, each in planned.items():
        # Which events a customer wants is a matter of the detail-type, so those of one are in the same order.
        entry = next((entry for entry in entries if entry.detail_type == each.detail_type), None)
        if entry is None:
            return None
        if each.what == PUT and destination.wants(entry.detail_type):
            failed = Failed(HELD, "may have been dropped")
            messages.append(Message(origin, entry, failed, reference(destination), index, Replay(RECOVERY)))
    return messages


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
