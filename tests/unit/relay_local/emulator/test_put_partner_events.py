"""The rules of PutPartnerEvents in the local partner bus."""

from typing import Any

import pytest

from relay_local.emulator import put_partner_events
from relay_local.emulator.partner_sources import AwsError, PartnerSource

SOURCE = PartnerSource("aws.partner/acme.example/c42", "us-east-1", "111111111111", "222222222222", 0, 0, attached=True)
ENTRY = {"Source": SOURCE.name, "DetailType": "a", "Detail": "{}"}


def without(member: str) -> dict[str, Any]:
    return {name: value for name, value in ENTRY.items() if name != member}


@pytest.mark.parametrize(
    ("entries", "code", "says"),
    [
        (
            [],
            "ValidationException",
            "at 'entries' failed to satisfy constraint: Member must have length greater than or",
        ),
        ([ENTRY] * 21, "ValidationException", "Member must have length less than or equal to 20"),
        ([ENTRY | {"Source": "acme"}], "ValidationException", "at 'entries.1.member.source' failed to satisfy"),
        ([ENTRY | {"Source": SOURCE.name + "x" * 256}], "ValidationException", "length less than or equal to 256"),
        ([ENTRY | {"Resources": ["x" * 2049]}], "ValidationException", "length less than or equal to 2048"),
        ([without("Source"), without("Detail")], "ValidationException", "No entry has Source, DetailType, Detail"),
        ([ENTRY | {"Detail": '{"x":"' + "x" * 600 + '"}'}] * 2, "ValidationException", "Total size of the entries"),
        ("x", "SerializationException", ""),
        ([ENTRY | {"Detail": 1}], "SerializationException", ""),
    ],
)
def test_a_request_fails_whole(entries: Any, code: str, says: str) -> None:
    with pytest.raises(AwsError) as error:
        put_partner_events.check_request(entries, max_request_bytes=1000)
    assert error.value.code == code
    assert says in error.value.message


def test_a_request_has_to_be_less_than_its_limit() -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html: "less than 1 MB"."""
    entry = ENTRY | {"Detail": '{"x":""}'}
    size = put_partner_events.size(entry)
    put_partner_events.check_request([entry], max_request_bytes=size + 1)
    with pytest.raises(AwsError, match="over the limit"):
        put_partner_events.check_request([entry], max_request_bytes=size)


def test_twenty_entries_of_which_one_is_complete_are_a_request() -> None:
    put_partner_events.check_request([without("Detail")] * 19 + [ENTRY])


@pytest.mark.parametrize(
    ("entry", "source", "code"),
    [
        (without("Source"), None, "InvalidArgument"),
        (without("DetailType"), SOURCE, "InvalidArgument"),
        (without("Detail"), SOURCE, "InvalidArgument"),
        (ENTRY | {"DetailType": "x" * 129}, SOURCE, "InvalidArgument"),
        (ENTRY | {"Detail": "{"}, SOURCE, "MalformedDetail"),
        (ENTRY | {"Detail": "[1]"}, SOURCE, "MalformedDetail"),
        (ENTRY | {"Detail": '{"a":NaN}'}, SOURCE, "MalformedDetail"),
        (ENTRY, None, "NotAuthorizedForSourceException"),
    ],
)
def test_an_entry_fails_alone(entry: dict[str, Any], source: PartnerSource | None, code: str) -> None:
    failure = put_partner_events.entry_failure(entry, source)
    assert failure
    assert failure[0] == code
    assert put_partner_events.entry_failure(ENTRY | {"DetailType": "x" * 128}, SOURCE) is None


def test_results_are_aligned_and_only_active_sources_deliver() -> None:
    pending = PartnerSource("aws.partner/acme.example/c43", "us-east-1", "1", "2", 0, 0)
    sources = {source.name: source for source in (SOURCE, pending)}
    entries = [ENTRY, without("Detail"), ENTRY | {"Source": pending.name}, ENTRY, ENTRY]
    ids = iter("abc")
    results, deliveries = put_partner_events.put(
        entries, sources.get, lambda index: ("ThrottlingException", "") if index == 4 else None, lambda: next(ids)
    )
    assert [result.get("EventId") or result["ErrorCode"] for result in results] == [
        *("a", "InvalidArgument", "b", "c", "ThrottlingException"),
    ]
    assert [event_id for _, _, event_id in deliveries] == ["a", "c"]


def test_the_size_is_eventbridges_formula() -> None:
    assert put_partner_events.size(ENTRY | {"Time": 0, "Resources": ["é"]}) == 14 + len(SOURCE.name) + 1 + 2 + 2
