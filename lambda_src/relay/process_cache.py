"""What a process makes once from its environment: clients, credentials, TLS contexts."""

from collections.abc import Callable
from functools import cache
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_clears: list[Callable[[], None]] = []


def once(function: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function so that it runs once for each set of arguments in the life of the process."""
    cached = cache(function)
    _clears.append(cached.cache_clear)
    return cached  # type: ignore[return-value]  # functools types the arguments as Hashable


def clear() -> None:
    """Forget all of it: the environment has changed, as it does between tests."""
    for clear_one in _clears:
        clear_one()
