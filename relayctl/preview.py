"""Preview what a webhook becomes: its entries, without AWS."""

from collections import Counter
from datetime import datetime
from functools import partial
from typing import Any

from relay.config.model import Config
from relay.delivery.deliver import requests
from relay.delivery.undelivered import NotSent, Unsent
from relay.destinations.addressing import Addressed, Addressee, Find, address
from relay.destinations.model import Destination
from relay.entry import Entry, refusal
from relay.mapping import claim_check
from relay.mapping.claim_check import ClaimCheckStore
from relay.mapping.entries import StoreDetail, to_entries
from relay.mapping.parsed_webhook import ParsedWebhook


def entries(parsed: ParsedWebhook, relay: Config, find: Find | None = None) -> list[Entry]:
    """Return the webhook's entries, with a sample claim check for what is too large. Raise MappingError, Rejected.

    `find` returns a customer's destinations; without it each customer has one, whose source is a sample.
    """
    if not parsed.webhook.route.customer:
        return to_entries(parsed, relay, _store_detail(parsed))
    return [each.entry for each in _addressees(parsed, relay, find) if isinstance(each, Addressed)]


def customers_of_unsent(parsed: ParsedWebhook, relay: Config, find: Find | None = None) -> list[str]:
    """Return the customer of each event that nobody gets, empty for one that names none. Raise as `entries` does."""
    if not parsed.webhook.route.customer:
        return []
    addressees = _addressees(parsed, relay, find)
    return [each.customer for each in addressees if isinstance(each, NotSent) and each.why is not Unsent.DISABLED]


def why_unsent(parsed: ParsedWebhook, relay: Config, find: Find | None = None) -> list[str]:
    """Return why events reach nobody, and what to do: a line for each reason. Raise as `entries` does."""
    customer, lines = parsed.webhook.route.customer, []
    counts = Counter(customers_of_unsent(parsed, relay, find))
    for one, number in counts.items():
        several = f"{number} {'event' if number == 1 else 'events'}: " if sum(counts.values()) > 1 else ""
        if not one:
            lines.append(f"{several}no customer is named: {customer.text if customer else ''} is null or missing")
        elif find and find(one):
            lines.append(f"{several}no destination of customer {one} wants this detail-type")
        else:
            create = (
                f"relayctl destinations create {one} NAME --account ACCOUNT --destination-region {relay.regions[0]}"
            )
            lines.append(f"{several}customer {one} has no destination: {create}")
    return lines


def _addressees(parsed: ParsedWebhook, relay: Config, find: Find | None) -> list[Addressee]:
    return address(parsed, relay, find or partial(sample_destinations, relay), _store_detail(parsed))


def _store_detail(parsed: ParsedWebhook) -> StoreDetail:
    return partial(sample_claim_check, now=parsed.webhook.received_at)


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
