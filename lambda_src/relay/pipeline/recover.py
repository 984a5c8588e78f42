"""Hold once more what may have been dropped: what was put after the last look that saw a source active.

EventBridge accepts what is put to a source that nobody listens to, and drops it. The archive has it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from relay.archive.mapping import map_webhook
from relay.archive.record import PUT, ArchivedWebhook, Planned
from relay.config.model import Config
from relay.delivery.error_codes import HELD
from relay.delivery.message import Message, Origin, Replay
from relay.delivery.undelivered import Queue
from relay.destinations.addressing import Addressed
from relay.destinations.held import HeldKey
from relay.destinations.model import Destination
from relay.entry import Entry, Failed, rfc3339
from relay.errors import MappingError
from relay.mapping.entries import StoreDetail
from relay.pipeline.hold import reference

MESSAGES_OF_AN_OBJECT, BYTES_OF_AN_OBJECT = 200, 1024 * 1024
REPLAY = "recovery"


@dataclass(frozen=True, slots=True)
class RecoverServices:
    """What of AWS is needed; each raises OSError.

    `archived` yields what was archived in a window. `hold` stores messages under a key, replacing what is there.
    `store` puts messages into a queue and returns, for each, None or why it is not there.
    """

    config: Config
    archived: Callable[[datetime, datetime], Iterable[ArchivedWebhook]]
    hold: Callable[[HeldKey, Sequence[Message]], None]
    store: Callable[[Queue, Sequence[Message]], Sequence[str | None]]
    store_detail: StoreDetail


def recover(destination: Destination, services: RecoverServices, go_on: Callable[[], bool]) -> int | None:
    """Hold what was put for a destination while it may have been dropped. Return how many entries, None if cut off.

    Objects have the same keys each time, so a run that was cut off begins again. A webhook that relay.toml cannot map
    any more is dead-lettered. Raise OSError.
    """
    since, until = destination.state.dropped_since, destination.state.dropped_until
    settings = services.config.destinations
    if since is None or until is None or settings is None or settings.hold is None:
        return 0
    webhooks = services.archived(since, until + timedelta(seconds=settings.cache))
    number, total = 0, 0
    for number, messages in enumerate(_objects(_messages(webhooks, destination, services, go_on))):
        key = HeldKey(destination.customer, destination.name, destination.id, since, f"dropped-{number:06}")
        services.hold(key, messages)
        total += len(messages)
    return total if go_on() else None


def _messages(
    webhooks: Iterable[ArchivedWebhook], destination: Destination, services: RecoverServices, go_on: Callable[[], bool]
) -> Iterator[Message]:
    for webhook in webhooks:
        if not go_on():
            return
        indexes = [index for index, planned in enumerate(webhook.entries) if _was_put(planned, destination)]
        if not indexes:
            continue
        origin = Origin(webhook.route, webhook.webhook_id, rfc3339(webhook.received_at))
        try:
            entries = _entries(webhook, destination, services)
        except MappingError as error:
            replay = Replay(REPLAY, destination.customer, destination.name)
            letter = Message(origin, webhook.request, Failed("MappingError", str(error)), replay=replay)
            if why_not := services.store(Queue.DEAD_LETTERS, [letter])[0]:
                raise OSError(f"dead-letter queue: {why_not}") from error
            continue
        for place, entry in enumerate(entries):
            index = indexes[place] if place < len(indexes) else place
            yield Message(origin, entry, Failed(HELD, "may have been dropped"), reference(destination), index)


def _was_put(planned: Planned, destination: Destination) -> bool:
    names = (planned.customer, planned.destination)
    return planned.what == PUT and names == (destination.customer, destination.name)


def _entries(webhook: ArchivedWebhook, destination: Destination, services: RecoverServices) -> list[Entry]:
    def find(customer: str) -> list[Destination]:
        return [destination] if customer == destination.customer else []

    mapped = map_webhook(webhook, services.config, find, services.store_detail)
    return [each.entry for each in mapped if isinstance(each, Addressed)]


def _objects(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """Yield the messages in lists that are each one object."""
    found: list[Message] = []
    size = 0
    for message in messages:
        found.append(message)
        size += message.content.size if isinstance(message.content, Entry) else 0
        if len(found) == MESSAGES_OF_AN_OBJECT or size >= BYTES_OF_AN_OBJECT:
            yield found
            found, size = [], 0
    if found:
        yield found
