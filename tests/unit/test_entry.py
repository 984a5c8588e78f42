"""The rules PutPartnerEvents has for an entry."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from relay.entry import Entry, refusal
from tests.conftest import NOW

PARTNER = "aws.partner/acme.example"
ENTRY = Entry(NOW, f"{PARTNER}/c42/orders", ("arn:a",), "order.created", '{"é":1}', "us-east-1")


def test_the_size_counts_utf_8_bytes_and_fourteen_for_the_time() -> None:
    assert ENTRY.size == 14 + len(ENTRY.source) + len("order.created") + len('{"é":1}') + 1 + len("arn:a")


def test_the_wire_form_is_that_of_the_aws_cli() -> None:
    time = NOW.astimezone(timezone(timedelta(hours=2)))
    assert replace(ENTRY, time=time).wire() == {
        "Time": "2026-11-23T07:09:54Z",
        "Source": "aws.partner/acme.example/c42/orders",
        "Resources": ["arn:a"],
        "DetailType": "order.created",
        "Detail": '{"é":1}',
    }


def test_an_early_year_has_four_digits() -> None:
    assert replace(ENTRY, time=NOW.replace(year=1)).wire()["Time"] == "0001-11-23T07:09:54Z"


@pytest.mark.parametrize(
    "entry",
    [
        ENTRY,
        replace(ENTRY, detail_type="x" * 128),
        replace(ENTRY, source=f"{PARTNER}/" + "x" * (256 - len(PARTNER) - 1)),
        replace(ENTRY, resources=("x" * 2048,)),
        replace(ENTRY, detail=' \n{"a":1}'),
    ],
)
def test_an_entry_within_the_limits_is_not_refused(entry: Entry) -> None:
    assert refusal(entry, PARTNER) is None


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (replace(ENTRY, source="aws.partner/acme.example.evil/c42/orders"), "NotAuthorizedForSourceException"),
        (replace(ENTRY, source="aws.partner/other.example/c42/orders"), "NotAuthorizedForSourceException"),
        (replace(ENTRY, source=PARTNER), "NotAuthorizedForSourceException"),
        (replace(ENTRY, source=f"{PARTNER}/"), "InvalidArgument"),
        (replace(ENTRY, source=f"{PARTNER}/c 42"), "InvalidArgument"),
        (replace(ENTRY, source=f"{PARTNER}/c42\n"), "InvalidArgument"),
        (replace(ENTRY, source=f"{PARTNER}/" + "x" * (257 - len(PARTNER) - 1)), "InvalidArgument"),
        (replace(ENTRY, detail_type=""), "InvalidArgument"),
        (replace(ENTRY, detail_type="x" * 129), "InvalidArgument"),
        (replace(ENTRY, detail="[1]"), "MalformedDetail"),
        (replace(ENTRY, detail='"{}"'), "MalformedDetail"),
        (replace(ENTRY, resources=("ok", "x" * 2049)), "InvalidArgument"),
        (replace(ENTRY, resources=("",)), "InvalidArgument"),
    ],
)
def test_what_eventbridge_would_refuse_is_refused_here(entry: Entry, code: str) -> None:
    failed = refusal(entry, PARTNER)
    assert failed
    assert failed.code == code
