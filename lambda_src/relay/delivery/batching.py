"""Group items, in order, into batches within a count and a number of bytes."""

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def batches(items: Iterable[T], size: Callable[[T], int], max_count: int, max_bytes: int) -> list[list[T]]:
    """Return as few batches as keep the order. An item larger than `max_bytes` gets a batch of its own."""
    grouped: list[list[T]] = []
    room = 0
    for item in items:
        if not grouped or len(grouped[-1]) == max_count or size(item) > room:
            grouped.append([])
            room = max_bytes
        grouped[-1].append(item)
        room -= size(item)
    return grouped
