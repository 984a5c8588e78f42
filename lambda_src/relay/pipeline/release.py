"""Release what is held for one destination: oldest first, at a bounded rate, one object in memory at a time.

An object is deleted only after the fate of each of its entries is known and a copy lies under `released/`. What is
left of one, because the time was short or its source refused some, is an object of its own. Killed anywhere, the next
run begins again with the oldest object: an event may arrive twice, and none is lost.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from relay.delivery.error_codes import is_retryable, refuses_relay, refuses_source
from relay.delivery.message import DestinationRef, Message
from relay.delivery.undelivered import Queue, queue_for
from relay.destinations import held
from relay.destinations.errors import ChangedError
from relay.destinations.model import Destination, Status
from relay.destinations.reconcile import is_recoverable, refuse
from relay.entry import Accepted, Entry, Outcome
from relay.pipeline import entry_lines
from relay.pipeline.results import EntryLine

MAX_REFUSALS_OF_AN_ENTRY = 3
RESERVED_SECONDS = 30
"""Of the function's time: what one batch, and noting how far it came, may take."""
OBJECTS_BETWEEN_LOOKS, SECONDS_BETWEEN_LOOKS = 100, 5
"""After how many objects, or seconds, the registry is asked again: the destination may have been paused, or its bus
detached, and EventBridge drops what is put to a source that nobody listens to."""


Recover = Callable[[Destination, Callable[[], bool], Callable[[str], None]], int | None]


@dataclass(frozen=True, slots=True)
class ReleaseServices:
    """How the releaser reaches AWS; every function but `sleep` and `clock` raises OSError.

    `find` returns the destination as it is now, and `save` stores what changed. `keys` yields the keys under a prefix
    in order, `read` returns an object (None if it is gone), `copy` copies one key to another, `write` and `delete` do
    what they say. `deliver` puts entries and returns their outcomes, in order. `store` puts messages into a queue and
    returns, for each, None or why it is not there. `keep_unreadable` dead-letters a text. `refresh` renews an entry's
    claim check. `log` writes lines of the delivery log. `recover` holds again what may have been dropped and returns
    how many entries; None if the first function that is passed to it returned False before that was done. It tells the
    second how far it came.
    """

    find: Callable[[str, str], Destination | None]
    save: Callable[[Destination, Destination], None]
    keys: Callable[[str], Iterable[str]]
    read: Callable[[str], bytes | None]
    write: Callable[[str, bytes], None]
    copy: Callable[[str, str], None]
    delete: Callable[[str], None]
    deliver: Callable[[Sequence[Entry]], Sequence[Outcome]]
    store: Callable[[Queue, Sequence[Message]], Sequence[str | None]]
    keep_unreadable: Callable[[str, str], str | None]
    refresh: Callable[[Entry], Entry]
    log: Callable[[Sequence[EntryLine]], object]
    recover: Recover
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Released:
    """What one run did. With `is_cut_off` the time was short, and another run has to go on at once.

    `denied` entries stay as they are: EventBridge refused the relay itself. `recovered` ones may have been dropped, and
    are held again.
    """

    accepted: int = 0
    queued: int = 0
    dead_lettered: int = 0
    refused: int = 0
    denied: int = 0
    recovered: int = 0
    is_cut_off: bool = False


@dataclass(frozen=True, slots=True)
class Pace:
    """`entries_per_second` of a destination, `batch` entries at once, for how long stragglers may come (seconds)."""

    entries_per_second: float
    straggler_seconds: int
    batch: int = 20


class _CannotBeStored(OSError):
    """An entry that was not accepted is in no queue: its object stays."""


