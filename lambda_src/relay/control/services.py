"""What the control API needs of AWS: functions, passed in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from relay.destinations.events import OperationalEvent
from relay.destinations.model import Destination
from relay.destinations.reconcile import Look


class Table(Protocol):
    """The registry. Every method raises OSError if it cannot be reached."""

    def query(self, customer: str) -> Sequence[Destination]:
        """Return the customer's destinations as they are now, by name."""

    def create(self, destination: Destination) -> None:
        """Write a new destination; raise DestinationExistsError or SourceOwnedError."""

    def page(self, after: str, limit: int, wanted: Callable[[Destination], bool]) -> tuple[list[Destination], str]:
        """Return the next destinations that are wanted, and where the next page begins; empty at the end."""

    def save(self, before: Destination, after: Destination) -> None:
        """Write what changed; raise ChangedError if somebody else was faster."""


@dataclass(frozen=True, slots=True)
class Held:
    """How many webhooks wait for a destination; `at_least` if they were not all counted."""

    webhooks: int = 0
    at_least: bool = False
    oldest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ControlServices:
    """How the control API reaches AWS; each raises OSError.

    `look` returns what AWS says of the destination's source, and AWS's own time. `create_source` raises
    SourceRefusedError; a source that is there already is fine if it is offered to the destination's account, and
    SourceOwnedError if to another. `finish_deletion` deletes source, held objects and items, `forget` only the items.
    `start_release` asks the releaser to begin. `ping` puts one event and returns its id, or raises
    SourceRefusedError. `revoke_access` ends the links and sessions of a customer's page, for the caller whose ARN it
    audits. `record` writes the audit: what was done, by whose ARN, and the destination before and after;
    it raises nothing.
    """

    table: Table
    look: Callable[[Destination], tuple[Look, datetime]]
    create_source: Callable[[Destination], None]
    finish_deletion: Callable[[Destination], None]
    forget: Callable[[Destination], None]
    start_release: Callable[[Destination], None]
    ping: Callable[[Destination, str, Mapping[str, object]], str]
    count_held: Callable[[Destination], Held]
    revoke_access: Callable[[str, str], None]
    notify: Callable[[Sequence[OperationalEvent]], None]
    record: Callable[[str, str, Destination | None, Destination | None], None]
    now: Callable[[], datetime]
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Settings:
    """What relay.toml says: the partner's name, the Regions that may be used, `cache`, `settle` and `ping`."""

    partner: str
    regions: Sequence[str]
    cache: timedelta
    settle: timedelta
    ping: str = "Ping"
