"""The control API's operations on a registry, an AWS and a bucket in memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from relay.control.service import Control
from relay.control.services import ControlServices, Held, Settings
from relay.control.wanted import Precondition, Wanted
from relay.destinations.errors import ChangedError, DestinationExistsError, SourceOwnedError
from relay.destinations.events import OperationalEvent
from relay.destinations.model import Destination, SourceStatus
from relay.destinations.reconcile import Look
from tests.unit.destinations.destinations import NOW

PARTNER = "aws.partner/acme.example"
SETTINGS = Settings(PARTNER, ("us-east-1", "eu-west-1"), timedelta(seconds=30), timedelta(minutes=10))
WANTED = Wanted("222222222222", "us-east-1")
ALWAYS = Precondition()
BACKEND = "arn:aws:sts::111111111111:assumed-role/backend/session"


class World:
    """Stands for the registry, AWS and the bucket; also the registry's table."""

    def __init__(self, *destinations: Destination) -> None:
        self.rows = {(found.customer, found.name): found for found in destinations}
        self.sources: list[str] = []
        self.look = Look(SourceStatus.PENDING)
        self.refusal: Exception | None = None
        self.finished: list[str] = []
        self.released: list[str] = []
        self.pings: list[Mapping[str, object]] = []
        self.held = Held()
        self.events: list[OperationalEvent] = []
        self.audit: list[tuple[str, str, Destination | None, Destination | None]] = []
        self.revoked: dict[str, datetime] = {}
        self.now = NOW
        self.faster: Destination | None = None
        self.ids = iter(f"id{number:04}" for number in range(1000))
        services = ControlServices(
            table=self,
            look=lambda _: (self.look, NOW),
            create_source=self._create_source,
            finish_deletion=self._finish_deletion,
            forget=self._forget,
            start_release=lambda found: self.released.append(found.label),
            ping=self._ping,
            count_held=lambda _: self.held,
            revoke_access=self._revoke_access,
            notify=self.events.extend,
            record=lambda *audit: self.audit.append(audit),
            now=lambda: NOW,
            new_id=lambda: next(self.ids),
        )
        self.control = Control(services, SETTINGS)

    def query(self, customer: str) -> Sequence[Destination]:
        return [found for _, found in sorted(self.rows.items()) if found.customer == customer]

    def page(self, after: str, limit: int, wanted: Callable[[Destination], bool]) -> tuple[list[Destination], str]:
        customers = sorted({customer for customer, _ in self.rows if f"customer#{customer}" > after})
        found: list[Destination] = []
        for customer in customers:
            found += filter(wanted, self.query(customer))
            if len(found) >= limit:
                return found, f"customer#{customer}" if customer != customers[-1] else ""
        return found, ""

    def create(self, found: Destination) -> None:
        if (found.customer, found.name) in self.rows:
            raise DestinationExistsError
        if any((row.aws_region, row.source) == (found.aws_region, found.source) for row in self.rows.values()):
            raise SourceOwnedError
        self.rows[found.customer, found.name] = found

    def save(self, before: Destination, after: Destination) -> None:
        if self.faster:
            self.rows[before.customer, before.name] = self.faster
        there = self.rows.get((before.customer, before.name))
        if there is None or there.id != before.id:
            raise ChangedError
        if replace(after, state=before.state) != before:
            if there.version != before.version:
                raise ChangedError
            assert after.version == before.version + 1
        self.rows[before.customer, before.name] = after

    def put(self, customer: str = "c42", name: str = "prod", wanted: Wanted = WANTED) -> Destination:
        """PUT a destination without a precondition."""
        return self.control.put(customer, name, wanted, BACKEND, ALWAYS)[0]

    def event_names(self) -> list[str]:
        """Return the operational events by their detail-type."""
        return [event.detail_type for event in self.events]

    def _create_source(self, found: Destination) -> None:
        if self.refusal:
            raise self.refusal
        self.sources.append(found.source)

    def _revoke_access(self, customer: str, _actor: str) -> None:
        self.revoked[customer] = self.now

    def _finish_deletion(self, found: Destination) -> None:
        self.finished.append(found.source)
        self._forget(found)

    def _forget(self, found: Destination) -> None:
        del self.rows[found.customer, found.name]

    def _ping(self, _found: Destination, detail_type: str, detail: Mapping[str, object]) -> str:
        if self.refusal:
            raise self.refusal
        self.pings.append({"detail-type": detail_type, **detail})
        return "event-1"
