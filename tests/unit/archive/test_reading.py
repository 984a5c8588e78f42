"""A window of the archive is read one record at a time; what cannot be read is reported, and the rest is read."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.archive import keys
from relay.archive.reading import Position, Window, read_window
from relay.archive.record import Pointer
from tests.unit.archive.archived import NOON, Bucket, archived

HOUR = timedelta(hours=1)
EARLIER, HERE, LATER = "2026/11/22/11", "2026/11/22/12", "2026/11/22/13"


class Reports(Counter[str]):
    """What could not be read, by key."""

    def add(self, key: str, why: str) -> None:
        """Count a report, which says why."""
        assert why
        self[key] += 1


def read(
    bucket: Bucket, since: datetime = NOON, until: datetime = NOON + HOUR, after: Position | None = None
) -> tuple[list[str], Reports]:
    """Return the ids of the webhooks of a window, and what was reported."""
    reports = Reports()
    found = read_window(bucket, Window(since, until, after), reports.add)
    return [each.webhook.webhook_id for each in found], reports


def test_a_window_has_what_was_received_in_it_whatever_hour_firehose_wrote_it_in() -> None:
    bucket = Bucket()
    bucket.write(HERE, "a", archived(None, {}, 0), archived(None, {}, 1))
    bucket.write(LATER, "b", archived(None, {}, 2), archived(None, {}, 3600))
    bucket.write(EARLIER, "c", archived(None, {}, -1))
    assert read(bucket)[0] == ["msg_0", "msg_1", "msg_2"]


@given(st.integers(0, 7199), st.integers(0, 60), st.integers(0, 7199), st.integers(1, 3600))
def test_a_record_is_in_exactly_the_windows_that_contain_it_wherever_firehose_put_it(
    second: int, buffered: int, begin: int, length: int
) -> None:
    """An object is named after the arrival of its oldest record, which may have come up to a minute before."""
    webhook = archived(None, {}, second)
    bucket = Bucket()
    bucket.write(f"{webhook.received_at - timedelta(seconds=buffered):%Y/%m/%d/%H}", "a", webhook)
    since = NOON + timedelta(seconds=begin)
    found, _ = read(bucket, since, since + timedelta(seconds=length))
    assert bool(found) == (begin <= second < begin + length)


def test_reading_ends_as_soon_as_it_may_not_go_on() -> None:
    bucket = Bucket()
    bucket.write(HERE, "a", *(archived(None, {}, number) for number in range(9)))
    left = iter(range(4))
    found = read_window(bucket, Window(NOON, NOON + HOUR), print, lambda _: next(left, None) is not None)
    assert len(list(found)) == 4


def test_what_firehose_did_not_take_and_what_is_too_large_for_it_is_read_too() -> None:
    bucket, large = Bucket(), archived(None, {}, 2)
    key = keys.record_key(keys.LARGE, large.received_at, "request-2")
    bucket.objects[key] = large.line()
    bucket.objects[f"{keys.ROOT}{HERE}/a"] = archived(None, {}, 1).line() + Pointer(key, large.received_at).line()
    bucket.objects[keys.record_key(keys.LATE, NOON, "request-3")] = archived(None, {}, 3).line()
    assert read(bucket) == (["msg_1", "msg_2", "msg_3"], {})


def test_a_record_that_firehose_wrote_twice_is_read_once() -> None:
    bucket, webhook = Bucket(), archived(None, {}, 1)
    bucket.write(HERE, "a", webhook)
    bucket.write(HERE, "b", webhook, archived(None, {}, 2))
    assert read(bucket)[0] == ["msg_1", "msg_2"]


def test_the_same_webhook_that_its_sender_sent_twice_is_two() -> None:
    bucket = Bucket()
    bucket.write(HERE, "a", archived(None, {}, 1), archived(None, {}, 2, webhook_id="msg_1"))
    assert read(bucket)[0] == ["msg_1", "msg_1"]


def test_a_damaged_object_is_read_as_far_as_it_goes_and_named() -> None:
    bucket = Bucket()
    damaged = bucket.write(HERE, "a", *(archived(None, {"n": "x" * 2000 + str(n)}, n) for n in range(50)))
    bucket.objects[damaged] = bucket.objects[damaged][:-20]
    bucket.write(HERE, "b", archived(None, {}, 99))
    found, reports = read(bucket)
    assert found[-1] == "msg_99"
    assert reports == {damaged: 1}


def test_a_line_that_is_no_record_is_named_and_the_others_are_read() -> None:
    bucket = Bucket()
    key = f"{keys.ROOT}{HERE}/a"
    bucket.objects[key] = b"nonsense\n" + archived(None, {}, 1).line() + archived(None, {}, 2).line()[:40]
    assert read(bucket) == (["msg_1"], {key: 2})


def test_an_object_whose_time_is_over_while_it_is_read_is_named() -> None:
    bucket = Bucket()
    key = bucket.write(HERE, "a", archived(None, {}, 1))
    listed = list(bucket.keys(""))
    bucket.objects.clear()
    bucket.keys = lambda prefix: iter([each for each in listed if each.startswith(prefix)])  # type: ignore[method-assign]
    assert read(bucket) == ([], {key: 1})


@pytest.mark.parametrize("content", [None, b"nonsense", Pointer("x", NOON).line()])
def test_a_large_record_that_is_gone_or_damaged_is_named(content: bytes | None) -> None:
    bucket = Bucket()
    key = keys.record_key(keys.LARGE, NOON, "r")
    bucket.objects[f"{keys.ROOT}{HERE}/a"] = Pointer(key, NOON).line() + archived(None, {}, 1).line()
    if content is not None:
        bucket.objects[key] = content
    assert read(bucket) == (["msg_1"], {key: 1})


@given(st.integers(0, 30))
def test_reading_goes_on_after_any_position_with_exactly_what_was_left(count: int) -> None:
    bucket = Bucket()
    for number in range(0, 30, 5):
        hour = (EARLIER, HERE, LATER)[number // 10]
        bucket.write(hour, f"{number:02}", *(archived(None, {}, number * 60 + n) for n in range(5)))
    since = NOON - HOUR
    whole = list(read_window(bucket, Window(since, NOON + HOUR), Reports().add))
    assert len(whole) == 30
    position = whole[count - 1].position if count else None
    rest = list(read_window(bucket, Window(since, NOON + HOUR, position), Reports().add))
    assert rest == whole[count:]
    assert all(one.position < other.position for one, other in pairwise(whole))


def test_objects_before_a_position_are_not_opened_again() -> None:
    bucket = Bucket()
    bucket.write(HERE, "a", archived(None, {}, 1))
    second = bucket.write(HERE, "b", archived(None, {}, 2))
    [_, (_, position)] = [
        (each.webhook, each.position) for each in read_window(bucket, Window(NOON, NOON + HOUR), print)
    ]
    bucket.reads.clear()
    assert read(bucket, after=position)[0] == []
    assert bucket.reads == [second]
