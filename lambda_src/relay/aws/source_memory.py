"""Remember the partner event sources of the last check: AWS no longer lists a source that has expired.

https://docs.aws.amazon.com/eventbridge/latest/onboarding/amazon_eventbridge_partner_onboarding_guide.html
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from relay.templates import strict_json

REMEMBERED = timedelta(hours=24)


class UnreadableMemory(ValueError):
    """The stored text is not a memory; the message says why."""


@dataclass(frozen=True, slots=True)
class Memory:
    """The sources that exist, each as `REGION SOURCE ACCOUNT`, and when the vanished ones were first missed."""

    seen: frozenset[str] = frozenset()
    vanished: Mapping[str, datetime] = field(default_factory=dict)

    def updated(self, seen: Iterable[str], regions: Iterable[str], now: datetime) -> "Memory":
        """Return the memory after a check of all `regions` that saw the sources `seen`.

        A source that vanished is remembered for 24 hours, or until it is back. Sources of Regions that are no longer
        checked are forgotten.
        """
        present, prefixes = frozenset(seen), tuple(f"{region} " for region in regions)
        missed = {source: when for source, when in self.vanished.items() if now - when < REMEMBERED}
        missed |= dict.fromkeys(self.seen, now)
        return Memory(
            present,
            {source: when for source, when in missed.items() if source not in present and source.startswith(prefixes)},
        )

    def without(self, sources: Collection[tuple[str, str]]) -> "Memory":
        """Return the memory without some sources, each a Region and a name: somebody else looks after them now."""

        def is_ours(source: str) -> bool:
            region, _, rest = source.partition(" ")
            return (region, rest.partition(" ")[0]) not in sources

        vanished = {source: when for source, when in self.vanished.items() if is_ours(source)}
        return Memory(frozenset(filter(is_ours, self.seen)), vanished)

    def to_json(self) -> str:
        """Return the memory as JSON."""
        vanished = {source: when.isoformat() for source, when in sorted(self.vanished.items())}
        return json.dumps({"seen": sorted(self.seen), "vanished": vanished})


def parse(content: bytes) -> Memory:
    """Return the stored memory; empty content is an empty memory. Raise UnreadableMemory, and nothing else."""
    if not content:
        return Memory()
    match _json(content):
        case {"seen": [*seen], "vanished": dict(vanished)} if all(isinstance(source, str) for source in seen):
            return Memory(frozenset(seen), {source: _time(when) for source, when in vanished.items()})
    raise UnreadableMemory("expected the sources that were seen, and when others vanished")


def _json(content: bytes) -> Any:
    try:
        return strict_json.parse(content.decode())
    except ValueError as error:
        raise UnreadableMemory(str(error)) from error


def _time(value: object) -> datetime:
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError as error:
        raise UnreadableMemory(str(error)) from error
    if time is None or time.tzinfo is None:
        raise UnreadableMemory("expected a time with its zone")
    return time
