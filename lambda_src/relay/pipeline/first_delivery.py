"""Put the entries of a webhook for the first time, or leave that to the delivery queue."""

from collections.abc import Callable, Sequence

from relay.config.route import Route
from relay.delivery.deliver import budget, deliver, leave_to_queue
from relay.entry import Entry, Outcome
from relay.pipeline.services import Services


def put_or_leave(
    route: Route, entries: Sequence[Entry], services: Services, seconds_left: Callable[[], float]
) -> list[Outcome]:
    """Return the outcome of each entry, in order. What has failed is to be stored, whatever it failed with."""
    config = services.config
    if route.is_queued:
        return leave_to_queue(entries, config.partner)
    return deliver(
        entries,
        services.send,
        budget(route.retry_for, seconds_left()),
        partner=config.partner,
        max_request_bytes=config.limits.request,
    )
