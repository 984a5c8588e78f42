"""What of a change of the catalog breaks a consumer: an event can come that the schema of before did not allow.

A consumer has written its program by the old schema. So everything that the new schema allows has to be allowed by the
old one: a wider type, one more value of an enum, or a property that is no longer always there breaks; a narrower type,
a new enum or a new property does not. An optional property may go: its consumers can do without.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from relay.catalog.event_type import EventType
from relayctl.catalog.subschema import Comparison


@dataclass(frozen=True, slots=True)
class Breaking:
    """One breaking change of a detail-type: where (`detail.order.total`, empty for all of it), and what."""

    detail_type: str
    where: str
    what: str

    def __str__(self) -> str:
        """Return the change as a sentence."""
        return f"{self.where}: {self.what}" if self.where else self.what


def breaking_changes(old: Sequence[EventType], new: Sequence[EventType], today: date) -> Iterator[Breaking]:
    """Yield what breaks consumers of the old event types.

    An event type that was deprecated, from a day on that has come, may be removed.
    """
    by_name: Mapping[str, EventType] = {each.detail_type: each for each in new}
    for before in old:
        after = by_name.get(before.detail_type)
        if after is not None:
            for where, what in Comparison(before.schema, after.schema).changes():
                yield Breaking(before.detail_type, where, what)
        elif before.deprecated is None or before.deprecated > today:
            yield Breaking(before.detail_type, "", "was removed, and was not deprecated before")
