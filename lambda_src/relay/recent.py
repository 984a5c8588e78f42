"""A small cache of values by name, for the adapters that read secrets and published keys."""

import sys
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class RecentValues(Generic[T]):
    """The last value of each name and when it was read; at most `limit` names, of which the oldest is dropped first.

    `clock` is the time of day in seconds: a monotonic clock may stand still while Lambda freezes the function, and
    a revoked value would live longer.
    """

    def __init__(self, clock: Callable[[], float], limit: int = sys.maxsize) -> None:
        self._clock = clock
        self._limit = limit
        self._values: dict[str, tuple[float, T]] = {}

    def __contains__(self, name: str) -> bool:
        """Return whether there is a value of any age."""
        return name in self._values

    def get(self, name: str, max_age: float) -> T | None:
        """Return the value if it was read less than `max_age` seconds ago, else None."""
        if name not in self._values:
            return None
        read_at, value = self._values[name]
        # A clock that was set back makes a value older, never younger.
        return value if 0 <= self._clock() - read_at < max_age else None

    def put(self, name: str, value: T, read_at: float | None = None) -> None:
        """Remember a value as of `read_at`, when its read began; as of now without it."""
        self.forget(name)
        while len(self._values) >= self._limit:
            self.forget(next(iter(self._values)))
        self._values[name] = (self._clock() if read_at is None else read_at, value)

    def forget(self, name: str) -> None:
        """Forget the value, if there is one."""
        self._values.pop(name, None)
