"""What a look at a source changes: what waits, what is released, and what is created again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.destinations.model import Destination, Holding, SourceState, SourceStatus, Status
from relay.destinations.reconcile import (
    MAX_REFUSALS,
    Action,
    Change,
    Look,
    is_recoverable,
    look_at,
    refuse,
    start_delivery,
)
from tests.unit.destinations.destinations import ACTIVE, NOW, destination

SETTLE = timedelta(minutes=10)
MINUTE = timedelta(minutes=1)
IS_ACTIVE, IS_PENDING, IS_GONE = Look(SourceStatus.ACTIVE), Look(SourceStatus.PENDING), Look(None)


def looked(destination: Destination, *looks: Look, every: timedelta = MINUTE, settle: timedelta = SETTLE) -> Change:
    """Look once in `every`, from now on; return the last change, with what all of them did."""
    actions: list[Action] = []
    events: list[str] = []
    change = Change(destination)
    for number, look in enumerate(looks):
        change = look_at(change.destination, look, NOW + number * every, settle)
        actions += change.actions
        events += change.events
    return replace(change, actions=tuple(actions), events=tuple(events))


def test_a_new_source_is_pending_and_holds() -> None:
    change = looked(destination(SourceState()), IS_PENDING)
    assert change.destination.holding is Holding.SOURCE_PENDING
    assert (change.actions, change.events, change.dropped_since) == ((), ("Destination Pending",), None)


def test_a_source_that_is_attached_settles_before_anything_is_put() -> None:
    change = looked(destination(SourceState()), IS_PENDING, *[IS_ACTIVE] * 10)
    assert change.destination.holding is Holding.SETTLING
    assert change.actions == ()
    assert change.events == ("Destination Pending", "Destination Activated")


def test_what_was_held_is_released_when_the_source_has_settled() -> None:
    change = looked(destination(SourceState()), IS_PENDING, *[IS_ACTIVE] * 11)
    assert change.destination.holding is None
    assert change.destination.state.releasing_at
    assert change.actions == (Action.RELEASE,)


def test_without_settling_the_first_look_that_sees_it_active_releases() -> None:
    change = looked(destination(SourceState()), IS_ACTIVE, settle=timedelta(0))
    assert (change.destination.holding, change.actions) == (None, (Action.RELEASE,))


def test_a_release_that_was_cut_off_is_asked_for_again() -> None:
    change = looked(destination(replace(ACTIVE, releasing_at=NOW)), IS_ACTIVE)
    assert change.actions == (Action.RELEASE,)


def test_a_source_that_goes_on_being_active_changes_nothing() -> None:
    change = looked(destination(), IS_ACTIVE, IS_ACTIVE)
    assert (change.actions, change.events, change.destination.holding) == ((), (), None)


def test_a_paused_destination_settles_and_releases_nothing() -> None:
    change = looked(destination(SourceState(), status=Status.PAUSED), *[IS_ACTIVE] * 20)
    assert change.destination.holding is Holding.PAUSED
    assert Action.RELEASE not in change.actions


def test_a_bus_that_was_detached_is_noticed_with_the_last_time_it_was_there() -> None:
    change = looked(destination(), IS_ACTIVE, IS_PENDING)
    assert change.destination.holding is Holding.SOURCE_PENDING
    assert change.dropped_since == NOW
    assert change.events == ("Destination Pending",)


def test_each_return_from_pending_settles_again() -> None:
    change = looked(destination(), IS_PENDING, IS_ACTIVE)
    assert change.destination.holding is Holding.SETTLING


def test_the_end_of_a_pending_source_is_told_once_three_days_before() -> None:
    soon = Look(SourceStatus.PENDING, NOW + timedelta(days=3))
    later = Look(SourceStatus.PENDING, NOW + timedelta(days=3, hours=1))
    assert looked(destination(SourceState()), later).events == ("Destination Pending",)
    change = looked(destination(SourceState()), soon, soon, soon)
    assert change.events == ("Destination Pending", "Destination Expiring")
    assert change.destination.state.expires_at == soon.expires_at


def test_one_look_that_does_not_find_it_holds_but_creates_nothing() -> None:
    change = looked(destination(), IS_GONE)
    assert change.destination.holding is Holding.SOURCE_MISSING
    assert (change.actions, change.events) == ((), ("Destination Missing",))


def test_two_looks_within_a_minute_create_nothing() -> None:
    assert looked(destination(), IS_GONE, IS_GONE, every=timedelta(seconds=59)).actions == ()


def test_a_source_that_was_active_and_is_gone_is_created_again_under_its_name() -> None:
    change = looked(destination(), IS_GONE, IS_GONE)
    assert change.actions == (Action.CREATE_SOURCE,)
    assert change.destination.holding is Holding.SOURCE_PENDING
    assert change.destination.source == destination().source


def test_a_source_that_was_only_not_listed_for_a_moment_stays() -> None:
    change = looked(destination(), IS_GONE, IS_ACTIVE, IS_GONE)
    assert change.actions == ()


def test_a_source_that_nobody_attached_is_created_once_more_and_then_disabled() -> None:
    never = destination(SourceState(SourceStatus.PENDING))
    again = looked(never, IS_GONE, IS_GONE)
    assert again.actions == (Action.CREATE_SOURCE,)
    ended = looked(again.destination, IS_PENDING, IS_GONE, IS_GONE)
    assert ended.actions == ()
    assert (ended.destination.status, ended.destination.status_reason) == (Status.DISABLED, "never-attached")
    assert ended.events[-1] == "Destination Disabled"
    assert ended.destination.version == never.version + 1


def test_a_source_that_was_created_again_and_attached_is_like_any_other() -> None:
    change = looked(destination(), IS_GONE, IS_GONE, IS_PENDING, IS_ACTIVE, IS_GONE, IS_GONE)
    assert change.actions.count(Action.CREATE_SOURCE) == 2
    assert change.destination.status is Status.ENABLED


def test_nothing_is_created_for_a_disabled_destination() -> None:
    assert looked(destination(status=Status.DISABLED), *[IS_GONE] * 5).actions == ()


def test_a_refused_destination_is_released_once_more_after_five_minutes() -> None:
    refused = refuse(destination(), "NotAuthorizedForSourceException", NOW)
    assert refused.holding is Holding.REFUSED
    assert looked(refused, *[IS_ACTIVE] * 5).actions == ()
    change = looked(refused, *[IS_ACTIVE] * 6)
    assert (change.destination.holding, change.actions) == (None, (Action.RELEASE,))


def test_a_hundred_refusals_in_a_row_disable_the_destination_at_the_next_look() -> None:
    almost = destination(replace(ACTIVE, refusals=MAX_REFUSALS - 1))
    assert looked(almost, IS_ACTIVE).destination.status is Status.ENABLED
    refused = refuse(almost, "x", NOW)
    assert refused.status is Status.ENABLED
    change = looked(refused, IS_ACTIVE)
    assert (change.destination.status, change.destination.status_reason) == (Status.DISABLED, "refused")
    assert (change.destination.version, change.events) == (refused.version + 1, ("Destination Disabled",))
    assert looked(change.destination, IS_ACTIVE).events == ()


@pytest.mark.parametrize("gone", [IS_PENDING, IS_GONE])
def test_a_source_that_was_gone_meanwhile_begins_without_refusals(gone: Look) -> None:
    refused = destination(replace(ACTIVE, refusals=MAX_REFUSALS))
    assert looked(refused, gone, IS_ACTIVE).destination.status is Status.ENABLED


@pytest.mark.parametrize("state", [replace(ACTIVE, settling_since=NOW), replace(ACTIVE, refused_at=NOW)])
def test_start_delivery_ends_what_somebody_waits_for(state: SourceState) -> None:
    started = start_delivery(destination(state), NOW)
    assert started.holding is None
    assert started.state.releasing_at


@pytest.mark.parametrize(("state", "status"), [(SourceState(), Status.ENABLED), (ACTIVE, Status.PAUSED)])
def test_start_delivery_starts_nothing_where_nobody_can_receive(state: SourceState, status: Status) -> None:
    assert not start_delivery(destination(state, status=status), NOW).state.releasing_at


def test_a_clock_that_was_set_back_never_shortens_settling() -> None:
    settling = destination(replace(ACTIVE, settling_since=NOW))
    back = look_at(settling, IS_ACTIVE, NOW - timedelta(hours=1), SETTLE).destination
    assert back.state.settling_since == NOW - timedelta(hours=1)
    still = look_at(back, IS_ACTIVE, NOW - timedelta(hours=1) + timedelta(minutes=9), SETTLE).destination
    assert still.holding is Holding.SETTLING


LOOKS = st.lists(st.sampled_from([IS_ACTIVE, IS_PENDING, IS_GONE]), max_size=30)


@given(LOOKS, st.lists(st.integers(-3600, 3600), min_size=30, max_size=30))
def test_whatever_is_seen_nothing_is_put_to_a_source_that_was_not_seen_active_last(
    looks: Sequence[Look], steps: Sequence[int]
) -> None:
    change, now = Change(destination(SourceState())), NOW
    for look, step in zip(looks, steps, strict=False):
        now = _later(now, step)
        change = look_at(change.destination, look, now, SETTLE)
        if change.destination.holding is None and change.destination.status is Status.ENABLED:
            assert look is IS_ACTIVE
        state = change.destination.state
        assert Action.RELEASE not in change.actions or not change.destination.holding or is_recoverable(state, now)


def _later(now: datetime, seconds: int) -> datetime:
    return now + timedelta(seconds=seconds)
