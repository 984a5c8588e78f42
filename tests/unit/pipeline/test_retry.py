"""Each message of a batch is delivered, dead-lettered or postponed, whatever the others are."""

import json
from dataclasses import replace

import pytest

from relay.delivery.deliver import Budget
from relay.delivery.message import Message
from relay.delivery.undelivered import Queue
from relay.entry import Entry, Failed
from relay.http.request import Request
from relay.pipeline.results import Done, Postponed
from relay.pipeline.retry import MAX_BYTES, redeliver
from relay.pipeline.waiting import ReceivedMessage
from tests import doubles
from tests.conftest import NOW, RELAY_TOML, Load
from tests.unit.pipeline.retry_world import ENTRY, ENTRY_MESSAGE, ORIGIN, THROTTLED, World, entry, posted

BATCH_TOML = RELAY_TOML + 'each = "${body.events}"\n'


def test_a_whole_batch_is_put_in_as_few_requests_as_there_can_be(load: Load) -> None:
    world = World()
    assert world.run(load(RELAY_TOML), *[entry(str(n)) for n in range(100)]) == [Done(accepted=1)] * 100
    assert world.requests == [[str(n) for n in range(start, start + 20)] for start in range(0, 100, 20)]


def test_what_is_not_taken_yet_waits_longer_each_time_and_never_longer_than_four_minutes(load: Load) -> None:
    world, config = World({"a": "ThrottlingException"}), load(RELAY_TOML)
    waits = []
    for receives in (1, 2, 3, 4, 6, 7, 1000):
        [verdict] = world.run(config, entry("a"), receives=receives)
        assert isinstance(verdict, Postponed)
        waits.append(verdict.seconds)
    assert waits == [5, 10, 20, 40, 160, 240, 240]
    assert world.kept == {queue: [] for queue in Queue}


@pytest.mark.parametrize("receives", [22, 10_000, 2**62])
def test_a_wait_is_never_longer_however_often_it_was_received(load: Load, receives: int) -> None:
    assert World().run(load(RELAY_TOML), "s3 is down", receives=receives) == [Postponed(240, "OSError")]


def test_what_fails_for_good_is_dead_lettered_at_once_with_its_reason_and_attempts(load: Load) -> None:
    world = World({"a": "NotAuthorizedForSourceException"})
    assert world.run(load(RELAY_TOML), entry("a"), entry("b"), receives=2) == [Done(0, 1), Done(1, 0)]
    [letter] = world.kept[Queue.DEAD_LETTERS]
    assert letter.failed == Failed("NotAuthorizedForSourceException", "no", 5)
    assert letter.content == replace(ENTRY, detail_type="a")


@pytest.mark.parametrize(("hours", "given_up"), [(23.9, False), (24, True), (48, True)])
def test_after_a_day_in_the_queue_it_is_given_up(load: Load, hours: float, given_up: bool) -> None:
    world = World({"a": "ThrottlingException"})
    [verdict] = world.run(load(RELAY_TOML), entry("a"), hours=hours)
    assert isinstance(verdict, Done) is given_up
    assert [letter.failed.code for letter in world.kept[Queue.DEAD_LETTERS]] == ["ThrottlingException"] * given_up


def test_it_stays_in_the_queue_while_the_dead_letter_queue_takes_nothing(load: Load) -> None:
    world = World({"a": "AccessDeniedException"}, Queue.DEAD_LETTERS)
    verdicts = world.run(load(RELAY_TOML), entry("a"), posted(b'{"no":"type"}'), "no message")
    assert verdicts == [Postponed(5, "NotStored"), Postponed(5, "NotStored"), Postponed(5, "InvalidMessage")]


def test_a_poison_message_is_dead_lettered_as_it_came_and_blocks_nobody(load: Load) -> None:
    world, config = World(), load(RELAY_TOML)
    poison = ["", "null", "[" * 100_000, '{"version":2}', "gone", json.dumps({"version": 1, "route": "orders"})]
    assert world.run(config, *poison, entry("a")) == [Done(0, 1)] * 6 + [Done(1, 0)]
    assert world.unreadable == poison


def test_a_message_in_the_overflow_bucket_is_delivered_too_and_waits_while_s3_is_down(load: Load) -> None:
    world = World()
    world.overflow["pointer"] = entry("large").text()
    assert world.run(load(RELAY_TOML), "pointer", "s3 is down") == [Done(1, 0), Postponed(5, "OSError")]
    assert world.requests == [["large"]]


def test_messages_that_are_slow_to_read_leave_the_time_to_put_those_that_were(load: Load) -> None:
    world, now = World(), [0.0]

    def follow(text: str) -> str:
        now[0] += 10
        return text

    services = doubles.services(load(RELAY_TOML), send=world.send, follow=follow)
    batch = [ReceivedMessage(entry(name).text(), 1, NOW) for name in "abcdef"]
    results = redeliver(batch, services, NOW, Budget(0, 37, clock=lambda: now[0]))
    assert results == [Done(accepted=1)] * 2 + [Postponed(5, "NotAttempted")] * 4
    assert world.requests == [["a", "b"]]


def test_a_webhook_is_mapped_again_with_todays_relay_toml(load: Load) -> None:
    world, letter = World(), posted(b'{"kind":"order.created"}')
    assert world.run(load(RELAY_TOML), letter) == [Done(0, 1)]
    [again] = world.kept[Queue.DEAD_LETTERS]
    assert again.failed.message.startswith('route "orders", event.detail_type: ${body.type} is null')
    assert world.run(load(RELAY_TOML.replace("body.type", "body.kind")), again) == [Done(1, 0)]
    assert world.requests == [["order.created"]]