def release(which: DestinationRef, services: ReleaseServices, pace: Pace, ends_at: datetime) -> Released:
    """Release until nothing is left, something holds the destination again, or the time until `ends_at` is short.

    A destination is being released until nothing has come for `pace.straggler_seconds`, since a function that had read
    it before it could receive may still hold entries for it: the reconciler asks again every minute. Raise OSError or
    DestinationError: the same message begins again.
    """
    total, ends_at = Released(), ends_at - timedelta(seconds=RESERVED_SECONDS)
    while True:
        destination = services.find(which.customer, which.name)
        if destination is None or destination.id != which.id or destination.deleting:
            return total
        if services.clock() >= ends_at:
            return replace(total, is_cut_off=True)
        if destination.status is not Status.DISABLED and is_recoverable(destination.state, services.clock()):
            total = replace(total, recovered=total.recovered + _recover(destination, services, ends_at))
            continue
        if destination.status is not Status.ENABLED or destination.holding:
            return total
        if since := destination.state.restoring_since:
            _restore(destination, since, services, ends_at)
            continue
        look_again_at = services.clock() + timedelta(seconds=SECONDS_BETWEEN_LOOKS)
        done = _release_page(destination, services, pace, min(ends_at, look_again_at))
        if done is None:
            _finish(destination, services, pace)
            return total
        total = _sum(total, done)
        if done.denied:
            raise OSError("EventBridge refused the relay itself: see the permissions of its role")


def _recover(destination: Destination, services: ReleaseServices, ends_at: datetime) -> int:
    """Hold again what may have been dropped, and note that it is. Return how many entries."""
    current = destination

    def note(progress: str) -> None:
        nonlocal current
        after = replace(current, state=replace(current.state, recovery=progress))
        services.save(current, after)
        current = after

    number = services.recover(destination, lambda: services.clock() < ends_at, note)
    if number is None:
        return 0
    state = replace(current.state, dropped_since=None, dropped_until=None, recovery="")
    with suppress(ChangedError):  # the source was active and is pending again: there is more
        services.save(current, replace(current, state=state))
    return number


def _restore(destination: Destination, since: datetime, services: ReleaseServices, ends_at: datetime) -> None:
    """Hold once more what was released of webhooks received at or after `since`, and note how far that came."""
    left: datetime | None = None
    for key in services.keys(held.prefix(destination.customer, destination.name, destination.id, held.RELEASED)):
        found = held.parse_key(key)
        if not found or found.received_at < since or held.is_part(key):
            continue
        if services.clock() >= ends_at:
            left = found.received_at
            break
        services.copy(key, held.HELD + key.removeprefix(held.RELEASED))
    state = replace(destination.state, restoring_since=left, releasing_at=services.clock(), emptied_at=None)
    with suppress(ChangedError):  # more was asked for meanwhile: the next look at the registry says from when on
        services.save(destination, replace(destination, state=state))


def _release_page(
    destination: Destination, services: ReleaseServices, pace: Pace, ends_at: datetime
) -> Released | None:
    """Release the first objects, None if there is none. Stop when the time is short or entries are refused."""
    total, found = Released(), False
    keys = services.keys(held.prefix(destination.customer, destination.name, destination.id))
    for key in islice(keys, OBJECTS_BETWEEN_LOOKS):
        found = True
        if services.clock() >= ends_at:
            break
        done = _release_object(destination, key, services, pace, ends_at)
        total = _sum(total, done)
        if after := _progress(destination, done, services.clock()):
            services.save(destination, after)
            destination = after
        if done.refused or done.denied:
            break
    return total if found else None


def _progress(destination: Destination, done: Released, now: datetime) -> Destination | None:
    """Return the destination after an object was released, None if that need not be stored: once a minute is enough."""
    before = destination.state
    state = replace(before, releasing_at=now, emptied_at=None)
    if done.accepted:
        state = replace(state, refusals=0, last_delivered_at=now)
    after = replace(destination, state=state)
    if done.refused:
        return refuse(after, "EventBridge refused the source", now)
    recent = before.releasing_at and timedelta(0) <= now - before.releasing_at < timedelta(minutes=1)
    unchanged = before.refusals == state.refusals and before.emptied_at is None and before.last_delivered_at
    return None if recent and unchanged else after


