"""The reconciler's registry, sources, bucket and operational events, in memory."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from relay.destinations import items
from relay.destinations.events import OperationalEvent
from relay.destinations.held import HeldKey
from relay.destinations.model import Destination, SourceState, SourceStatus
from relay.destinations.reconcile import Look
from relay.pipeline.reconcile import ReconcileServices, Report, Settings, reconcile
from tests.unit.destinations.destinations import ACTIVE, NOW, destination

IS_ACTIVE, IS_PENDING, IS_GONE = Look(SourceStatus.ACTIVE), Look(SourceStatus.PENDING), Look(None)


SETTINGS = Settings(timedelta(minutes=10), timedelta(days=14), timedelta(seconds=30))


REGION = "us-east-1"


class World:
    """Stands for the registry, the sources, the bucket and the operational events."""

    def __init__(self, *destinations: Destination) -> None:
        self.destinations = {(found.customer, found.name): found for found in destinations}
        self.looks: dict[str, Look | OSError] = {}
        self.looked: list[str] = []
        self.created: list[str] = []
        self.deleted_sources: list[str] = []
        self.released: list[str] = []
        self.keys: set[str] = set()
        self.events: list[OperationalEvent] = []
        self.now = NOW
        self.skew = timedelta(0)

    def run(self, settings: Settings = SETTINGS, seconds: float = 50) -> Report:
        """Run the reconciler for a minute."""
        return reconcile(REGION, self.services(), settings, self.now + timedelta(seconds=seconds))

    def minutes(self, number: int) -> None:
        """Run it once a minute."""
        for _ in range(number):
            begun = self.now
            self.run()
            self.now = max(self.now, begun + timedelta(minutes=1))

    def held(self, found: Destination, received_at: datetime) -> str:
        """Hold a webhook."""
        key = HeldKey(found.customer, found.name, found.id, received_at, f"r{len(self.keys)}").text()
        self.keys.add(key)
        return key

    def services(self) -> ReconcileServices:
        return ReconcileServices(
            waiting=self._waiting,
            destinations=lambda: list(self.destinations.values()),
            find=lambda customer, name: self.destinations.get((customer, name)),
            look=self._look,
            create_source=lambda found: self.created.append(found.source),
            delete_source=lambda found: self.deleted_sources.append(found.source),
            save=self._save,
            forget=self._forget,
            start_release=lambda found: self.released.append(found.label),
            keys=lambda prefix: iter(sorted(key for key in self.keys if key.startswith(prefix))),
            delete_keys=self.keys.difference_update,
            notify=self.events.extend,
            clock=lambda: self.now + self.skew,
            sleep=self._sleep,
        )

    def _waiting(self, region: str) -> Iterator[tuple[str, str]]:
        for found in list(self.destinations.values()):
            if found.aws_region == region and items.needs_attention(found):
                yield found.customer, found.name

    def _look(self, found: Destination) -> tuple[Look, datetime]:
        self.looked.append(found.source)
        look = self.looks.get(found.source, IS_ACTIVE)
        if isinstance(look, OSError):
            raise look
        return look, self.now

    def _save(self, before: Destination, after: Destination) -> None:
        assert before.id == after.id
        self.destinations[before.customer, before.name] = after

    def _forget(self, found: Destination) -> None:
        del self.destinations[found.customer, found.name]

    def _sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += timedelta(seconds=seconds)


def many(number: int, state: SourceState = ACTIVE) -> list[Destination]:
    """Return so many destinations, each of a customer of its own."""
    return [
        destination(state, customer=f"c{index}", id=f"i{index:05}", source=f"aws.partner/acme.example/c{index}/prod")
        for index in range(number)
    ]
