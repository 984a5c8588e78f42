"""Look at the sources of one Region for a minute: what somebody waits for first, then what was not looked at longest.

Only ListPartnerEventSourceAccounts tells a partner whether anybody listens to a source.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import TypeVar

from relay.destinations import held
from relay.destinations.errors import ChangedError, DestinationError, ThrottledError
from relay.destinations.events import OperationalEvent, event_of
from relay.destinations.model import Destination, SourceStatus, Status
from relay.destinations.reconcile import Action, Look, look_at

T = TypeVar("T")
EXPIRES_SOON = timedelta(days=1)
WAITING_FOR_ANOTHER = 3
"""How many sources that somebody waits for are looked at before one of the others is."""
MOST_KEYS = 1000
"""How many held webhooks are looked at, or deleted, at once."""
MOST_DELETED = 10 * MOST_KEYS
"""How many of one destination a run deletes, which takes a few seconds: the others have to be looked at, too."""


@dataclass(frozen=True, slots=True)
class ReconcileServices:
    """How the reconciler reaches AWS; each raises OSError, and ThrottledError where AWS wants fewer calls.

    `look` returns what AWS says of the destination's source in its account, and AWS's own time: the function's clock
    may be wrong. `create_source` and `delete_source` succeed if it is there, or gone, already. `save` stores what
    changed, and raises a DestinationError if somebody else was faster. `forget` deletes the items of a destination.
    `start_release` asks the releaser to begin. `keys` yields the held keys of a prefix, in order.
    """

    waiting: Callable[[str], Iterable[tuple[str, str]]]
    destinations: Callable[[], Iterable[Destination]]
    find: Callable[[str, str], Destination | None]
    look: Callable[[Destination], tuple[Look, datetime]]
    create_source: Callable[[Destination], None]
    delete_source: Callable[[Destination], None]
    save: Callable[[Destination, Destination], None]
    forget: Callable[[Destination], None]
    start_release: Callable[[Destination], None]
    keys: Callable[[str], Iterable[str]]
    delete_keys: Callable[[Sequence[str]], None]
    notify: Callable[[Sequence[OperationalEvent]], None]
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Settings:
    """`settle`, `hold` and `cache` of relay.toml; with `observe` the reconciler looks, reports and changes nothing."""

    settle: timedelta
    hold: timedelta
    cache: timedelta
    looks_per_second: float = 20
    observe: bool = False


@dataclass(slots=True)
class Report:
    """What one run saw and did, for the log and the metrics."""

    looks: int = 0
    throttled: int = 0
    sources_created: int = 0
    destinations_deleted: int = 0
    releases: int = 0
    expired_webhooks: int = 0
    expiring_webhooks: int = 0
    failed: list[str] = field(default_factory=list)
    states: dict[str, int] = field(default_factory=dict)
    oldest_look_seconds: float = 0
    stuck_seconds: float = 0
    dropped_seconds: float = 0


def reconcile(region: str, services: ReconcileServices, settings: Settings, ends_at: datetime) -> Report:
    """Look at as many sources of `region` as the rate and the time allow.

    What fails for one destination is reported and looked at again a minute later; the others are looked at.
    """
    report = Report()
    looks_per_second = settings.looks_per_second
    for destination in _in_turn(region, services, report):
        if services.clock() >= ends_at:
            break
        begun = services.clock()
        try:
            _reconcile_one(destination, services, settings, report)
        except ChangedError:  # somebody else has just looked at it, changed it, or deleted it
            pass
        except ThrottledError:
            report.throttled += 1
            looks_per_second = max(1.0, looks_per_second / 2)
        except (OSError, DestinationError) as error:
            report.failed.append(f"{destination.label}: {str(error) or type(error).__name__}")
        spent = (services.clock() - begun).total_seconds()
        services.sleep(max(0.0, 1 / looks_per_second - max(0.0, spent)))
    return report


def _in_turn(region: str, services: ReconcileServices, report: Report) -> Iterator[Destination]:
    """Yield each destination as it is now: three that somebody waits for, then another; longest not looked at first.

    However many wait, the others are looked at, too: EventBridge drops what is put to one whose bus was detached.
    """
    known = {(found.customer, found.name): found for found in services.destinations() if found.aws_region == region}
    for found in known.values():
        status = found.state.source_status.value
        report.states[status] = report.states.get(status, 0) + 1
    seen = [found.state.source_status_at or found.created_at for found in known.values() if not found.deleting]
    now = services.clock()
    report.oldest_look_seconds = max(((now - when).total_seconds() for when in seen if when), default=0)

    def last_look(name: tuple[str, str]) -> datetime:
        at = known[name].state.source_status_at if name in known else None
        return at or datetime.min.replace(tzinfo=UTC)

    waiting = dict.fromkeys(services.waiting(region))
    first = sorted(waiting, key=last_look)
    others = sorted((name for name in known if name not in waiting), key=last_look)
    for name in _interleave(first, others):
        if destination := services.find(*name):
            yield destination


def _interleave(first: Iterable[T], others: Iterable[T]) -> Iterator[T]:
    """Yield WAITING_FOR_ANOTHER of `first`, then one of `others`, and so on; then what is left of either."""
    some, rest = iter(first), iter(others)
    while chunk := [*islice(some, WAITING_FOR_ANOTHER), *islice(rest, 1)]:
        yield from chunk


def _reconcile_one(destination: Destination, services: ReconcileServices, settings: Settings, report: Report) -> None:
    if destination.deleting:
        if not settings.observe:
            report.destinations_deleted += finish_deletion(destination, services)
        return
    try:
        found, now, events = _look(destination, services, settings, report)
    except (OSError, DestinationError):
        # What is held ends whatever is the matter with the source, or with relay.toml's Regions.
        _end_holding(destination, services, settings, services.clock(), report)
        raise
    if found.holding or found.status is not Status.ENABLED:
        _end_holding(found, services, settings, now, report)
    if events:
        services.notify([event_of(found, detail_type, now) for detail_type in events])


def _look(
    destination: Destination, services: ReconcileServices, settings: Settings, report: Report
) -> tuple[Destination, datetime, Sequence[str]]:
    """Look at the source and store what that changes; return the destination as it is then, AWS's time, and events."""
    look, now = services.look(destination)
    report.looks += 1
    change = look_at(destination, look, now, settings.settle)
    if change.dropped_since:
        report.dropped_seconds += (now - change.dropped_since + settings.cache).total_seconds()
    if settings.observe:
        return destination, now, ()
    if Action.CREATE_SOURCE in change.actions:
        services.create_source(destination)
        report.sources_created += 1
    services.save(destination, change.destination)
    if Action.RELEASE in change.actions:
        services.start_release(change.destination)
        report.releases += 1
    _report_stuck(change.destination, now, report)
    return change.destination, now, change.events


