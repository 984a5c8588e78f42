"""What may have been dropped when a bus was detached is held again, as the archive has it."""

import json
from dataclasses import replace
from datetime import timedelta
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.archive.record import ArchivedWebhook, Planned
from relay.delivery.message import Replay
from relay.destinations import held
from relay.destinations.reconcile import READ_ARCHIVE_AFTER
from relay.entry import Entry
from relay.pipeline import recover as recover_module
from relay.pipeline.recover import MESSAGES_OF_AN_OBJECT
from tests.conftest import Load
from tests.unit.archive.archived import archived
from tests.unit.destinations.destinations import NOW
from tests.unit.pipeline.customers_world import TOML, event
from tests.unit.pipeline.recovery import CONFIG, DROPPED, MINUTE, PUT, Archive, webhook


def test_what_was_put_is_held_with_its_place_in_its_webhook(load: Load) -> None:
    config = load(TOML)
    archive = Archive(config, webhook(config, 1, replace(PUT, customer="c41"), PUT), webhook(config, 2))
    assert archive.recover() == 2
    [[first, second]] = archive.held.values()
    assert (first.origin.webhook_id, first.index, second.index) == ("msg_1", 1, 0)
    assert first.destination
    assert (first.destination.label, isinstance(first.content, Entry)) == ("c42/prod", True)


def test_the_window_is_longer_by_a_webhooks_time_and_by_what_functions_remember(load: Load) -> None:
    archive = Archive(load(TOML))
    archive.recover()
    [(since, until, _)] = archive.windows
    assert (since, until) == (NOW - timedelta(seconds=30), NOW + 11 * MINUTE)


@pytest.mark.parametrize(
    "planned",
    [
        replace(PUT, what="held"),
        replace(PUT, customer="c43"),
        replace(PUT, destination="other"),
        replace(PUT, source="aws.partner/acme.example/c42/prod-before"),
        Planned("unsubscribed", "c42"),
    ],
)
def test_what_was_held_or_is_anothers_is_left_alone(load: Load, planned: Planned) -> None:
    config = load(TOML)
    archive = Archive(config, webhook(config, 1, planned))
    assert (archive.recover(), archive.held) == (0, {})


def test_many_webhooks_are_few_objects_with_the_same_keys_each_time(load: Load) -> None:
    config = load(TOML)
    archive = Archive(config, *(webhook(config, number) for number in range(450)))
    assert archive.recover() == 450
    assert [len(messages) for messages in archive.held.values()] == [MESSAGES_OF_AN_OBJECT] * 2 + [50]
    keys = list(archive.held)
    archive.recover()
    assert list(archive.held) == keys


def test_large_entries_are_in_objects_of_about_a_mebibyte(load: Load) -> None:
    config = load(TOML)
    archive = Archive(config, *(webhook(config, n, body=event(text="x" * 400_000)) for n in range(7)))
    assert archive.recover() == 7
    assert [len(messages) for messages in archive.held.values()] == [3, 3, 1]


def test_what_is_not_ours_or_cannot_be_mapped_ends_nothing(load: Load) -> None:
    config = load(TOML)
    others, broken = webhook(config, 1, replace(PUT, customer="c43")), webhook(config, 2, body={"customer": "c42"})
    archive = Archive(config, others, broken, webhook(config, 3))
    assert archive.recover() == 1


def test_what_the_customer_does_not_want_any_more_is_not_held(load: Load) -> None:
    config = load(TOML)
    wanted = {"events": [event(detail_type="bill"), event()]}
    archive = Archive(config, archived(config, wanted, 1, entries=(replace(PUT, detail_type="bill"), PUT)))
    assert archive.recover(replace(DROPPED, detail_types=("order.*",))) == 1


