"""Find what is held for destinations that could receive it, and have it released: nothing waits without a reason.

An entry may be held after its destination's release has ended: by a function that could not read the registry for ten
minutes, or after a refusal that could not be noted. No look at the source would tell.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from relay.destinations import held
from relay.destinations.errors import DestinationError
from relay.destinations.held import HeldKey
from relay.destinations.model import Destination, Status

FirstKey = Callable[[str, str], str | None]
"""Return the first key below a prefix that comes after a text, None if there is none. Raise OSError."""


@dataclass(frozen=True, slots=True)
class SweepServices:
    """How the sweep reaches AWS; see ReconcileServices."""

    first_key: FirstKey
    find: Callable[[str, str], Destination | None]
    save: Callable[[Destination, Destination], None]
    start_release: Callable[[Destination], None]


def sweep(
    services: SweepServices, now: datetime, is_time_left: Callable[[], bool], begin: str = held.HELD
) -> list[str]:
    """Start a release for each destination that waits for nothing, and return their labels. Raise OSError.

    It begins with the keys after `begin`: if that is another one each time, every destination has its turn, however
    many there are.
    """
    released = []
    for key in held_destinations(services.first_key, begin):
        if not is_time_left():
            break
        found = services.find(key.customer, key.destination)
        if not found or found.id != key.destination_id or not _waits_for_nothing(found):
            continue
        after = replace(found, state=replace(found.state, releasing_at=now, emptied_at=None))
        try:
            services.save(found, after)
        except DestinationError:  # it was deleted or changed meanwhile
            continue
        services.start_release(after)
        released.append(found.label)
    return released


def held_destinations(first_key: FirstKey, begin: str = held.HELD) -> Iterator[HeldKey]:
    """Yield the first held key of each destination that has any, with one request for each: from `begin` on, and round.

    `begin` is a prefix of a destination, or of all.
    """
    yield from _between(first_key, begin, None)
    if begin != held.HELD:
        yield from _between(first_key, held.HELD, begin)


def _between(first_key: FirstKey, after: str, end: str | None) -> Iterator[HeldKey]:
    while (key := first_key(held.HELD, after)) and (end is None or key < end):
        found = held.parse_key(key)
        if found:
            yield found
            # Comes after every key of this destination, which go on with digits.
            after = held.prefix(found.customer, found.destination, found.destination_id) + "~"
        else:
            after = key


def _waits_for_nothing(destination: Destination) -> bool:
    is_enabled = destination.status is Status.ENABLED and not destination.deleting
    return is_enabled and not destination.holding and not destination.state.releasing_at
