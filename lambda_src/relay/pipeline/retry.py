"""One batch of the retry queue: each message is delivered, dead-lettered or postponed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from relay.auth import redaction
from relay.config.model import Config
from relay.delivery import error_codes
from relay.delivery.deliver import Budget, deliver
from relay.delivery.message import InvalidMessage, Message, Origin, parse
from relay.delivery.undelivered import Queue, queue_for
from relay.entry import Entry, Failed, Outcome
from relay.errors import MappingError, Rejected
from relay.http import routing
from relay.http.request import Request
from relay.mapping import claim_check
from relay.mapping.entries import to_entries
from relay.mapping.parsed_webhook import parse_webhook
from relay.pipeline.results import Done, MessageResult, Postponed
from relay.pipeline.services import Services
from relay.templates.strict_json import NotJSON
from relay.webhook import Webhook

T = TypeVar("T")

GIVE_UP = timedelta(hours=24)
UNEXPECTED_ERROR = "UnexpectedError"
FIRST_SECONDS = 5
LONGEST_SECONDS = 15 * 60
MAX_BYTES = 32 * 1024 * 1024
"""Of the messages and their entries that are handled at once; the rest of the batch is postponed. The function has
512 MB: a hundred large webhooks that are redriven together would exhaust them, each time they come back."""


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message as the queue delivered it. A redrive resets `sent_at` and `receive_count`."""

    text: str
    receive_count: int
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """A message of the batch that can be delivered: its index in the batch, and the entries it becomes."""

    index: int
    received: ReceivedMessage
    message: Message
    entries: Sequence[Entry]


def redeliver(
    batch: Sequence[ReceivedMessage], services: Services, now: datetime, budget: Budget
) -> list[MessageResult]:
    """Process one batch. Return one result for each message, in order. Put all entries in as few requests as possible.

    Each message is handled alone: whatever it is, and whatever it makes raise, the others are delivered.
    """
    results: dict[int, MessageResult] = {}
    items: list[Item] = []
    room = MAX_BYTES
    for index, received in enumerate(batch):
        if room <= 0:
            results[index] = _postpone(received, "NotAttempted", services)
            continue
        text = _isolate(partial(services.follow, received.text), received, services, now)
        if not isinstance(text, str):
            results[index] = text
            continue
        room -= len(text)
        item = _isolate(partial(_read, index, received, text, services, now), received, services, now)
        if isinstance(item, Item):
            items.append(item)
            room -= sum(entry.size for entry in item.entries)
        else:
            results[index] = item
    for item, outcomes in _deliver(items, services, budget):
        results[item.index] = _isolate(partial(_settle, item, outcomes, services, now), item.received, services, now)
    return [
        results.get(index) or _wait(received, UNEXPECTED_ERROR, "it could not be delivered", services, now)
        for index, received in enumerate(batch)
    ]


def oldest_waiting_seconds(
    batch: Sequence[ReceivedMessage], results: Sequence[MessageResult], now: datetime
) -> float | None:
    """Return how long ago the oldest message that stays in the queue was sent, in seconds; None if none stays."""
    waiting = [
        received.sent_at for received, result in zip(batch, results, strict=True) if isinstance(result, Postponed)
    ]
    return (now - min(waiting)).total_seconds() if waiting else None


def backoff_seconds(receive_count: int, jitter: float) -> int:
    """Return for how long to hide a message that was received this often: exponentially longer, at most 15 minutes.

    `jitter`, from 0 to 1, takes between half and all of it, so that a backlog does not return at once.
    """
    longest: int = min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** min(receive_count - 1, 20))
    return max(1, round(longest * (0.5 + jitter / 2)))


class _CannotBeMapped(Exception):
    """A message of the relay for which relay.toml has no route, Region or usable mapping today."""

    def __init__(self, code: str, why: str) -> None:
        self.failed = Failed(code, why)
        super().__init__(why)


def _isolate(step: Callable[[], T], received: ReceivedMessage, services: Services, now: datetime) -> T | MessageResult:
    """Run one step for one message. Whatever it raises decides about this message only."""
    try:
        return step()
    except InvalidMessage as error:
        return _store_unreadable(received, str(error), services)
    except OSError as error:
        return _wait(received, type(error).__name__, str(error), services, now)
    except Exception as error:  # noqa: BLE001 - the other messages have to be delivered
        services.report(error)
        return _wait(received, UNEXPECTED_ERROR, f"{type(error).__name__}: {error}", services, now)


def _read(index: int, received: ReceivedMessage, text: str, services: Services, now: datetime) -> Item | MessageResult:
    """Return the item, or dead-letter a message that cannot be mapped. Raise InvalidMessage, OSError."""
    message = _without_proof(parse(text), services.config)
    try:
        return Item(index, received, message, _entries(message, services, now))
    except _CannotBeMapped as error:
        return _dead_letter(received, message.with_failure(error.failed), services)


def _without_proof(message: Message, config: Config) -> Message:
    """Return the message as it is stored today: earlier versions stored what proved their webhook."""
    for route in config.routes:
        if isinstance(message.content, Request) and route.name == message.origin.route:
            return replace(message, content=redaction.redact(message.content, route.auth, route.body_format))
    return message