def test_what_is_cut_off_is_not_said_to_be_done(load: Load) -> None:
    config = load(TOML)
    archive = Archive(config, *(webhook(config, number) for number in range(450)))
    assert archive.recover(steps=300) is None
    assert archive.recover(steps=150) == 150
    assert sum(map(len, archive.held.values())) == 450


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 9), st.integers(1, 9))
def test_however_often_it_is_cut_off_each_run_goes_on_and_everything_is_held_or_a_dead_letter_once(
    count: int, steps: int, size: int, per_object: int
) -> None:
    config = CONFIG
    broken = {number for number in range(count) if number % 7 == 3}
    others = {number for number in range(count) if number % 5 > 1}  # most of an archive is other customers'

    def one(number: int) -> ArchivedWebhook:
        if number in others:
            return webhook(config, number, replace(PUT, customer="c43"))
        return webhook(config, number, body={"customer": "c42"} if number in broken else None)

    archive = Archive(config, *map(one, range(count)), per_object=per_object)
    runs = 1
    with mock.patch.object(recover_module, "MESSAGES_OF_AN_OBJECT", size):
        while archive.recover(steps=steps) is None:
            runs += 1
            assert (runs - 1) * steps < count
    names = [message.origin.webhook_id for messages in archive.held.values() for message in messages]
    assert sorted(names) == sorted(f"msg_{number}" for number in set(range(count)) - broken - others)
    assert [letter.origin.webhook_id for letter in archive.letters] == [
        f"msg_{number}" for number in sorted(broken - others)
    ]


def test_a_run_that_found_nothing_of_the_destination_is_not_made_again(load: Load) -> None:
    config = load(TOML)
    before = [webhook(config, number) for number in range(30)]
    archive = Archive(config)
    hour = f"{NOW:%Y/%m/%d/%H}"
    archive.bucket.write(hour, "a", *(replace(each, received_at=NOW - MINUTE) for each in before))
    archive.bucket.write(hour, "b", replace(webhook(config, 31), received_at=NOW))
    assert [archive.recover(steps=10) for _ in range(4)] == [None, None, None, 1]


def test_a_recovery_whose_window_was_widened_meanwhile_begins_anew(load: Load) -> None:
    """A look may see the bus gone once more between two notes of a run, the second of which then comes after it."""
    config = load(TOML)
    archive = Archive(config, *(webhook(config, number) for number in range(20)))
    assert archive.recover(steps=12) is None
    wider = replace(DROPPED, state=replace(DROPPED.state, dropped_until=NOW + 3 * MINUTE))
    assert archive.recover(wider) == 20


def test_what_cannot_be_mapped_today_is_a_dead_letter_for_that_destination_alone(load: Load) -> None:
    config = load(TOML)
    archive = Archive(config, webhook(config, 1, body={"customer": "c42"}))
    assert archive.recover() == 0
    [letter] = archive.letters
    assert letter.replay == Replay("recovery", "c42", "prod")


def test_a_dead_letter_that_is_not_stored_ends_the_run_before_it_is_noted(load: Load) -> None:
    config = load(TOML)
    archive = Archive(config, webhook(config, 1), webhook(config, 2, body={"customer": "c42"}), webhook(config, 3))
    archive.is_queue_down = True
    with pytest.raises(OSError, match="dead-letter queue: AccessDenied"):
        archive.recover()
    archive.is_queue_down = False
    assert (archive.recover(), len(archive.letters)) == (2, 1)


def test_a_run_that_fails_has_noted_its_full_objects(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recover_module, "MESSAGES_OF_AN_OBJECT", 2)
    config = load(TOML)
    broken = webhook(config, 4, body={"customer": "c42"})
    archive = Archive(config, *(webhook(config, number) for number in range(4)), broken)
    archive.is_queue_down = True
    with pytest.raises(OSError, match="AccessDenied"):
        archive.recover()
    archive.is_queue_down = False
    assert (archive.recover(), len(archive.held), len(archive.letters)) == (0, 2, 1)


def test_what_is_held_again_is_held_from_the_moment_on_at_which_the_archive_has_it(load: Load) -> None:
    config = load(TOML)
    archive = Archive(config, webhook(config, 1))
    archive.recover()
    [key] = map(held.parse_key, archive.held)
    assert key
    assert key.received_at == NOW + MINUTE + READ_ARCHIVE_AFTER


