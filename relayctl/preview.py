"""What a webhook would become: its values and its entries, without AWS."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from relay.config.loader import Config
from relay.delivery.deliver import requests
from relay.entry import Entry, refusal
from relay.http import body_formats
from relay.mapping import claim_check
from relay.mapping.claim_check import ClaimCheckStore
from relay.mapping.entries import scope_of, to_entries
from relay.webhook import Webhook


def scope(webhook: Webhook) -> Mapping[str, Any]:
    """What the templates of its route can take. Raises Rejected."""
    _, value = body_formats.parse(webhook.request, webhook.route.body)
    return scope_of(webhook, value)


def entries(webhook: Webhook, scope: Mapping[str, Any], relay: Config) -> list[Entry]:
    """The entries, claims standing in for what is too large. Raises MappingError, Rejected."""
    text, _ = body_formats.parse(webhook.request, webhook.route.body)
    return to_entries(webhook.route, scope, text, relay, partial(_claimed, now=webhook.received_at))


def rows(made: list[Entry], relay: Config) -> list[dict[str, Any]]:
    """Each entry with its index, and the number of the request it would be in."""
    refused = {index: failed for index, entry in enumerate(made) if (failed := refusal(entry, relay.partner))}
    sent = [index for index in range(len(made)) if index not in refused]
    number_of = {
        index: number
        for number, batch in enumerate(requests(sent, made, relay.max_request_bytes), 1)
        for index in batch
    }
    return [
        {
            "entry": index,
            "request": number_of.get(index),
            "region": entry.region,
            "bus": entry.bus or None,
            "source": entry.source,
            "detail-type": entry.detail_type,
            "time": entry.wire()["Time"],
            "bytes": entry.size,
            "refused": f"{refused[index].code}: {refused[index].message}" if index in refused else None,
            "wire": entry.wire(),
        }
        for index, entry in enumerate(made)
    ]


def _claimed(entry: Entry, fields: Any, now: datetime) -> Entry:
    """As large as it would be; nothing is stored."""
    key = "claims/00000000-0000-0000-0000-000000000000"
    counter = ClaimCheckStore(
        lambda _: ("overflow-bucket", key), lambda *_: "https://overflow-bucket.s3.amazonaws.com/" + "x" * 1500, 3600
    )
    return claim_check.store_detail(entry, fields, counter, now)
