"""Deliver the entries of a route with `customer`: put, hold or count each, for each destination that wants it.

Only such a route imports this module.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from uuid import uuid4

from relay.delivery.deliver import RESERVED_SECONDS
from relay.delivery.error_codes import refuses_source
from relay.delivery.message import Message, origin_of
from relay.delivery.undelivered import EntryResult, NotSent, Unsent, store_undelivered
from relay.destinations.addressing import Addressed, Addressee, address
from relay.destinations.model import Destination
from relay.entry import Accepted, Failed, Outcome
from relay.errors import Unavailable
from relay.mapping.entries import StoreDetail
from relay.mapping.parsed_webhook import ParsedWebhook
from relay.pipeline.first_delivery import put_or_leave
from relay.pipeline.hold import hold, is_to_be_held, not_held, note_refusals, reason, reference, without_region
from relay.pipeline.services import DestinationServices, Services

SECONDS_TO_HOLD = 24
"""What has to be left of the function's time before an object is stored: 8 s for that, at worst, and then 16 s for what
is in no queue yet (see RESERVED_SECONDS)."""
SECONDS_TO_NOTE = 10
"""What has to be left before a refusal is noted in the registry, which takes 8 s at worst."""


def plan(
    parsed: ParsedWebhook, services: Services, seconds_left: Callable[[], float], store_detail: StoreDetail
) -> list[Addressee]:
    """Return what becomes of each event, in order, for each destination that wants it.

    Raise MappingError, PayloadTooLarge, OSError, or Unavailable if the registry cannot be read.
    """
    registry = _destinations(services)

    def find(customer: str) -> Sequence[Destination]:
        if seconds_left() < RESERVED_SECONDS:
            raise Unavailable("There was no time to read the destinations of so many customers.")
        return registry.find(customer)

    return address(parsed, services.config, find, store_detail)


def deliver_to_destinations(
    parsed: ParsedWebhook, addressees: Sequence[Addressee], services: Services, seconds_left: Callable[[], float]
) -> list[EntryResult]:
    """Return one result for each of `addressees`, in order.

    What has to wait is held before anything is put: if neither the bucket nor a queue takes it, nothing has been sent,
    and the sender's next attempt makes no duplicate. Raise StorageError.
    """
    registry = _destinations(services)
    entries = {index: each for index, each in enumerate(addressees) if isinstance(each, Addressed)}
    results: dict[int, EntryResult] = {
        index: each for index, each in enumerate(addressees) if not isinstance(each, Addressed)
    }
    request_id = parsed.webhook.request.request_id or uuid4().hex
    held = {index: (each, reason(each.destination)) for index, each in entries.items() if each.is_held}
    results |= _keep(parsed, services, request_id, seconds_left, held)
    sending = {index: each for index, each in entries.items() if not each.is_held}
    failures: dict[int, tuple[Addressed, Failed]] = {}
    outcomes = _put(parsed, list(sending.values()), services, seconds_left)
    for (index, each), outcome in zip(sending.items(), outcomes, strict=True):
        if isinstance(outcome, Accepted):
            results[index] = replace(outcome, destination=each.destination.label)
        else:
            failures[index] = (each, outcome)
    # A destination may be read anew in the middle of a webhook: two objects of one key would be one.
    kept = {index: (each, _refused_once(failed)) for index, (each, failed) in failures.items()}
    results |= _keep(parsed, services, f"{request_id}-refused", seconds_left, kept)
    if failures and seconds_left() > SECONDS_TO_NOTE:
        note_refusals(((each.destination, failed) for each, failed in failures.values()), registry)
    return [results[index] for index in range(len(addressees))]


def _refused_once(failed: Failed) -> Failed:
    """Return a refusal of a source without the attempts before it that were throttled."""
    return replace(failed, attempts=1) if refuses_source(failed) else failed


def _put(
    parsed: ParsedWebhook, sending: Sequence[Addressed], services: Services, seconds_left: Callable[[], float]
) -> list[Outcome]:
    """Put entries, and return the outcome of each, in order."""
    config, entries = services.config, [each.entry for each in sending]
    outcomes = without_region(entries, config)
    indexes = [index for index in range(len(entries)) if index not in outcomes]
    remaining = [entries[index] for index in indexes] if outcomes else entries
    delivered = put_or_leave(parsed.webhook.route, remaining, services, seconds_left)
    if not outcomes:
        return delivered
    outcomes |= dict(zip(indexes, delivered, strict=True))
    return [outcomes[index] for index in range(len(entries))]


def _keep(
    parsed: ParsedWebhook,
    services: Services,
    request_id: str,
    seconds_left: Callable[[], float],
    failures: Mapping[int, tuple[Addressed, Failed]],
) -> dict[int, EntryResult]:
    """Hold entries, or queue them; return their results by index. Raise StorageError."""
    if not failures:
        return {}
    destinations, origin = _destinations(services), origin_of(parsed.webhook, parsed.id)
    messages = {
        index: Message(origin, each.entry, failed, reference(each.destination), index)
        for index, (each, failed) in failures.items()
    }
    waiting = [index for index, message in messages.items() if is_to_be_held(message.failed, services.config)]
    errors = hold(
        [messages[index] for index in waiting],
        destinations,
        parsed.webhook.received_at,
        request_id,
        lambda: seconds_left() > SECONDS_TO_HOLD,
    )
    results: dict[int, EntryResult] = {}
    for index, error in zip(waiting, errors, strict=True):
        if error is None:
            results[index] = NotSent(Unsent.HELD, failures[index][0].destination.label)
        else:
            messages[index] = not_held(messages[index], error)
    remaining = [index for index in messages if index not in results]
    queued = store_undelivered([messages[index] for index in remaining], services.store)
    for index, result in zip(remaining, queued, strict=True):
        results[index] = result._replace(destination=failures[index][0].destination.label)
    return results


def _destinations(services: Services) -> DestinationServices:
    if services.destinations is None:  # relay.toml refuses a route with customer then
        raise Unavailable("The customer's destinations could not be read.", reason="the function has no registry")
    return services.destinations
