"""Read a customer's destinations, on a webhook's way: from memory, or with one Query."""

from collections.abc import Callable, Sequence

from relay.destinations.model import Destination
from relay.errors import Unavailable
from relay.recent import RecentValues

MISS_SECONDS = 1
"""How long a customer may go on being unknown: the first thing a new customer does is to trigger an event."""
STALE_SECONDS = 600
"""How long destinations that were read go on being used while the registry cannot be read."""
MAX_CUSTOMERS = 10_000
"""Of which the destinations, or that there are none, are remembered."""

Query = Callable[[str], Sequence[Destination]]
"""Return a customer's destinations as they are now (a consistent read), by name; raise OSError."""


class Registry:
    """The destinations of customers, remembered for `cache_seconds`; `clock` is the time of day in seconds."""

    def __init__(self, query: Query, cache_seconds: float, clock: Callable[[], float]) -> None:
        self._query = query
        self._clock = clock
        self._cache_seconds = cache_seconds
        self._known: RecentValues[tuple[Destination, ...]] = RecentValues(clock, MAX_CUSTOMERS)
        self._missing: RecentValues[tuple[()]] = RecentValues(clock, MAX_CUSTOMERS)

    def forget(self, customer: str) -> None:
        """Forget what is known of a customer, who is read anew."""
        self._known.forget(customer)

    def destinations(self, customer: str) -> tuple[Destination, ...]:
        """Return the customer's destinations, none if there are none.

        Raise Unavailable if the registry cannot be read and no destinations younger than ten minutes are known: that
        there were none a moment ago decides nothing, since what is unsubscribed is gone.
        """
        if (known := self._known.get(customer, self._cache_seconds)) is not None:
            return known
        if self._missing.get(customer, MISS_SECONDS) is not None:
            return ()
        try:
            return self.read(customer)
        except Unavailable:
            if (known := self._known.get(customer, STALE_SECONDS)) is not None:
                return known
            raise

    def read(self, customer: str) -> tuple[Destination, ...]:
        """Return the customer's destinations as they are now. Raise Unavailable.

        What is remembered is as old as the moment the read began: a destination may be created while it lasts.
        """
        begun = self._clock()
        try:
            found = tuple(destination for destination in self._query(customer) if not destination.deleting)
        except OSError as error:
            raise Unavailable("The customer's destinations could not be read.", reason=f"registry: {error}") from error
        if found:
            self._missing.forget(customer)
            self._known.put(customer, found, begun)
        else:
            self._known.forget(customer)
            self._missing.put(customer, (), begun)
        return found
