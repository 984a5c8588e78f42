"""What an archived webhook was to put for one destination, as messages to hold."""

from collections.abc import Mapping
from dataclasses import replace

from relay.archive.mapping import is_mapped_alike, map_webhook
from relay.archive.record import PUT, ArchivedWebhook, Planned
from relay.config.model import Config
from relay.delivery.error_codes import HELD
from relay.delivery.message import Message, Origin, Replay
from relay.destinations.addressing import Addressed
from relay.destinations.model import Destination, Status
from relay.entry import Failed, rfc3339
from relay.errors import MappingError
from relay.mapping.entries import StoreDetail
from relay.pipeline.hold import reference

RECOVERY = "recovery"
"""The id of the replay that a message of a recovery is."""


def planned_for(webhook: ArchivedWebhook, destination: Destination) -> dict[int, Planned]:
    """Return what of a webhook was for this destination, by its index, in order.

    The source tells it from a destination of the same name that was deleted since.
    """
    whose = (destination.customer, destination.name, destination.source)
    return {
        index: each
        for index, each in enumerate(webhook.entries)
        if (each.customer, each.destination, each.source) == whose
    }


def messages_of(
    webhook: ArchivedWebhook,
    planned: Mapping[int, Planned],
    destination: Destination,
    config: Config,
    store_detail: StoreDetail,
) -> list[Message] | None:
    """Return what was put, as messages to hold; None if the webhook is mapped otherwise today. Raise OSError."""
    if not is_mapped_alike(webhook, config):
        return None
    # Nothing else of the webhook is mapped, or made a claim check of: it need not be possible.
    detail_types = tuple({each.detail_type for each in planned.values()})
    wanting = replace(destination, detail_types=detail_types, status=Status.ENABLED)

    def find(customer: str) -> list[Destination]:
        return [wanting] if customer == destination.customer else []

    try:
        mapped = map_webhook(webhook, config, find, store_detail)
    except MappingError:
        return None
    # A detail-type that ends with * is a pattern, and may have brought others.
    entries = [each.entry for each in mapped if isinstance(each, Addressed) and each.entry.detail_type in detail_types]
    # What the customer wanted may have changed in the middle of the webhook: nobody knows which of its entries it got.
    if [entry.detail_type for entry in entries] != [each.detail_type for each in planned.values()]:
        return None
    origin = Origin(webhook.route, webhook.webhook_id, rfc3339(webhook.received_at))
    failed = Failed(HELD, "may have been dropped")
    return [
        Message(origin, entry, failed, reference(destination), index, Replay(RECOVERY))
        for (index, each), entry in zip(planned.items(), entries, strict=True)
        if each.what == PUT and destination.wants(entry.detail_type)
    ]