@pytest.mark.parametrize(
    ("letter", "says"),
    [
        (posted(b'{"type":"a"}', path="/nowhere"), 'route "orders" has another path now: No route matches this path.'),
        (posted(b"{"), 'route "orders": The body is not JSON'),
        (posted(b'{"type":"a"}' + b" " * 1024 * 1024), 'route "orders": An entry has'),
    ],
)
def test_a_webhook_that_fits_no_route_any_more_is_dead_lettered_again(load: Load, letter: Message, says: str) -> None:
    world = World()
    assert world.run(load(RELAY_TOML), letter) == [Done(0, 1)]
    [again] = world.kept[Queue.DEAD_LETTERS]
    assert again.failed.message.startswith(says)
    assert again.content == letter.content


def test_of_a_webhook_only_the_entries_that_failed_are_kept_each_on_its_own(load: Load) -> None:
    world = World({"b": "ThrottlingException", "c": "MalformedDetail", "e": "MalformedDetail"})
    config = load(BATCH_TOML.replace("body.type", "item.type"))
    body = json.dumps({"events": [{"type": name} for name in "abcde"]}).encode()
    assert world.run(config, posted(body)) == [Done(2, 2, queued=1)]
    detail_types = {
        queue: [message.content.detail_type for message in messages if isinstance(message.content, Entry)]
        for queue, messages in world.kept.items()
    }
    assert detail_types == {Queue.DELIVERY: [], Queue.RETRY: ["b"], Queue.DEAD_LETTERS: ["c", "e"]}


def test_a_webhook_whose_rest_cannot_be_kept_stays_whole(load: Load) -> None:
    world = World({"b": "ThrottlingException"}, Queue.RETRY)
    config = load(BATCH_TOML.replace("body.type", "item.type"))
    body = json.dumps({"events": [{"type": "a"}, {"type": "b"}]}).encode()
    assert world.run(config, posted(body)) == [Postponed(5, "NotStored")]


TWO_ROUTES = (
    RELAY_TOML
    + """
[[route]]
name = "special"
path = "/orders/special"
auth = { scheme = "api-key", secret = "s", token = "${headers.x_key}" }
event = { source = "aws.partner/acme.example/special", detail_type = "special" }
"""
)


def test_a_webhook_is_mapped_by_the_route_that_has_proven_it_and_by_no_other(load: Load) -> None:
    world, config = World(), load(TWO_ROUTES)
    letter = posted(b'{"type":"a"}', path="/orders/special")
    assert world.run(config, letter) == [Done(1)]
    assert world.requests == [["a"]]  # the other route has the better path, and never asked for this secret
    for origin, says in (("gone", "is not in relay.toml any more"), ("special", "has another path now")):
        elsewhere = replace(posted(b"{}", path="/orders/c1"), origin=ORIGIN._replace(route=origin))
        assert world.run(config, elsewhere) == [Done(0, 1)]
        failed = world.kept[Queue.DEAD_LETTERS][-1].failed
        assert (failed.code, says in failed.message) == ("NoSuchRoute", True)


def test_a_letter_of_an_earlier_release_is_stored_again_without_its_secret(load: Load) -> None:
    world, origin = World(), ORIGIN._replace(route="special")
    request = Request("POST", "/orders/special", "", {"x-key": "secret-text"}, b"{", "")
    assert world.run(load(TWO_ROUTES), Message(origin, request, THROTTLED)) == [Done(0, 1)]
    [letter] = world.kept[Queue.DEAD_LETTERS]
    assert letter.failed.code == "MappingError"
    assert "secret-text" not in letter.text()


def test_an_entry_for_a_region_that_is_not_in_relay_toml_is_sent_nowhere(load: Load) -> None:
    world = World()
    elsewhere = replace(ENTRY_MESSAGE, content=replace(ENTRY, region="evil.example/"))
    assert world.run(load(RELAY_TOML), elsewhere, entry("a")) == [Done(0, 1), Done(1)]
    assert world.kept[Queue.DEAD_LETTERS][0].failed.code == "NoSuchRegion"


def test_of_messages_that_become_too_much_at_once_the_last_wait(load: Load) -> None:
    world = World()
    config = load(BATCH_TOML + 'detail = "${ {n: item, batch: body.batch} }"\n')
    webhook = posted(json.dumps({"type": "a", "batch": "x" * 900_000, "events": [1] * 20}).encode())
    verdicts = world.run(config, webhook, webhook, webhook, ENTRY_MESSAGE)
    assert verdicts == [Done(20), Done(20), Postponed(5, "NotAttempted"), Postponed(5, "NotAttempted")]


def test_the_text_of_messages_counts_too_also_where_they_cannot_be_mapped(load: Load) -> None:
    world = World()
    world.overflow = {"large": posted(b'{"x":"' + b"x" * 5_000_000 + b'"}').text()}
    verdicts = world.run(load(RELAY_TOML), *["large"] * 10)
    assert verdicts == [Done(dead_lettered=1)] * 6 + [Postponed(5, "NotAttempted")] * 4


def test_one_message_is_handled_however_large_it_is(load: Load) -> None:
    world = World()
    world.overflow = {"large": " " * (MAX_BYTES + 1) + ENTRY_MESSAGE.text()}
    assert world.run(load(RELAY_TOML), "large") == [Done(1)]
