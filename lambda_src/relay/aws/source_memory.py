"""What the last look at the partner event sources saw: a source that has expired is in no list any more.

https://docs.aws.amazon.com/eventbridge/latest/onboarding/amazon_eventbridge_partner_onboarding_guide.html
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from relay.templates import strict_json

REMEMBERED = timedelta(hours=24)


class Unreadable(ValueError):
    """What is stored is no memory; it says why."""


@dataclass(frozen=True, slots=True)
class Memory:
    """The sources that were seen, each as `REGION SOURCE ACCOUNT`, and when those that vanished were missed."""

    seen: frozenset[str] = frozenset()
    vanished: Mapping[str, datetime] = field(default_factory=dict)

    def after(self, seen: Iterable[str], regions: Iterable[str], now: datetime) -> "Memory":
        """Return the memory after a look at all `regions` that saw the sources `seen`.

        A source that vanished is remembered for 24 hours, or until it is back. What was in another Region was not
        looked for.
        """
        now_seen, looked_at = frozenset(seen), tuple(f"{region} " for region in regions)
        gone = {source: when for source, when in self.vanished.items() if now - when < REMEMBERED}
        gone |= dict.fromkeys(self.seen, now)
        return Memory(
            now_seen,
            {source: when for source, when in gone.items() if source not in now_seen and source.startswith(looked_at)},
        )

    def text(self) -> str:
        """Return the memory as JSON."""
        vanished = {source: when.isoformat() for source, when in sorted(self.vanished.items())}
        return json.dumps({"seen": sorted(self.seen), "vanished": vanished})


def parse(content: bytes) -> Memory:
    """Return the memory that was stored; nothing stored is one without a look. Raise Unreadable, and nothing else."""
    if not content:
        return Memory()
    match _json(content):
        case {"seen": [*seen], "vanished": dict(vanished)} if all(isinstance(source, str) for source in seen):
            return Memory(frozenset(seen), {source: _time(when) for source, when in vanished.items()})
    raise Unreadable("expected the sources that were seen, and when others vanished")


def _json(content: bytes) -> Any:
    try:
        return strict_json.parse(content.decode())
    except ValueError as error:
        raise Unreadable(str(error)) from error


def _time(value: object) -> datetime:
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError as error:
        raise Unreadable(str(error)) from error
    if time is None or time.tzinfo is None:
        raise Unreadable("expected a time with its zone")
    return time
