"""What a webhook was mapped to, in short: for its row in the list, and for the search. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from relay.entry import Entry

MOST_NAMED = 100
"""How many different detail-types, sources or customers of one webhook are kept."""


@dataclass(frozen=True)
class Mapped:
    """The different detail-types, sources and customers of a webhook's entries, in their order.

    `why` says why there are none: it is not authentic, or cannot be mapped.
    """

    types: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    why: str = ""


NOT_MAPPED = Mapped()


def mapped(entries: Sequence[Entry], customers: Iterable[str] = ()) -> Mapped:
    """Return what the list says of a webhook that became `entries`."""
    return Mapped(
        _different(entry.detail_type for entry in entries),
        _different(entry.source for entry in entries),
        _different(customers),
    )


def _different(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))[:MOST_NAMED]
