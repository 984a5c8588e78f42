"""What a sender's own library signs is accepted by its preset: signed now, and not read from a file."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from relay.entry import Accepted, Entry, Outcome
from tests import doubles
from tests.conftest import Load, http_api_event
from tests.handler import handle
from tests.oracles import signers
from tests.oracles.signers import SIGNERS, Signed


def relayed(load: Load, name: str, signed: Signed) -> list[Entry]:
    """Return the entries that this request becomes."""
    entries: list[Entry] = []

    def send(batch: Sequence[Entry]) -> Sequence[Outcome]:
        entries.extend(batch)
        return [Accepted("id")] * len(batch)

    services = doubles.services(
        signers.config(load, name, signed),
        read_secret=lambda _: [signed.secret],
        send=send,
        fetch=lambda *_: signed.published,
    )
    event = http_api_event("/hook", signed.body, signed.headers, query="a=1")
    answer = handle(event, services, datetime.now(UTC))
    assert answer["statusCode"] in {200, 202}, answer["body"]  # whichever its sender wants to hear
    return entries


@pytest.mark.parametrize("name", SIGNERS)
def test_what_the_senders_library_signs_is_accepted(load: Load, name: str) -> None:
    relayed(load, name, SIGNERS[name]())


def test_the_claims_are_the_payload_where_the_body_is_a_token(load: Load) -> None:
    (entry,) = relayed(load, "kinde", SIGNERS["kinde"]())
    assert (entry.detail_type, json.loads(entry.detail)["data"]) == ("user.created", {"name": "Zoë ☃"})


def test_json_inside_a_text_is_within_reach_of_a_template(load: Load) -> None:
    (entry,) = relayed(load, "wix", SIGNERS["wix"]())
    assert entry.detail_type == "wix.contacts.v4.contact_created"
    assert entry.time == datetime(2026, 11, 23, 7, tzinfo=UTC)
