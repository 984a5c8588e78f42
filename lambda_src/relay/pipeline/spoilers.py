"""The sources whose entries spoil requests: EventBridge refuses all of a request, and does not say because of which.

Such a request is put again entry by entry, twenty requests instead of one. A source that did so once may do so in every
batch, and everybody's entries would wait for its own.
"""

import time
from collections.abc import Callable, Iterable

from relay.delivery.error_codes import OF_ONE_ENTRY
from relay.entry import Entry, Failed, Outcome
from relay.recent import RecentValues

REMEMBERED_SECONDS = 600
MOST_SOURCES = 1000


class Spoilers:
    """The sources that have spoiled a request within ten minutes. `clock` is the time of day in seconds."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._sources = RecentValues[str](clock, MOST_SOURCES)

    def note(self, put: Iterable[tuple[Entry, Outcome]]) -> None:
        """Note the sources of what was refused as a whole request, although it was alone in it."""
        for entry, outcome in put:
            if isinstance(outcome, Failed) and outcome.is_of_request and outcome.code in OF_ONE_ENTRY:
                self._sources.put(entry.source, outcome.code)

    def have(self, entries: Iterable[Entry]) -> bool:
        """Return whether one of these entries may spoil a request."""
        return any(self._sources.get(entry.source, REMEMBERED_SECONDS) for entry in entries)