def _entries(message: Message, services: Services, now: datetime) -> list[Entry]:
    """Return what a message becomes with today's relay.toml. Raise _CannotBeMapped, InvalidMessage, OSError."""
    if isinstance(message.content, Request):
        return _map(message.content, message.origin, services, now)
    if message.content.region not in services.config.regions:
        raise _CannotBeMapped("NoSuchRegion", f"relay.toml has no Region {message.content.region}")
    try:
        entry = claim_check.refresh_url(message.content, services.claim_checks, now)
    except NotJSON as error:
        raise InvalidMessage(f"the claim cannot be renewed: {error}") from error
    if not entry.is_unicode():
        raise InvalidMessage("the claim has characters that cannot be sent")
    return [entry]


def _map(request: Request, origin: Origin, services: Services, now: datetime) -> list[Entry]:
    """Return the entries of a webhook that could not be mapped, by the route that has proven it and no other."""
    routes = [route for route in services.config.routes if route.name == origin.route]
    try:
        route, path = routing.match_route(routes, request.method, request.path)
    except Rejected as error:
        why = f"has another path now: {error.detail}" if routes else "is not in relay.toml any more"
        raise _CannotBeMapped("NoSuchRoute", f'route "{origin.route}" {why}') from error
    store_detail = partial(claim_check.store_detail, store=services.claim_checks, now=now)
    try:
        webhook = Webhook.unverified(route, request, path, datetime.fromisoformat(origin.received_at))
        return to_entries(parse_webhook(webhook, origin.webhook_id), services.config, store_detail)
    except MappingError as error:
        raise _CannotBeMapped("MappingError", str(error)) from error
    except Rejected as error:
        raise _CannotBeMapped("MappingError", f'route "{origin.route}": {error.detail}') from error


def _deliver(items: Sequence[Item], services: Services, budget: Budget) -> list[tuple[Item, list[Outcome]]]:
    """Return each item with the outcomes of its entries. If the whole batch raises, each item is delivered alone."""
    entries = [entry for item in items for entry in item.entries]
    partner, max_request_bytes = services.config.partner, services.config.limits.request
    try:
        outcomes = iter(deliver(entries, services.send, budget, partner=partner, max_request_bytes=max_request_bytes))
    except Exception as error:  # noqa: BLE001 - the other messages have to be delivered
        services.report(error)
        return [] if len(items) <= 1 else [pair for item in items for pair in _deliver([item], services, budget)]
    return [(item, [next(outcomes) for _ in item.entries]) for item in items]


def _settle(item: Item, outcomes: Sequence[Outcome], services: Services, now: datetime) -> MessageResult:
    """Store what was not accepted, or postpone the message."""
    received, message = item.received, item.message
    failures = [
        (entry, outcome) for entry, outcome in zip(item.entries, outcomes, strict=True) if isinstance(outcome, Failed)
    ]
    if isinstance(message.content, Entry) and failures:
        failed = message.with_failure(replace(failures[0][1], attempts=received.receive_count))
        if error_codes.is_retryable(failed.failed) and now - received.sent_at < GIVE_UP:
            return _postpone(received, failed.failed.code, services)
        return _dead_letter(received, failed, services)
    # The entries of a webhook that may yet be accepted go back to the queue, each on its own.
    remaining = [replace(message, content=entry, failed=failed) for entry, failed in failures]
    for queue in Queue:
        messages = [each for each in remaining if queue_for(each.failed) is queue]
        if any(error is not None for error in services.store(queue, messages)):
            return _postpone(received, "NotStored", services)
    dead_lettered = sum(queue_for(each.failed) is Queue.DEAD_LETTERS for each in remaining)
    return Done(len(outcomes) - len(failures), dead_lettered)


def _dead_letter(received: ReceivedMessage, message: Message, services: Services) -> MessageResult:
    (error,) = services.store(Queue.DEAD_LETTERS, [message])
    return Done(dead_lettered=1) if error is None else _postpone(received, "NotStored", services)


def _store_unreadable(received: ReceivedMessage, why: str, services: Services) -> MessageResult:
    """Dead-letter a text that is no message of the relay, as it came."""
    try:
        error = services.store_unreadable(received.text, why)
    except Exception as unexpected:  # noqa: BLE001 - the other messages have to be delivered
        services.report(unexpected)
        return _postpone(received, UNEXPECTED_ERROR, services)
    return Done(dead_lettered=1) if error is None else _postpone(received, "InvalidMessage", services)


def _wait(received: ReceivedMessage, code: str, why: str, services: Services, now: datetime) -> MessageResult:
    """Postpone what cannot be handled now, and dead-letter it as it came after a day: nothing is retried for ever."""
    if now - received.sent_at >= GIVE_UP:
        return _store_unreadable(received, f"given up after a day: {why}", services)
    return _postpone(received, code, services)


def _postpone(received: ReceivedMessage, code: str, services: Services) -> Postponed:
    return Postponed(backoff_seconds(received.receive_count, services.jitter()), code)