def _release_object(
    destination: Destination, key: str, services: ReleaseServices, pace: Pace, ends_at: datetime
) -> Released:
    content = services.read(key)
    if content is None:  # it was released a moment ago
        return Released()
    messages, unreadable = held.load(content)
    for line in unreadable:
        if why_not := services.keep_unreadable(line, "a held entry could not be read"):
            raise _CannotBeStored(why_not)
    total, left = Released(dead_lettered=len(unreadable)), list[Message]()
    for start in range(0, len(messages), pace.batch):
        batch = messages[start : start + pace.batch]
        begun = services.clock()
        if start and begun >= ends_at:
            left += messages[start:]
            break
        done, again = _release_batch(destination, batch, services)
        total = _sum(total, done)
        left += again
        if done.denied:
            left += messages[start + len(batch) :]
            break
        spent = (services.clock() - begun).total_seconds()
        services.sleep(max(0.0, len(batch) / pace.entries_per_second - max(0.0, spent)))
    _store_progress(key, messages, left, services)
    return total


def _store_progress(key: str, messages: Sequence[Message], left: Sequence[Message], services: ReleaseServices) -> None:
    """Keep what is left of an object, and a copy of all of it once a part was released."""
    if left and len(left) == len(messages):
        services.write(key, held.dump(left))
        return
    services.copy(key, held.released_key(key, len(messages)))
    rest = held.rest_key(key)
    if left:
        services.write(rest, held.dump(left))
    if not left or rest != key:
        services.delete(key)


def _release_batch(
    destination: Destination, messages: Sequence[Message], services: ReleaseServices
) -> tuple[Released, list[Message]]:
    """Return what became of a batch, and the messages that stay: their source is refused, or the relay itself."""
    entries = [services.refresh(_addressed(destination, message)) for message in messages]
    outcomes = services.deliver(entries)
    denied, refused, failed, lines = list[Message](), list[Message](), list[Message](), list[EntryLine]()
    for message, entry, outcome in zip(messages, entries, outcomes, strict=True):
        sent = replace(message, content=entry)
        if isinstance(outcome, Accepted):
            lines.append(entry_lines.of_message(sent, entry_lines.RELEASED, outcome))
            continue
        if refuses_relay(outcome):
            denied.append(message)
        elif refuses_source(outcome):
            again = sent.with_refusal(outcome)
            (refused if again.failed.attempts < MAX_REFUSALS_OF_AN_ENTRY else failed).append(again)
        else:
            failed.append(sent.with_failure(outcome))
    for queue in Queue:
        of_this_queue = [message for message in failed if queue_for(message.failed) is queue]
        if of_this_queue and (why_not := next(filter(None, services.store(queue, of_this_queue)), None)):
            raise _CannotBeStored(f"{queue.value}: {why_not}")
    services.log([*lines, *map(entry_lines.of_queued, failed)])
    queued = sum(is_retryable(message.failed) for message in failed)
    accepted = len(messages) - len(failed) - len(refused) - len(denied)
    return Released(accepted, queued, len(failed) - queued, len(refused), len(denied)), refused + denied


def _addressed(destination: Destination, message: Message) -> Entry:
    """Return the entry as it goes to the destination's source of today."""
    entry = message.content
    if not isinstance(entry, Entry):
        raise TypeError("a held message is an entry")
    return replace(entry, source=destination.source, region=destination.aws_region)


def _finish(destination: Destination, services: ReleaseServices, pace: Pace) -> None:
    """Note since when nothing is left, and the end once that is long enough."""
    now, emptied_at = services.clock(), destination.state.emptied_at
    if emptied_at and now - emptied_at >= timedelta(seconds=pace.straggler_seconds):
        state = replace(destination.state, releasing_at=None, emptied_at=None)
        services.save(destination, replace(destination, state=state))
    elif emptied_at is None or emptied_at > now:
        state = replace(destination.state, emptied_at=now, releasing_at=now)
        services.save(destination, replace(destination, state=state))


def _sum(one: Released, other: Released) -> Released:
    return Released(
        one.accepted + other.accepted,
        one.queued + other.queued,
        one.dead_lettered + other.dead_lettered,
        one.refused + other.refused,
        one.denied + other.denied,
        one.recovered + other.recovered,
    )
