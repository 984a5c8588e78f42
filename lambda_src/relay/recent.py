"""What was learned a moment ago, by name: the memory of the adapters that read secrets and published keys."""

import sys
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class RecentValues(Generic[T]):
    """The last value of each name and when it was learned; at most `limit` names, of which the oldest goes first.

    `clock` is the time of day in seconds: a monotonic clock may stand still while Lambda freezes the function, and
    would prolong the life of what was revoked meanwhile.
    """

    def __init__(self, clock: Callable[[], float], limit: int = sys.maxsize) -> None:
        self._clock = clock
        self._limit = limit
        self._learned: dict[str, tuple[float, T]] = {}

    def __contains__(self, name: str) -> bool:
        """Return whether there is a value of any age."""
        return name in self._learned

    def get(self, name: str, max_age: float) -> T | None:
        """Return the value if it was learned less than `max_age` seconds ago, else None."""
        if name not in self._learned:
            return None
        learned_at, value = self._learned[name]
        # A clock that was set back makes a value older, never younger.
        return value if 0 <= self._clock() - learned_at < max_age else None

    def put(self, name: str, value: T) -> None:
        """Remember a value as of now."""
        self.forget(name)
        while len(self._learned) >= self._limit:
            self.forget(next(iter(self._learned)))
        self._learned[name] = (self._clock(), value)

    def forget(self, name: str) -> None:
        """Forget the value, if there is one."""
        self._learned.pop(name, None)