def test_what_is_mapped_otherwise_today_is_never_anothers(load: Load) -> None:
    before, after = load(TOML), load(TOML.replace("${item.customer}", "${item.owner}"))
    archive = Archive(after, webhook(before, 1, body=event("c43", owner="c42")))
    assert (archive.recover(), archive.held, len(archive.letters)) == (0, {}, 1)


def test_what_the_customer_had_not_wanted_need_not_be_mappable(load: Load) -> None:
    config = load(TOML.replace('detail = "${item}"', 'detail = "${item.data}"'))
    events = {"events": [event(detail_type="bill"), event(data={"n": 2})]}
    archive = Archive(config, archived(config, events, 1, entries=(PUT,)))
    assert (archive.recover(), archive.letters) == (1, [])


def test_what_the_customer_wanted_from_the_middle_of_a_webhook_on_is_not_mixed_up(load: Load) -> None:
    """The registry may be read anew between two events of a webhook: which of them were put, nothing says."""
    config = load(TOML)
    events = {"events": [event(n=1), event(n=2)]}
    archive = Archive(config, archived(config, events, 1, entries=(Planned("unsubscribed", "c42"), PUT)))
    assert (archive.recover(), archive.held, len(archive.letters)) == (0, {}, 1)


@pytest.mark.parametrize("detail_type", ["order.*", "order.created"])
def test_a_detail_type_that_looks_like_a_pattern_brings_no_others(load: Load, detail_type: str) -> None:
    config = load(TOML)
    events = {"events": [event(n=1), event(n=2, detail_type="order.*"), event(n=3, detail_type="order.paid")]}
    archive = Archive(config, archived(config, events, 1, entries=(replace(PUT, detail_type=detail_type),)))
    assert archive.recover() == 1
    [[message]] = archive.held.values()
    assert isinstance(message.content, Entry)
    assert message.content.detail_type == detail_type


def test_what_was_too_large_for_an_event_is_held_with_a_claim_check(load: Load) -> None:
    config = load(TOML.replace('path = "/orders"', 'path = "/orders"\non_oversize = "claim-check"'))
    large = event(text="x" * config.limits.entry)
    archive = Archive(config, webhook(config, 1, body=large))
    assert (archive.recover(), archive.letters) == (1, [])
    [[message]] = archive.held.values()
    assert isinstance(message.content, Entry)
    assert (message.content.claim, [json.loads(each) for each in archive.claims]) == ("claims/1", [large])


def test_of_a_webhook_only_what_was_put_is_held_again(load: Load) -> None:
    config = load(TOML)
    bodies = {"events": [event(n=1), event("c43"), event(n=2)]}
    planned = (replace(PUT, what="held"), replace(PUT, customer="c43"), PUT)
    archive = Archive(config, archived(config, bodies, 1, entries=planned))
    assert archive.recover() == 1
    [[message]] = archive.held.values()
    assert (message.index, isinstance(message.content, Entry) and json.loads(message.content.detail)["n"]) == (2, 2)


def test_where_nothing_waits_nothing_is_held_again(load: Load) -> None:
    config = load(TOML.replace("[destinations]", '[destinations]\nhold = "never"'))
    archive = Archive(config, webhook(config, 1))
    assert (archive.recover(), archive.held) == (0, {})


@pytest.mark.parametrize(("delivery", "expected"), [("direct", ["msg_3"]), ("queued", ["msg_2", "msg_3"])])
def test_of_a_queued_route_what_may_have_waited_in_the_queue_is_held_again_too(
    delivery: str, expected: list[str]
) -> None:
    config = replace(CONFIG, routes=(replace(CONFIG.routes[0], delivery=delivery),))
    archive = Archive(config)
    for number, minutes in enumerate((-11, -9, 0), 1):
        found = replace(webhook(config, number), received_at=NOW + minutes * MINUTE)
        archive.bucket.write(f"{found.received_at:%Y/%m/%d/%H}", str(number), found)
    assert archive.recover() == len(expected)
    [messages] = archive.held.values()
    assert [message.origin.webhook_id for message in messages] == expected
