"""Groups items, in order, into batches within a count and a number of bytes."""

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def batches(items: Iterable[T], size: Callable[[T], int], max_count: int, max_bytes: int) -> list[list[T]]:
    """As few batches as keep the order: each is full when the next item comes. An item over `max_bytes` is alone."""
    made: list[list[T]] = []
    room = 0
    for item in items:
        if not made or len(made[-1]) == max_count or size(item) > room:
            made.append([])
            room = max_bytes
        made[-1].append(item)
        room -= size(item)
    return made