def finish_deletion(destination: Destination, services: ReconcileServices) -> bool:
    """Delete the source, what is held, and the items; every step may be done already.

    Return whether all of it is gone: of what is held, at most MOST_DELETED objects are deleted at once. Raise OSError
    or DestinationError.
    """
    services.delete_source(destination)
    prefixes = [
        held.prefix(destination.customer, destination.name, destination.id, root) for root in (held.HELD, held.RELEASED)
    ]
    keys = chain.from_iterable(map(services.keys, prefixes))
    for _ in range(MOST_DELETED // MOST_KEYS):
        some = list(islice(keys, MOST_KEYS))
        if not some:
            services.forget(destination)
            return True
        services.delete_keys(some)
    return False


def _end_holding(
    destination: Destination, services: ReconcileServices, settings: Settings, now: datetime, report: Report
) -> None:
    """Delete what has been held for too long, and tell it, and a day before."""
    if settings.observe:
        return
    keys: list[str] = []
    for key in services.keys(held.prefix(destination.customer, destination.name, destination.id)):
        found = held.parse_key(key)
        if len(keys) == MOST_KEYS or (found and now - found.received_at < settings.hold - EXPIRES_SOON):
            break
        keys.append(key)
    over = held.ended(keys, now, settings.hold)
    expiring = len(keys) - len(over)
    if over:
        services.delete_keys(over)
    report.expired_webhooks += len(over)
    report.expiring_webhooks += expiring
    webhooks = {"Entries Expired": len(over), "Entries Expiring": expiring}
    events = [event_of(destination, name, now, webhooks=number) for name, number in webhooks.items() if number]
    if events:
        services.notify(events)


def _report_stuck(destination: Destination, now: datetime, report: Report) -> None:
    """Note for how long a release has made no progress."""
    if (since := destination.state.releasing_at) and destination.state.source_status is SourceStatus.ACTIVE:
        report.stuck_seconds = max(report.stuck_seconds, (now - since).total_seconds())
