"""What became of the messages of one batch of the retry queue: delivered, dead-lettered, or later."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from relay import claims, delivery, mapping, outcomes, payload, routing
from relay.claims import Counter
from relay.config import Config
from relay.delivery import Budget, Send
from relay.entry import Entry, Failed, Outcome
from relay.errors import MappingError, Rejected
from relay.mapping import Check
from relay.message import Message, Origin, Unreadable, parse
from relay.queueing import Queue, Store, queue_of
from relay.request import Request
from relay.webhook import Webhook

GIVE_UP = timedelta(hours=24)
FIRST_SECONDS = 5
LONGEST_SECONDS = 15 * 60


@dataclass(frozen=True, slots=True)
class Received:
    """A message as the queue gave it. A redrive starts `sent_at` and `receive_count` anew."""

    text: str
    receive_count: int
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """The message may be deleted: EventBridge has everything of it that a queue has not."""

    accepted: int = 0
    dead_lettered: int = 0


@dataclass(frozen=True, slots=True)
class Later:
    """The message stays, hidden for this long."""

    seconds: int
    code: str


Verdict = Settled | Later


@dataclass(frozen=True, slots=True)
class Ports:
    """How it reaches AWS.

    `follow` gives the message that a text is or points to; it raises Unreadable, or OSError if that cannot be known
    now. `keep_unreadable` stores a text that is no message, with the reason, as `store` does.
    """

    send: Send
    store: Store
    follow: Callable[[str], str]
    keep_unreadable: Callable[[str, str], str | None]
    counter: Counter
    jitter: Callable[[], float]


def redeliver(
    received: Sequence[Received], config: Config, ports: Ports, now: datetime, budget: Budget
) -> list[Verdict]:
    """One verdict for each message, in order. All entries are put in as few requests as there can be."""
    verdicts: dict[int, Verdict] = {}
    messages: dict[int, Message] = {}
    entries: list[tuple[int, Entry]] = []
    check = partial(claims.checked, counter=ports.counter, now=now)
    for index, one in enumerate(received):
        try:
            messages[index] = message = parse(ports.follow(one.text))
            if isinstance(message.what, Entry):
                mapped = [claims.renewed(message.what, ports.counter, now)]
            else:
                mapped = _mapped(message.what, message.origin, config, check)
            entries += [(index, entry) for entry in mapped]
        except Unreadable as error:
            why_not = ports.keep_unreadable(one.text, str(error))
            verdicts[index] = Settled(dead_lettered=1) if why_not is None else _later(one, "Unreadable", ports)
        except OSError as error:
            verdicts[index] = _later(one, type(error).__name__, ports)
        except MappingError as error:
            failed = messages[index].again(Failed("MappingError", str(error)))
            verdicts[index] = _dead_lettered(one, failed, ports)
    results = delivery.deliver([entry for _, entry in entries], config, ports.send, budget)
    for index, message in messages.items():
        if index not in verdicts:
            mine = [(entry, result) for (owner, entry), result in zip(entries, results, strict=True) if owner == index]
            verdicts[index] = _verdict(received[index], message, mine, ports, now)
    return [verdicts[index] for index in range(len(received))]


def _mapped(request: Request, origin: Origin, config: Config, check: Check) -> list[Entry]:
    """The entries of a webhook that could not be mapped, with today's relay.toml. Raises MappingError."""
    try:
        route, path = routing.match(config.routes, request.method, request.path)
        webhook = Webhook(route, request, path, datetime.fromisoformat(origin.received_at))
        text, value = payload.parse(request, route.body)
        scope = {**mapping.scope_of(webhook, value), "id": origin.webhook_id}
        return mapping.entries(route, scope, text, config, check)
    except Rejected as error:
        raise MappingError(f'route "{origin.route}": {error.detail}') from error


def _verdict(
    received: Received, message: Message, mine: Sequence[tuple[Entry, Outcome]], ports: Ports, now: datetime
) -> Verdict:
    failures = [(entry, result) for entry, result in mine if isinstance(result, Failed)]
    accepted = len(mine) - len(failures)
    given_up = now - received.sent_at >= GIVE_UP
    if isinstance(message.what, Entry) and failures:
        failed = message.again(replace(failures[0][1], attempts=received.receive_count))
        if outcomes.retryable(failed.failed) and not given_up:
            return _later(received, failed.failed.code, ports)
        return _dead_lettered(received, failed, ports)
    # What is left of a webhook is entries: those that may yet be taken go back to the queue, each on its own.
    left = [replace(message, what=entry, failed=failed) for entry, failed in failures]
    for queue in Queue:
        of_this_queue = [one for one in left if queue_of(one.failed) is queue]
        if any(why_not is not None for why_not in ports.store(queue, of_this_queue)):
            return _later(received, "NotKept", ports)
    return Settled(accepted, dead_lettered=sum(queue_of(one.failed) is Queue.DEAD_LETTERS for one in left))


def _dead_lettered(received: Received, message: Message, ports: Ports) -> Verdict:
    (why_not,) = ports.store(Queue.DEAD_LETTERS, [message])
    return Settled(dead_lettered=1) if why_not is None else _later(received, "NotKept", ports)


def _later(received: Received, code: str, ports: Ports) -> Later:
    """Exponentially later, between half and all of it at random, so that a backlog does not come back at once."""
    longest = min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** min(received.receive_count - 1, 20))
    return Later(max(1, round(longest * (0.5 + ports.jitter() / 2))), code)
