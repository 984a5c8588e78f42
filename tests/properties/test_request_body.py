"""AWS reads in the body of a request what the relay wanted to say, however long a detail is."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from relay.aws import request_body
from relay.templates import strict_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda children: st.lists(children) | st.dictionaries(TEXT, children),
)


def details(value: Any, indent: str | int | None, padding: int) -> list[str]:
    """Return the ways to write a value: by Python in ASCII, with white space; and as the mapping writes it."""
    padded = {"value": value, "padding": "x" * padding}
    return [json.dumps(padded, indent=indent), strict_json.dump(padded), json.dumps(value)]


@given(JSON, st.sampled_from([None, 2, "\t"]), st.sampled_from([0, 70_000]), TEXT)
@example({"\\": '"\\"', "\x7f\u2028": "\x00\x1f"}, "\t", 70_000, request_body._MARK)
def test_what_is_read_is_what_was_written(value: Any, indent: str | int | None, padding: int, other: str) -> None:
    entries = [{"Detail": detail, "DetailType": other} for detail in details(value, indent, padding)]
    parameters = {"Entries": entries, "Name": other}
    assert json.loads(request_body.dump(parameters)) == parameters


def test_entries_of_sqs_are_written_too() -> None:
    parameters = {"Entries": [{"Id": "0", "MessageBody": "x" * 100_000}]}
    assert json.loads(request_body.dump(parameters)) == parameters


def test_bytes_are_written_in_base64() -> None:
    assert json.loads(request_body.dump({"Record": {"Data": b"\x00"}})) == {"Record": {"Data": "AA=="}}
