"""A SaaS connects its customers' destinations: what is allowed, what is refused, and what is left when AWS refuses."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from relay.control.errors import ControlError
from relay.control.service import Control
from relay.control.services import Held
from relay.control.wanted import Precondition, Wanted
from relay.destinations.errors import SourceOwnedError, SourceRefusedError
from relay.destinations.model import Destination, Holding, SourceStatus
from relay.destinations.reconcile import Look
from tests.unit.control.world import ALWAYS, BACKEND, PARTNER, SETTINGS, WANTED, World
from tests.unit.destinations.destinations import NOW, destination


def test_a_new_destination_has_a_source_of_its_own_with_an_id_that_is_never_used_again() -> None:
    world = World()
    created = world.put()
    assert created.source == f"{PARTNER}/c42/prod-id0000"
    assert world.sources == [created.source]
    world.control.delete("c42", "prod", discard=False, actor=BACKEND)
    assert world.put().source == f"{PARTNER}/c42/prod-id0001"


def test_the_same_put_again_changes_nothing() -> None:
    world = World()
    first = world.put()
    assert world.control.put("c42", "prod", WANTED, "somebody else", ALWAYS) == (first, False)
    assert world.event_names() == ["Destination Created", "Destination Pending"]


def test_a_new_destination_has_the_state_and_the_clock_of_its_source_at_once() -> None:
    world = World()
    world.look = Look(SourceStatus.PENDING, NOW + timedelta(days=7))
    state = world.put().state
    assert (state.source_status, state.expires_at) == (SourceStatus.PENDING, NOW + timedelta(days=7))
    assert world.rows["c42", "prod"].state == state


def test_an_adopted_source_that_is_active_settles_from_its_creation_on() -> None:
    world = World()
    world.look = Look(SourceStatus.ACTIVE)
    assert world.put().holding is Holding.SETTLING


def test_a_source_that_cannot_be_looked_at_yet_is_unknown_and_the_destination_is_there() -> None:
    for look in (Look(None), SourceRefusedError("ThrottlingException", "Rate exceeded"), OSError("AWS is away")):
        world = World()

        def answer(_: Destination, look: Look | Exception = look) -> tuple[Look, datetime]:
            if isinstance(look, Exception):
                raise look
            return look, NOW

        control = Control(replace(world.control.services, look=answer), SETTINGS)
        created, new = control.put("c42", "prod", WANTED, BACKEND, ALWAYS)
        assert (created.state.source_status, new) == (SourceStatus.UNKNOWN, True)


def test_a_new_destination_that_is_deleted_during_its_first_look_is_no_failure() -> None:
    world = World()

    def look(created: Destination) -> tuple[Look, datetime]:
        del world.rows[created.customer, created.name]
        return Look(SourceStatus.PENDING), NOW

    control = Control(replace(world.control.services, look=look), SETTINGS)
    assert control.put("c42", "prod", WANTED, BACKEND, ALWAYS)[0].state.source_status is SourceStatus.UNKNOWN
    assert not world.rows


def test_a_changed_put_is_a_new_version_with_whoever_changed_it() -> None:
    world = World()
    first = world.put()
    changed = world.control.put("c42", "prod", replace(WANTED, detail_types=("order.*",)), "arn:x", ALWAYS)[0]
    assert (changed.detail_types, changed.version, changed.updated_by) == (("order.*",), first.version + 1, "arn:x")
    assert changed.etag != first.etag
    assert world.event_names()[-1] == "Destination Updated"


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        (replace(WANTED, aws_account_id="333333333333"), "aws_account_id"),
        (replace(WANTED, aws_region="eu-west-1"), "aws_region"),
        (replace(WANTED, source=f"{PARTNER}/c42/other"), "source"),
    ],
)
def test_a_field_that_cannot_change_is_named(wanted: Wanted, name: str) -> None:
    world = World()
    first = world.put()
    with pytest.raises(ControlError) as raised:
        world.put(wanted=wanted)
    assert (raised.value.status, raised.value.code, raised.value.extra) == (409, "immutable", {"field": name})
    assert world.control.get("c42", "prod") == first


def test_a_source_that_was_made_by_hand_is_adopted() -> None:
    world = World()
    assert world.put(wanted=replace(WANTED, source=f"{PARTNER}/by-hand")).source == f"{PARTNER}/by-hand"


def test_a_source_has_one_owner() -> None:
    world = World()
    wanted = replace(WANTED, source=f"{PARTNER}/by-hand")
    world.put(wanted=wanted)
    with pytest.raises(ControlError) as raised:
        world.put(customer="c43", wanted=wanted)
    assert (raised.value.status, raised.value.code) == (409, "source-owned")
    assert world.control.destinations("c43") == []


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        (replace(WANTED, aws_account_id="22222222222"), "aws_account_id"),
        (replace(WANTED, aws_account_id="2222222222222"), "aws_account_id"),
        (replace(WANTED, aws_account_id="22222222222\n"), "aws_account_id"),
        (replace(WANTED, aws_account_id="٢٢٢٢٢٢٢٢٢٢٢٢"), "aws_account_id"),
        (replace(WANTED, aws_region="mars-1"), "aws_region"),
        (replace(WANTED, detail_types=()), "detail_types"),
        (replace(WANTED, detail_types=("*.created",)), "detail_types"),
        (replace(WANTED, detail_types=("a**",)), "detail_types"),
        (replace(WANTED, detail_types=("",)), "detail_types"),
        (replace(WANTED, detail_types=("x" * 129,)), "detail_types"),
        (replace(WANTED, detail_types=("x",) * 101), "detail_types"),
        (replace(WANTED, metadata={str(number): "" for number in range(11)}), "metadata"),
        (replace(WANTED, source="aws.partner/other.example/c42"), "source"),
        (replace(WANTED, source=f"{PARTNER}x/c42"), "source"),
        (replace(WANTED, source=f"{PARTNER}/" + "x" * 256), "source"),
        (replace(WANTED, source=f"{PARTNER}/a b"), "source"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_field(wanted: Wanted, name: str) -> None:
    world = World()
    with pytest.raises(ControlError) as raised:
        world.put(wanted=wanted)
    assert (raised.value.status, raised.value.extra["field"]) == (422, name)
    assert (world.rows, world.sources) == ({}, [])


@pytest.mark.parametrize("customer", ["..", ".", "a/b", "", "c42\n", "x" * 65])
@pytest.mark.parametrize(
    "operation",
    [
        lambda control, customer: control.get(customer, "prod"),
        lambda control, customer: control.destinations(customer),
        lambda control, customer: control.pause(customer, "prod", BACKEND),
        lambda control, customer: control.ping(customer, "prod", BACKEND),
        lambda control, customer: control.release(customer, "prod", None, BACKEND),
        lambda control, customer: control.put(customer, "prod", WANTED, BACKEND, ALWAYS),
        lambda control, customer: control.delete(customer, "prod", discard=True, actor=BACKEND),
        lambda control, customer: control.delete_customer(customer, discard=True, actor=BACKEND),
        lambda control, customer: control.revoke_access(customer, BACKEND),
    ],
)
def test_a_customer_that_could_be_a_path_is_refused_everywhere(
    customer: str, operation: Callable[[Control, str], object]
) -> None:
    with pytest.raises(ControlError) as raised:
        operation(World().control, customer)
    assert raised.value.status == 422


def test_a_customer_has_at_most_twenty_destinations() -> None:
    world = World()
    for number in range(20):
        world.put(name=f"d{number}")
    with pytest.raises(ControlError) as raised:
        world.put(name="one-too-many")
    assert (raised.value.status, raised.value.code) == (422, "too-many-destinations")
    world.put(name="d3")  # one that is there may be changed


def test_a_destination_that_aws_refuses_is_not_there_and_nothing_is_deleted_in_aws() -> None:
    world = World()
    world.refusal = SourceRefusedError("LimitExceededException", "")
    with pytest.raises(ControlError) as raised:
        world.put()
    assert (raised.value.status, raised.value.code) == (503, "source-limit")
    assert (world.rows, world.finished) == ({}, [])


def test_a_source_that_is_offered_to_another_account_is_not_taken_nor_deleted() -> None:
    world = World()
    world.refusal = SourceOwnedError()
    with pytest.raises(ControlError) as raised:
        world.put()
    assert (raised.value.status, raised.value.code, world.finished) == (409, "source-owned", [])


def test_a_function_that_ends_before_the_source_is_made_leaves_a_destination_for_the_reconciler() -> None:
    world = World()
    world.refusal = OSError("the process ended")
    with pytest.raises(OSError, match="ended"):
        world.put()
    assert world.control.get("c42", "prod").state.source_status is SourceStatus.UNKNOWN


def test_preconditions_are_kept() -> None:
    world = World()
    for condition in (Precondition(if_match='"x-1"'),):
        with pytest.raises(ControlError) as raised:
            world.control.put("c42", "prod", WANTED, BACKEND, condition)
        assert raised.value.status == 412
    created, new = world.control.put("c42", "prod", WANTED, BACKEND, Precondition(if_none_match=True))
    assert new
    for condition in (Precondition(if_none_match=True), Precondition(if_match='"x-1"')):
        with pytest.raises(ControlError) as raised:
            world.control.put("c42", "prod", replace(WANTED, description="new"), BACKEND, condition)
        assert raised.value.status == 412
    changed = replace(WANTED, description="new")
    assert world.control.put("c42", "prod", changed, BACKEND, Precondition(if_match=created.etag))[0].version == 2


def test_of_two_writers_the_slower_is_told() -> None:
    world = World()
    created = world.put()
    world.faster = replace(created, description="faster", version=2)
    with pytest.raises(ControlError) as raised:
        world.put(wanted=replace(WANTED, description="slower"))
    assert (raised.value.status, raised.value.code) == (409, "changed")
    assert world.control.get("c42", "prod").description == "faster"


def test_a_destination_with_webhooks_that_wait_is_not_deleted_by_accident() -> None:
    world = World(destination())
    world.held = Held(1204, at_least=False, oldest_at=NOW)
    with pytest.raises(ControlError) as raised:
        world.control.delete("c42", "prod", discard=False, actor=BACKEND)
    assert raised.value.extra == {"held": {"webhooks": 1204, "at_least": False}}
    world.control.delete("c42", "prod", discard=True, actor=BACKEND)
    assert world.finished == [destination().source]


def test_a_customer_is_deleted_with_all_destinations() -> None:
    world = World(destination(), destination(name="stage", id="b", source="b"), destination(customer="c43", source="c"))
    assert world.control.delete_customer("c42", discard=False, actor=BACKEND) == 2
    assert list(world.rows) == [("c43", "prod")]


def test_who_is_not_deleted_keeps_their_links_and_sessions() -> None:
    world = World(destination())
    world.held = Held(1, at_least=False, oldest_at=NOW)
    with pytest.raises(ControlError):
        world.control.delete_customer("c42", discard=False, actor=BACKEND)
    assert world.revoked == {}
    world.control.delete_customer("c42", discard=True, actor=BACKEND)
    assert world.revoked == {"c42": NOW}


def test_what_is_being_deleted_is_not_there_and_cannot_be_created_yet() -> None:
    world = World(destination(deleting=True))
    assert world.control.destinations("c42") == []
    with pytest.raises(ControlError) as raised:
        world.control.get("c42", "prod")
    assert raised.value.status == 404
    with pytest.raises(ControlError) as raised:
        world.put()
    assert raised.value.status == 409


def test_a_change_says_when_it_is_in_force() -> None:
    world = World()
    created = world.put()
    assert world.control.effective_at(created, first=True) == NOW + timedelta(seconds=1)
    assert world.control.effective_at(created, first=False) == NOW + timedelta(seconds=30)
