"""One batch of the retry or the delivery queue: each message is delivered, held, moved, discarded or postponed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from relay.delivery import error_codes
from relay.delivery.deliver import MAX_ENTRIES_PER_REQUEST, Budget, deliver
from relay.delivery.error_codes import HOLD_FAILED
from relay.delivery.message import InvalidMessage, Message
from relay.delivery.undelivered import NotSent, Queue, Unsent, queue_for
from relay.destinations.addressing import Addressed
from relay.destinations.model import Destination
from relay.entry import Accepted, Entry, Failed, Outcome
from relay.pipeline import entry_lines
from relay.pipeline.hold import hold, is_to_be_held, note_refusals, reason, reference
from relay.pipeline.message_entries import CannotBeMapped, Discarded, Run, entries_of, read
from relay.pipeline.results import Done, EntryLine, MessageResult, Postponed
from relay.pipeline.services import Services
from relay.pipeline.waiting import ReceivedMessage, backoff_seconds

T = TypeVar("T")

GIVE_UP = timedelta(hours=24)
UNEXPECTED_ERROR = "UnexpectedError"
MAX_BYTES = 32 * 1024 * 1024
"""Of the messages and their entries that are handled at once; the rest of the batch is postponed. The function has
512 MB: a hundred large webhooks that are redriven together would exhaust them, each time they come back."""


@dataclass(frozen=True, slots=True)
class Item:
    """A message of the batch that can be delivered: its index in the batch, and the entries that are to be put.

    `done` is what has become of the entries that are not put.
    """

    index: int
    received: ReceivedMessage
    message: Message
    sending: Sequence["Sending"]
    done: Done

    @property
    def entries(self) -> list[Entry]:
        """Return what is to be put."""
        return [each.entry for each in self.sending]


@dataclass(frozen=True, slots=True)
class Sending:
    """An entry that is to be put, its index in what the webhook became, and its destination.

    `destination` is None for an entry of a route without customer. `message` is the entry as a message of its own.
    """

    entry: Entry
    destination: Destination | None
    message: Message


def redeliver(
    batch: Sequence[ReceivedMessage], services: Services, now: datetime, budget: Budget
) -> list[MessageResult]:
    """Process one batch. Return one result for each message, in order. Put all entries in as few requests as possible.

    Each message is handled alone: whatever it is, and whatever it makes raise, the others are delivered.
    """
    run = Run.begin(services, now, budget)
    results: dict[int, MessageResult] = {}
    items: list[Item] = []
    room = MAX_BYTES
    for index, received in enumerate(batch):
        if room <= 0 or not run.is_time_to_read():
            results[index] = _postpone(received, "NotAttempted", services)
            continue
        text = _isolate(partial(services.follow, received.text), received, run)
        if not isinstance(text, str):
            results[index] = text
            continue
        room -= len(text)
        item = _isolate(partial(_read, index, received, text, run), received, run)
        if isinstance(item, Item):
            items.append(item)
            room -= sum(entry.size for entry in item.entries)
        else:
            results[index] = item
    for item, outcomes in _deliver_apart(items, run):
        results[item.index] = _isolate(partial(_settle, item, outcomes, run), item.received, run)
    return [
        results.get(index) or _wait(received, UNEXPECTED_ERROR, "it could not be delivered", run)
        for index, received in enumerate(batch)
    ]


def _isolate(step: Callable[[], T], received: ReceivedMessage, run: Run) -> T | MessageResult:
    """Run one step for one message. Whatever it raises decides about this message only."""
    try:
        return step()
    except InvalidMessage as error:
        return _store_unreadable(received, str(error), run.services)
    except OSError as error:
        return _wait(received, type(error).__name__, str(error), run)
    except Exception as error:  # noqa: BLE001 - the other messages have to be delivered
        run.services.report(error)
        return _wait(received, UNEXPECTED_ERROR, f"{type(error).__name__}: {error}", run)


def _read(index: int, received: ReceivedMessage, text: str, run: Run) -> Item | MessageResult:
    """Return the item, what has to wait being held. Raise InvalidMessage, OSError.

    A message that cannot be mapped is dead-lettered.
    """
    message = read(text, run.services.config)
    try:
        mapped = entries_of(message, run)
    except CannotBeMapped as error:
        return _dead_letter(received, _redrivable(message).with_failure(error.failed), run.services)
    sending, waiting, lines = list[Sending](), list[Message](), list[EntryLine]()
    first = message.index if isinstance(message.content, Entry) else 0
    for place, each in enumerate(mapped, first):
        match each:
            case Entry():
                sending.append(_sending(message, place, each, None))
            case Addressed(is_held=True):
                held = _sending(message, place, each.entry, each.destination).message
                waiting.append(replace(held, failed=reason(each.destination)))
            case Addressed():
                sending.append(_sending(message, place, each.entry, each.destination))
            case NotSent():
                lines.append(entry_lines.of_unsent(message.origin, place, each))
            case Discarded():
                lines.append(entry_lines.of_message(message, entry_lines.DISCARDED))
    if why_not := _hold(waiting, received, received.id, run):
        return _wait(received, HOLD_FAILED, why_not, run)
    done = Done(
        held=len(waiting),
        unsubscribed=mapped.count(NotSent(Unsent.UNSUBSCRIBED)),
        without_customer=mapped.count(NotSent(Unsent.WITHOUT_CUSTOMER)),
        disabled=sum(isinstance(each, NotSent) and each.why is Unsent.DISABLED for each in mapped),
        discarded=mapped.count(Discarded()),
        lines=(*lines, *(entry_lines.of_message(each, entry_lines.HELD) for each in waiting)),
    )
    return Item(index, received, message, sending, done)


def _redrivable(message: Message) -> Message:
    """Return a message that may be mapped by whichever mapping there is when a person redrives it."""
    return replace(message, replay=message.replay._replace(mapping="")) if message.replay else message


def _sending(message: Message, index: int, entry: Entry, destination: Destination | None) -> Sending:
    """Return one of the entries that `message` became."""
    named = reference(destination) if destination else None
    return Sending(entry, destination, replace(message, content=entry, destination=named, index=index))


def _deliver_apart(items: Sequence[Item], run: Run) -> list[tuple[Item, list[Outcome]]]:
    """Return each item with the outcomes of its entries: those that may spoil a request last, and each alone.

    Of these a batch delivers as many as it makes requests anyway, and the others wait: so they take at most as much
    time as everything else.
    """
    apart = [item for item in items if run.services.spoilers.have(item.entries)]
    delivered = _deliver([item for item in items if item not in apart], run)
    alone = max(1, len(items) // MAX_ENTRIES_PER_REQUEST)
    for item in apart[:alone]:
        delivered += _deliver([item], run)
    for item, outcomes in delivered:
        run.services.spoilers.note(zip(item.entries, outcomes, strict=True))
    for item in apart[alone:]:
        waits = Failed("NotAttempted", "entries of its source spoil requests: it waits for a turn of its own")
        delivered.append((item, [waits] * len(item.entries)))
    return delivered


def _deliver(items: Sequence[Item], run: Run) -> list[tuple[Item, list[Outcome]]]:
    """Return each item with the outcomes of its entries. If the whole batch raises, each item is delivered alone."""
    entries = [entry for item in items for entry in item.entries]
    services, config = run.services, run.services.config
    put = partial(deliver, partner=config.partner, max_request_bytes=config.limits.request)
    try:
        outcomes = iter(put(entries, services.send, run.budget))
    except Exception as error:  # noqa: BLE001 - the other messages have to be delivered
        services.report(error)
        return [] if len(items) <= 1 else [pair for item in items for pair in _deliver([item], run)]
    return [(item, [next(outcomes) for _ in item.entries]) for item in items]


def _settle(item: Item, outcomes: Sequence[Outcome], run: Run) -> MessageResult:
    """Hold or store what was not accepted, or postpone the message."""
    received, message, services = item.received, item.message, run.services
    failures = [
        _Failure(sending, outcome)
        for sending, outcome in zip(item.sending, outcomes, strict=True)
        if isinstance(outcome, Failed)
    ]
    refused = [each for each in failures if each.sending.destination and is_to_be_held(each.failed, services.config)]
    if why_not := _hold_refused(refused, received, run):
        return _wait(received, HOLD_FAILED, why_not, run)
    remaining = [each for each in failures if each not in refused]
    is_first = message.failed.code == error_codes.QUEUED
    if isinstance(message.content, Entry) and remaining and not is_first:
        failed = message.with_failure(replace(remaining[0].failed, attempts=received.receive_count))
        if error_codes.is_retryable(failed.failed) and run.now - received.sent_at < GIVE_UP:
            return _postpone(received, failed.failed.code, services)
        return _dead_letter(received, failed, services)
    # What may yet be accepted goes to the retry queue, each entry of a webhook on its own: from the delivery queue
    # too, where it would delay what is new.
    for queue in Queue:
        messages = [each.message for each in remaining if queue_for(each.failed) is queue]
        if any(error is not None for error in services.store(queue, messages)):
            return _postpone(received, "NotStored", services)
    dead_lettered = sum(queue_for(each.failed) is Queue.DEAD_LETTERS for each in remaining)
    accepted = [
        entry_lines.of_message(sending.message, entry_lines.ACCEPTED if is_first else entry_lines.REDELIVERED, outcome)
        for sending, outcome in zip(item.sending, outcomes, strict=True)
        if isinstance(outcome, Accepted)
    ]
    done, left = item.done, [entry_lines.of_queued(each.message) for each in remaining]
    held = [entry_lines.of_message(each.message, entry_lines.HELD) for each in refused]
    return replace(
        done,
        accepted=len(accepted),
        queued=len(remaining) - dead_lettered,
        dead_lettered=dead_lettered,
        held=done.held + len(refused),
        lines=(*done.lines, *accepted, *held, *left),
    )


@dataclass(frozen=True, slots=True)
class _Failure:
    """An entry that was not accepted."""

    sending: Sending
    failed: Failed

    @property
    def message(self) -> Message:
        """Return the entry as a message for a queue."""
        return replace(self.sending.message, failed=self.failed)


def _hold_refused(refused: Sequence[_Failure], received: ReceivedMessage, run: Run) -> str | None:
    """Hold entries that EventBridge refused because of their source, and note it. Return None, or why they are not."""
    messages = [each.sending.message.with_refusal(each.failed) for each in refused]
    why_not = _hold(messages, received, f"{received.id}-refused", run)
    if refused and not why_not and run.services.destinations:
        failures = ((each.sending.destination, each.failed) for each in refused)
        note_refusals(
            ((destination, failed) for destination, failed in failures if destination), run.services.destinations
        )
    return why_not


def _hold(messages: Sequence[Message], received: ReceivedMessage, request_id: str, run: Run) -> str | None:
    """Hold messages of one webhook. Return None, or why one of them is not held.

    Holding begins when the message came into the queue: its webhook may be older than anything is held.
    """
    if not messages:
        return None
    if run.services.destinations is None:
        return "relay.toml has no [destinations]"
    errors = hold(messages, run.services.destinations, received.sent_at, request_id, run.is_time_left)
    return next(filter(None, errors), None)


def _dead_letter(received: ReceivedMessage, message: Message, services: Services) -> MessageResult:
    (error,) = services.store(Queue.DEAD_LETTERS, [message])
    if error is not None:
        return _postpone(received, "NotStored", services)
    return Done(dead_lettered=1, lines=(entry_lines.of_queued(message),))


def _store_unreadable(received: ReceivedMessage, why: str, services: Services) -> MessageResult:
    """Dead-letter a text that is no message of the relay, as it came."""
    try:
        error = services.store_unreadable(received.text, why)
    except Exception as unexpected:  # noqa: BLE001 - the other messages have to be delivered
        services.report(unexpected)
        return _postpone(received, UNEXPECTED_ERROR, services)
    return Done(dead_lettered=1) if error is None else _postpone(received, "InvalidMessage", services)


def _wait(received: ReceivedMessage, code: str, why: str, run: Run) -> MessageResult:
    """Postpone what cannot be handled now, and dead-letter it as it came after a day: nothing is retried for ever."""
    if run.now - received.sent_at >= GIVE_UP:
        return _store_unreadable(received, f"given up after a day: {why}", run.services)
    return _postpone(received, code, run.services)


def _postpone(received: ReceivedMessage, code: str, services: Services) -> Postponed:
    return Postponed(backoff_seconds(received.receive_count, services.jitter()), code)
