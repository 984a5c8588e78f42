"""A record of the archive: what is written is what is read, and nothing else is taken for one."""

import base64
import json
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.archive import record
from relay.archive.record import MAX_BODY_BYTES, ArchivedWebhook, InvalidRecord, Planned, Pointer, parse
from relay.http.request import Request
from tests.unit.archive.archived import NOON, archived

PLANNED = Planned("put", "c42", "prod", "aws.partner/acme.example/c42", "us-east-1", "order.created")
TEXT = st.text(st.characters(codec="utf-8"))
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)
)


@given(
    st.builds(
        ArchivedWebhook,
        route=TEXT,
        webhook_id=TEXT,
        received_at=st.integers(0, 3_000_000_000).map(lambda seconds: NOON + timedelta(milliseconds=seconds)),
        mapping=TEXT,
        request=st.builds(
            Request, method=TEXT, path=TEXT, query=TEXT, headers=st.dictionaries(TEXT, TEXT), body=st.binary(),
            request_id=TEXT,
        ),
        entries=st.lists(st.builds(Planned, what=TEXT.filter(bool), customer=TEXT, source=TEXT), max_size=3).map(tuple),
    )
)  # fmt: skip
def test_what_is_written_on_a_line_is_what_is_read(webhook: ArchivedWebhook) -> None:
    line = webhook.line()
    assert line.count(b"\n") == 1
    assert parse(line) == webhook


def test_a_time_is_in_utc_with_milliseconds_and_what_is_empty_is_left_out() -> None:
    line = json.loads(archived(None, {}, entries=(PLANNED, Planned("unsubscribed", "c99"))).line())
    assert line["received_at"] == "2026-11-22T12:00:01.000+00:00"
    assert line["entries"][1] == {"what": "unsubscribed", "customer": "c99"}


def test_a_pointer_says_where_the_record_lies() -> None:
    pointer = Pointer("archive/large/2026/11/22/12/r1", NOON)
    assert parse(pointer.line()) == pointer


GOOD = json.loads(archived(None, {"id": 1}).line())


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"version": None},
        {"received_at": "yesterday"},
        {"received_at": "2026-11-22T12:00:00"},
        {"headers": []},
        {"headers": {"a": 1}},
        {"entries": [{"nonsense": "x"}]},
        {"entries": [{"what": 1}]},
        {"entries": 7},
        {"body": "no base64!"},
        {"body": base64.b64encode(b"not compressed").decode()},
        {"body": base64.b64encode(zlib.compress(b"{}")[:-4]).decode()},
        {"route": 1},
        {"at": 1},
    ],
)
def test_a_line_that_is_no_record_says_why(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidRecord):
        parse(json.dumps(GOOD | change).encode())


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_a_line_is_nothing_else_is_raised(line: bytes) -> None:
    with pytest.raises(InvalidRecord):
        parse(line)


def test_a_body_that_would_inflate_without_end_is_refused() -> None:
    bomb = base64.b64encode(zlib.compress(b"0" * (MAX_BODY_BYTES + 1))).decode()
    with pytest.raises(InvalidRecord, match="too large"):
        parse(json.dumps(GOOD | {"body": bomb}).encode())


def test_deep_nesting_is_no_record() -> None:
    with pytest.raises(InvalidRecord):
        parse(b"[" * 100_000)


def test_the_version_is_that_of_the_record() -> None:
    assert GOOD["version"] == record.VERSION
    assert datetime.fromisoformat(GOOD["received_at"]).tzinfo == UTC
