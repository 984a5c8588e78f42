"""What a look at a destination's source changes, and what has to be done: pure, with the clock passed in.

https://docs.aws.amazon.com/eventbridge/latest/onboarding/amazon_eventbridge_partner_onboarding_guide.html
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from relay.destinations.model import Destination, DisabledReason, SourceState, SourceStatus, Status

MISSING_FOR = timedelta(minutes=1)
"""How long a source has to be gone, in two looks, before it is created again: a look may be older than a deletion."""
RETRY_REFUSED_AFTER = timedelta(minutes=5)
MAX_REFUSALS = 100
"""Requests refused in a row, after which nothing is tried any more: one webhook may have a hundred entries."""
EXPIRES_SOON = timedelta(days=3)
PUT_UNTIL = timedelta(minutes=10)
"""For how long after the look that saw a source pending functions may go on to put: what they remember of a customer is
good for that long if the registry is away."""
READ_ARCHIVE_AFTER = PUT_UNTIL + timedelta(minutes=3)
"""After that look: Firehose writes once a minute."""


@dataclass(frozen=True, slots=True)
class Look:
    """What AWS said of a source: its state, None if there is no such source, and when a PENDING one expires."""

    state: SourceStatus | None
    expires_at: datetime | None = None


class Action(Enum):
    """What the reconciler has to do, before it stores the change."""

    CREATE_SOURCE = "create the source"
    RELEASE = "release what is held, or hold what may have been dropped"


@dataclass(frozen=True, slots=True)
class Change:
    """The destination as it is now, what has to be done, and the operational events that say so.

    `dropped_since` is the last time the source was seen active, if it is not any more: what was put since may have
    been dropped.
    """

    destination: Destination
    actions: tuple[Action, ...] = ()
    events: tuple[str, ...] = ()
    dropped_since: datetime | None = None


def look_at(destination: Destination, look: Look, now: datetime, settle: timedelta) -> Change:
    """Return what this look changes. A clock that was set back makes waiting longer, never shorter than `settle`."""
    match look.state:
        case SourceStatus.ACTIVE:
            change = _active(destination, now, settle)
        case SourceStatus.PENDING:
            change = _pending(destination, look, now)
        case _:
            change = _missing(destination, now)
    return _with_recovery(_with_dropped(change, now), now)


def is_recoverable(state: SourceState, now: datetime) -> bool:
    """Return whether what may have been dropped can be read from the archive by now."""
    return state.dropped_until is not None and now - state.dropped_until >= READ_ARCHIVE_AFTER


def _with_dropped(change: Change, now: datetime) -> Change:
    """Return the change, which notes what may have been dropped, beside what was noted before."""
    if change.dropped_since is None:
        return change
    before = change.destination.state
    since = min(before.dropped_since or change.dropped_since, change.dropped_since)
    state = replace(before, dropped_since=since, dropped_until=now, recovery="")
    return replace(change, destination=replace(change.destination, state=state))


def _with_recovery(change: Change, now: datetime) -> Change:
    """Return the change, in which the releaser is asked to hold what may have been dropped."""
    is_due = is_recoverable(change.destination.state, now) and change.destination.status is not Status.DISABLED
    if not is_due or Action.RELEASE in change.actions:
        return change
    return replace(change, actions=(*change.actions, Action.RELEASE))


def start_delivery(destination: Destination, now: datetime) -> Destination:
    """Return the destination without the waiting that somebody may end: settling, and what was refused."""
    state = replace(destination.state, settling_since=None, refused_at=None, refusals=0)
    started = replace(destination, state=state)
    return started if _is_waiting(started) else _releasing(started, now)


def pause(destination: Destination) -> Destination:
    """Return the destination, whose entries wait from now on."""
    paused = replace(destination, status=Status.PAUSED, status_reason="")
    return replace(paused, state=replace(paused.state, releasing_at=None, emptied_at=None))


def resume(destination: Destination, now: datetime) -> Destination:
    """Return the destination, enabled: what was held is released once nothing else holds it."""
    state = replace(destination.state, recreated=False, missing_since=None, refused_at=None, refusals=0)
    if destination.status is Status.DISABLED:  # nobody has looked since
        state = replace(state, source_status=SourceStatus.UNKNOWN)
    enabled = replace(destination, status=Status.ENABLED, status_reason="", state=state)
    return enabled if _is_waiting(enabled) else _releasing(enabled, now)


def refuse(destination: Destination, error: str, now: datetime) -> Destination:
    """Return the destination after EventBridge refused entries of it in one request, for no fault of theirs.

    The next look disables it after MAX_REFUSALS: that is told, and the functions that deliver change no configuration.
    """
    state = destination.state
    refused = replace(state, refused_at=now, refusals=state.refusals + 1, last_error=error)
    return replace(destination, state=refused)


def _active(destination: Destination, now: datetime, settle: timedelta) -> Change:
    before = destination.state
    state = replace(
        before,
        source_status=SourceStatus.ACTIVE,
        source_status_at=now,
        was_active=True,
        expires_at=None,
        missing_since=None,
        recreated=False,
    )
    events: tuple[str, ...] = ()
    if before.source_status is not SourceStatus.ACTIVE:
        state = replace(state, settling_since=now)
        events = ("Destination Activated",)
    elif before.settling_since and now < before.settling_since:
        state = replace(state, settling_since=now)
    if state.settling_since and now - state.settling_since >= settle:
        state = replace(state, settling_since=None)
    if state.refusals >= MAX_REFUSALS and destination.status is Status.ENABLED:
        disabled = _disable(replace(destination, state=state), DisabledReason.REFUSED)
        return replace(disabled, events=events + disabled.events)
    if state.refused_at and (now - state.refused_at >= RETRY_REFUSED_AFTER or now < state.refused_at):
        state = replace(state, refused_at=None)
    return _with_release(destination, replace(destination, state=state), events, now)


def _with_release(before: Destination, after: Destination, events: tuple[str, ...], now: datetime) -> Change:
    """Return the change; what was held until now is released, and what is being released goes on."""
    if _is_waiting(after):
        return Change(after, events=events)
    if after.state.releasing_at:
        return Change(after, (Action.RELEASE,), events)
    return Change(_releasing(after, now), (Action.RELEASE,), events) if before.holding else Change(after, events=events)


def _is_waiting(destination: Destination) -> bool:
    """Return whether nothing may be put now."""
    return destination.holding is not None or destination.status is not Status.ENABLED


def _releasing(destination: Destination, now: datetime) -> Destination:
    return replace(destination, state=replace(destination.state, releasing_at=now, emptied_at=None))


def _pending(destination: Destination, look: Look, now: datetime) -> Change:
    before = destination.state
    state = replace(
        before,
        source_status=SourceStatus.PENDING,
        source_status_at=now,
        settling_since=None,
        expires_at=look.expires_at,
        missing_since=None,
        refused_at=None,
        refusals=0,
    )
    events: list[str] = []
    if before.source_status is not SourceStatus.PENDING:
        events.append("Destination Pending")
    if _expires_soon(state, now) and not _expires_soon(before, before.source_status_at or now):
        events.append("Destination Expiring")
    was_active = before.source_status is SourceStatus.ACTIVE
    return Change(
        replace(destination, state=state),
        events=tuple(events),
        dropped_since=before.source_status_at if was_active else None,
    )


def _expires_soon(state: SourceState, now: datetime) -> bool:
    return state.expires_at is not None and state.expires_at <= now + EXPIRES_SOON


def _missing(destination: Destination, now: datetime) -> Change:
    before = destination.state
    since = before.missing_since if before.missing_since and before.missing_since <= now else now
    state = replace(
        before,
        source_status=SourceStatus.MISSING,
        source_status_at=now,
        missing_since=since,
        settling_since=None,
        expires_at=None,
        refused_at=None,
        refusals=0,
    )
    events = () if before.source_status is SourceStatus.MISSING else ("Destination Missing",)
    dropped_since = before.source_status_at if before.source_status is SourceStatus.ACTIVE else None
    missing = Change(replace(destination, state=state), events=events, dropped_since=dropped_since)
    if now - since < MISSING_FOR or destination.status is Status.DISABLED:
        return missing
    if before.recreated and not before.was_active:
        disabled = _disable(missing.destination, DisabledReason.NEVER_ATTACHED)
        return replace(disabled, events=events + disabled.events, dropped_since=dropped_since)
    created = replace(state, source_status=SourceStatus.PENDING, missing_since=None, recreated=True, was_active=False)
    return replace(missing, destination=replace(destination, state=created), actions=(Action.CREATE_SOURCE,))


def _disable(destination: Destination, reason: DisabledReason) -> Change:
    disabled = replace(destination, status=Status.DISABLED, status_reason=reason.value, version=destination.version + 1)
    return Change(replace(disabled, state=replace(disabled.state, releasing_at=None)), events=("Destination Disabled",))
