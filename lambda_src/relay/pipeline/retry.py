"""What became of the messages of one batch of the retry queue: delivered, dead-lettered, or later."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from relay.auth import redaction
from relay.config.loader import Config
from relay.delivery import deliver, error_codes
from relay.delivery.deliver import Budget, Send
from relay.delivery.message import InvalidMessage, Message, Origin, parse
from relay.delivery.undelivered import Queue, Store, queue_for
from relay.entry import Entry, Failed, Outcome
from relay.errors import MappingError, Rejected
from relay.http import body_formats, routing
from relay.http.request import Request
from relay.mapping import claim_check
from relay.mapping.claim_check import ClaimCheckStore
from relay.mapping.entries import ClaimCheck, scope_of, to_entries
from relay.templates.strict_json import NotJSON
from relay.webhook import Webhook

GIVE_UP = timedelta(hours=24)
UNEXPECTED_ERROR = "Unforeseen"
FIRST_SECONDS = 5
LONGEST_SECONDS = 15 * 60
MAX_BYTES = 32 * 1024 * 1024
"""Of what is handled at once: messages, and the entries they become. What comes after it waits, as the function has
512 MB: it would die of a hundred large webhooks that are redriven together, each time they come back."""


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message as the queue gave it. A redrive starts `sent_at` and `receive_count` anew."""

    text: str
    receive_count: int
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """The message may be deleted: EventBridge has everything of it that a queue has not."""

    accepted: int = 0
    dead_lettered: int = 0


@dataclass(frozen=True, slots=True)
class Postponed:
    """The message stays, hidden for this long."""

    seconds: int
    code: str


MessageResult = Done | Postponed


@dataclass(frozen=True, slots=True)
class Ports:
    """How it reaches AWS.

    `follow` gives the message that a text is or points to; it raises Unreadable, or OSError if that cannot be known
    now. `keep_unreadable` stores a text that is no message, with the reason, as `store` does. `report` is told of what
    nobody has foreseen.
    """

    send: Send
    store: Store
    follow: Callable[[str], str]
    keep_unreadable: Callable[[str, str], str | None]
    counter: ClaimCheckStore
    jitter: Callable[[], float]
    report: Callable[[Exception], None]


def redeliver(
    received: Sequence[ReceivedMessage], config: Config, ports: Ports, now: datetime, budget: Budget
) -> list[MessageResult]:
    """Return one verdict for each message, in order. All entries are put in as few requests as there can be.

    Each message is handled alone: whatever one of them is, or makes somebody raise, the others are delivered.
    """
    verdicts: dict[int, MessageResult] = {}
    readable: dict[int, tuple[Message, list[Entry]]] = {}
    room = MAX_BYTES
    for index, one in enumerate(received):
        if room <= 0:
            verdicts[index] = _later(one, "NotAttempted", ports)
            continue
        with _alone(index, one, verdicts, ports, now):
            text = ports.follow(one.text)
            room -= len(text)
            message = _without_proof(parse(text), config)
            try:
                readable[index] = (message, _entries(message, config, ports.counter, now))
                room -= sum(entry.size for entry in readable[index][1])
            except _CannotBeMapped as error:
                verdicts[index] = _dead_lettered(one, message.with_failure(error.failed), ports)
    for index, results in _delivered(readable, config, ports, budget).items():
        with _alone(index, received[index], verdicts, ports, now):
            verdicts[index] = _verdict(received[index], readable[index][0], results, ports, now)
    return [
        verdicts.get(index) or _waits(one, UNEXPECTED_ERROR, "it could not be delivered", ports, now)
        for index, one in enumerate(received)
    ]


class _CannotBeMapped(Exception):
    """The message is one of ours, and relay.toml has nothing for it now."""

    def __init__(self, code: str, why: str) -> None:
        self.failed = Failed(code, why)
        super().__init__(why)


@contextmanager
def _alone(
    index: int, received: ReceivedMessage, verdicts: dict[int, MessageResult], ports: Ports, now: datetime
) -> Iterator[None]:
    """Let what is raised for one message decide about this message only."""
    try:
        yield
    except InvalidMessage as error:
        verdicts[index] = _unreadable(received, str(error), ports)
    except OSError as error:
        verdicts[index] = _waits(received, type(error).__name__, str(error), ports, now)
    except Exception as error:  # noqa: BLE001 - the others have to be delivered
        ports.report(error)
        verdicts[index] = _waits(received, UNEXPECTED_ERROR, f"{type(error).__name__}: {error}", ports, now)


def _delivered(
    readable: Mapping[int, tuple[Message, list[Entry]]], config: Config, ports: Ports, budget: Budget
) -> dict[int, list[tuple[Entry, Outcome]]]:
    """Return each message's entries with their outcomes. What is raised for all of them is raised for some of them."""
    entries = [entry for _, mine in readable.values() for entry in mine]
    try:
        outcomes = iter(deliver.deliver(entries, config, ports.send, budget))
    except Exception as error:  # noqa: BLE001 - the others have to be delivered
        ports.report(error)
        if len(readable) <= 1:
            return {}
        alone = [_delivered({index: one}, config, ports, budget) for index, one in readable.items()]
        return {index: results for one in alone for index, results in one.items()}
    return {index: [(entry, next(outcomes)) for entry in mine] for index, (_, mine) in readable.items()}


