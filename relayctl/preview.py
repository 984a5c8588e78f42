"""Preview what a webhook becomes: its entries, without AWS."""

from datetime import datetime
from functools import partial
from typing import Any

from relay.config.model import Config
from relay.delivery.deliver import requests
from relay.destinations.addressing import Addressed, Find, address
from relay.destinations.model import Destination
from relay.entry import Entry, refusal
from relay.mapping import claim_check
from relay.mapping.claim_check import ClaimCheckStore
from relay.mapping.entries import to_entries
from relay.mapping.parsed_webhook import ParsedWebhook


def entries(parsed: ParsedWebhook, relay: Config, find: Find | None = None) -> list[Entry]:
    """Return the webhook's entries, with a sample claim check for what is too large. Raise MappingError, Rejected.

    `find` returns a customer's destinations; without it each customer has one, whose source is a sample.
    """
    store_detail = partial(sample_claim_check, now=parsed.webhook.received_at)
    if not parsed.webhook.route.customer:
        return to_entries(parsed, relay, store_detail)
    addressees = address(parsed, relay, find or partial(sample_destinations, relay), store_detail)
    return [each.entry for each in addressees if isinstance(each, Addressed)]


def rows(entries: list[Entry], relay: Config) -> list[dict[str, Any]]:
    """Return a row for each entry: its index, the number of its request (from 1), its fields and its refusal."""
    refusals = {index: failed for index, entry in enumerate(entries) if (failed := refusal(entry, relay.partner))}
    accepted = [index for index in range(len(entries)) if index not in refusals]
    request_numbers = {
        index: number
        for number, batch in enumerate(requests(accepted, entries, relay.limits.request), 1)
        for index in batch
    }
    return [
        {
            "entry": index,
            "request": request_numbers.get(index),
            "region": entry.region,
            "bus": entry.bus or None,
            "source": entry.source,
            "detail-type": entry.detail_type,
            "time": entry.wire()["Time"],
            "bytes": entry.size,
            "refused": f"{refusals[index].code}: {refusals[index].message}" if index in refusals else None,
            "wire": entry.wire(),
        }
        for index, entry in enumerate(entries)
    ]


def sample_destinations(relay: Config, customer: str) -> list[Destination]:
    """Return a destination as a customer could have one; NAME and ID are what the control API would put there."""
    source = f"{relay.partner}/{customer}/NAME-ID"
    return [Destination(customer, "NAME", "ID", "", relay.regions[0], source)]


def sample_claim_check(entry: Entry, fields: Any, now: datetime) -> Entry:
    """Return the entry with a claim check as long as a real one; nothing is stored."""
    key = "claims/00000000-0000-0000-0000-000000000000"
    store = ClaimCheckStore(
        lambda _: ("overflow-bucket", key), lambda *_: "https://overflow-bucket.s3.amazonaws.com/" + "x" * 1500, 3600
    )
    return claim_check.store_detail(entry, fields, store, now)
