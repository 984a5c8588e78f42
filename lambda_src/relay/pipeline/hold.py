"""Hold entries for destinations that cannot receive them: one object for each webhook and destination."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from relay.config.model import Config
from relay.delivery.error_codes import HELD, HOLD_FAILED, refuses_source
from relay.delivery.message import DestinationRef, Message
from relay.destinations.held import HeldKey
from relay.destinations.model import Destination
from relay.entry import Entry, Failed, Outcome
from relay.pipeline.services import DestinationServices


def reference(destination: Destination) -> DestinationRef:
    """Return how messages name a destination."""
    return DestinationRef(destination.customer, destination.name, destination.id)


def reason(destination: Destination) -> Failed:
    """Return why an entry for this destination is held."""
    return Failed(HELD, destination.holding.value if destination.holding else "")


def is_to_be_held(failed: Failed, config: Config) -> bool:
    """Return whether an entry waits for its destination, instead of going to a queue."""
    may_wait = config.destinations is not None and config.destinations.hold is not None
    return failed.code == HELD or (may_wait and refuses_source(failed))


def without_region(entries: Iterable[Entry], config: Config) -> dict[int, Outcome]:
    """Return the failure, by index, of each entry for a Region that relay.toml does not name any more."""
    return {
        index: Failed("NoSuchRegion", f"relay.toml has no Region {entry.region}")
        for index, entry in enumerate(entries)
        if entry.region not in config.regions
    }


def hold(
    messages: Sequence[Message],
    services: DestinationServices,
    received_at: datetime,
    request_id: str,
    is_time_left: Callable[[], bool],
) -> list[str | None]:
    """Hold messages for their destinations. Return for each, in order, None, or why it is not held.

    Of two calls with the same `request_id` the second replaces what the first has held. After a failure, and once no
    time is left, nothing more is tried.
    """
    by_destination: defaultdict[DestinationRef, list[int]] = defaultdict(list)
    for index, message in enumerate(messages):
        if message.destination:
            by_destination[message.destination].append(index)
    errors: list[str | None] = ["there was no time for it"] * len(messages)
    for destination, indexes in by_destination.items():
        if not is_time_left():
            break
        key = HeldKey(destination.customer, destination.name, destination.id, received_at, request_id)
        try:
            services.hold(key, [messages[index] for index in indexes])
        except OSError as error:
            errors = [str(error) if error_before else None for error_before in errors]
            break
        for index in indexes:
            errors[index] = None
    return errors


def not_held(message: Message, why: str) -> Message:
    """Return a message that could not be held, for a queue: it is held from there."""
    return replace(message, failed=Failed(HOLD_FAILED, why, message.failed.attempts))


def note_refusals(failures: Iterable[tuple[Destination, Failed]], services: DestinationServices) -> None:
    """Note whose entries EventBridge refused because of their source: the next are held at once."""
    refused = {destination.label: (destination, failed) for destination, failed in failures if refuses_source(failed)}
    for destination, failed in refused.values():
        services.note_refusals(destination, f"{failed.code}: {failed.message}")