def _entries(message: Message, config: Config, counter: ClaimCheckStore, now: datetime) -> list[Entry]:
    """Return what a message becomes with today's relay.toml. Raise _CannotBeMapped, Unreadable, OSError."""
    if isinstance(message.content, Request):
        return _mapped(
            message.content, message.origin, config, partial(claim_check.store_detail, counter=counter, now=now)
        )
    if message.content.region not in config.regions:
        raise _CannotBeMapped("NoSuchRegion", f"relay.toml has no Region {message.content.region}")
    try:
        entry = claim_check.refresh_url(message.content, counter, now)
    except NotJSON as error:
        raise InvalidMessage(f"the claim cannot be renewed: {error}") from error
    if not entry.is_unicode():
        raise InvalidMessage("the claim has characters that cannot be sent")
    return [entry]


def _without_proof(message: Message, config: Config) -> Message:
    """Return the message as it is stored today: earlier ones held what proved their webhook."""
    for route in config.routes:
        if isinstance(message.content, Request) and route.name == message.origin.route:
            return replace(message, content=redaction.redact(message.content, route.auth, route.body_format))
    return message


def oldest_waiting_seconds(
    received: Sequence[ReceivedMessage], verdicts: Sequence[MessageResult], now: datetime
) -> float | None:
    """Return for how long the oldest message that stays has waited since it was sent; None if none stays."""
    waiting = [one.sent_at for one, verdict in zip(received, verdicts, strict=True) if isinstance(verdict, Postponed)]
    return (now - min(waiting)).total_seconds() if waiting else None


def _mapped(request: Request, origin: Origin, config: Config, check: ClaimCheck) -> list[Entry]:
    """Return the entries of a webhook that could not be mapped, by the route that has proven it and no other."""
    mine = [route for route in config.routes if route.name == origin.route]
    try:
        route, path = routing.match_route(mine, request.method, request.path)
    except Rejected as error:
        why = f"has another path now: {error.detail}" if mine else "is not in relay.toml any more"
        raise _CannotBeMapped("NoSuchRoute", f'route "{origin.route}" {why}') from error
    try:
        webhook = Webhook(route, request, path, datetime.fromisoformat(origin.received_at))
        text, value = body_formats.parse(webhook.request, route.body_format)
        scope = {**scope_of(webhook, value), "delivery_id": origin.webhook_id}
        return to_entries(route, scope, text, config, check)
    except MappingError as error:
        raise _CannotBeMapped("MappingError", str(error)) from error
    except Rejected as error:
        raise _CannotBeMapped("MappingError", f'route "{origin.route}": {error.detail}') from error


def _verdict(
    received: ReceivedMessage, message: Message, mine: Sequence[tuple[Entry, Outcome]], ports: Ports, now: datetime
) -> MessageResult:
    failures = [(entry, result) for entry, result in mine if isinstance(result, Failed)]
    accepted = len(mine) - len(failures)
    given_up = now - received.sent_at >= GIVE_UP
    if isinstance(message.content, Entry) and failures:
        failed = message.with_failure(replace(failures[0][1], attempts=received.receive_count))
        if error_codes.is_retryable(failed.failed) and not given_up:
            return _later(received, failed.failed.code, ports)
        return _dead_lettered(received, failed, ports)
    # What is left of a webhook is entries: those that may yet be taken go back to the queue, each on its own.
    left = [replace(message, content=entry, failed=failed) for entry, failed in failures]
    for queue in Queue:
        of_this_queue = [one for one in left if queue_for(one.failed) is queue]
        if any(why_not is not None for why_not in ports.store(queue, of_this_queue)):
            return _later(received, "NotKept", ports)
    return Done(accepted, dead_lettered=sum(queue_for(one.failed) is Queue.DEAD_LETTERS for one in left))


def _dead_lettered(received: ReceivedMessage, message: Message, ports: Ports) -> MessageResult:
    (why_not,) = ports.store(Queue.DEAD_LETTERS, [message])
    return Done(dead_lettered=1) if why_not is None else _later(received, "NotKept", ports)


def _unreadable(received: ReceivedMessage, why: str, ports: Ports) -> MessageResult:
    """Dead-letter what is no message of ours, as it came."""
    try:
        why_not = ports.keep_unreadable(received.text, why)
    except Exception as error:  # noqa: BLE001 - the others have to be delivered
        ports.report(error)
        return _later(received, UNEXPECTED_ERROR, ports)
    return Done(dead_lettered=1) if why_not is None else _later(received, "InvalidMessage", ports)


def _waits(received: ReceivedMessage, code: str, why: str, ports: Ports, now: datetime) -> MessageResult:
    """Postpone what cannot be handled now, and dead-letter it as it came after a day: nothing goes on for ever."""
    if now - received.sent_at >= GIVE_UP:
        return _unreadable(received, f"given up after a day: {why}", ports)
    return _later(received, code, ports)


def _later(received: ReceivedMessage, code: str, ports: Ports) -> Postponed:
    """Exponentially later, between half and all of it at random, so that a backlog does not come back at once."""
    longest = min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** min(received.receive_count - 1, 20))
    return Postponed(max(1, round(longest * (0.5 + ports.jitter() / 2))), code)
