"""What a look at the sources remembers of the one before."""

from datetime import UTC, datetime, timedelta

import pytest

from relay.aws import source_memory
from relay.aws.source_memory import Memory, UnreadableMemory

NOW = datetime(2026, 11, 25, tzinfo=UTC)
HERE, THERE = "us-east-1 aws.partner/a/b 222222222222", "eu-west-1 aws.partner/a/b 222222222222"
BOTH = ["us-east-1", "eu-west-1"]


def test_the_first_look_misses_nothing() -> None:
    assert source_memory.parse(b"").updated([HERE], BOTH, NOW) == Memory(frozenset({HERE}), {})


def test_a_source_that_is_not_there_any_more_is_missed_in_its_region_alone() -> None:
    after = Memory(frozenset({HERE, THERE})).updated([THERE], BOTH, NOW)
    assert after.vanished == {HERE: NOW}


def test_a_source_that_is_back_is_not_missed() -> None:
    assert Memory(frozenset(), {HERE: NOW}).updated([HERE], BOTH, NOW + timedelta(hours=1)).vanished == {}


@pytest.mark.parametrize(("hours", "missed"), [(1, True), (23, True), (24, False)])
def test_a_source_is_missed_for_a_day(hours: int, missed: bool) -> None:
    after = Memory(frozenset(), {HERE: NOW}).updated([], BOTH, NOW + timedelta(hours=hours))
    assert (HERE in after.vanished) is missed


def test_a_region_that_relay_toml_no_longer_has_is_not_looked_at() -> None:
    assert Memory(frozenset({HERE, THERE})).updated([], ["us-east-1"], NOW).vanished == {HERE: NOW}


def test_a_source_that_somebody_else_looks_after_now_has_not_vanished() -> None:
    before = Memory(frozenset({HERE, THERE}), {HERE: NOW, THERE: NOW})
    after = before.without({("us-east-1", "aws.partner/a/b")})
    assert after == Memory(frozenset({THERE}), {THERE: NOW})
    assert after.updated([THERE], BOTH, NOW).vanished == {}


def test_what_is_stored_is_what_was_remembered() -> None:
    memory = Memory(frozenset({HERE}), {THERE: NOW})
    assert source_memory.parse(memory.to_json().encode()) == memory


@pytest.mark.parametrize(
    "content",
    [
        *(b"x", b"\xff", b"[]", b"null", b"{}", b"[" * 100_000, b'{"seen":[]}', b'{"seen":1,"vanished":{}}'),
        *(b'{"seen":[[]],"vanished":{}}', b'{"seen":[],"vanished":[]}', b'{"seen":[],"vanished":{"a":1}}'),
        *(b'{"seen":[],"vanished":{"a":"x"}}', b'{"seen":[],"vanished":{"a":"2026-11-25T00:00:00"}}'),
    ],
)
def test_what_is_no_memory_is_unreadable_and_raises_nothing_else(content: bytes) -> None:
    with pytest.raises(UnreadableMemory):
        source_memory.parse(content)
