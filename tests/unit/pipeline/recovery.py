"""An archive of webhooks, from which what may have been dropped is held again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from relay.archive.reading import Found, Position, Window, read_window
from relay.archive.record import ArchivedWebhook, Planned
from relay.config.loader import parse
from relay.config.model import Config
from relay.delivery.message import Message
from relay.delivery.undelivered import Queue
from relay.destinations.held import HeldKey
from relay.destinations.model import Destination
from relay.entry import Entry
from relay.pipeline.recover import RecoverServices, recover
from tests.unit.archive.archived import Bucket, archived
from tests.unit.destinations.destinations import ACTIVE, NOW
from tests.unit.pipeline.customers_world import TOML, event, prod

SOURCE = "aws.partner/acme.example/c42/prod-k3x9qa"
MINUTE = timedelta(minutes=1)
PUT = Planned("put", "c42", "prod", SOURCE, "us-east-1", "order.created")
DROPPED = prod(state=replace(ACTIVE, dropped_since=NOW, dropped_until=NOW + MINUTE))


CONFIG = parse(TOML, "relay.toml")


class Archive:
    """The archive, the bucket of held entries and the dead-letter queue; `per_object` lines are in an object."""

    def __init__(self, config: Config, *webhooks: ArchivedWebhook, per_object: int = 7) -> None:
        self.config = config
        self.bucket = Bucket()
        for start in range(0, len(webhooks), per_object):
            some = [
                replace(each, received_at=NOW + timedelta(milliseconds=start + number))
                for number, each in enumerate(webhooks[start : start + per_object])
            ]
            self.bucket.write(f"{NOW:%Y/%m/%d/%H}", f"{start:06}", *some)
        self.windows: list[Window] = []
        self.held: dict[str, Sequence[Message]] = {}
        self.letters: list[Message] = []
        self.is_queue_down = False
        self.claims: list[str] = []
        self.released: dict[str, datetime] = {}
        self.copied: list[tuple[str, str]] = []
        self.noted = ""

    def recover(self, destination: Destination = DROPPED, *, steps: int = 10**9) -> int | None:
        """Run once, from where the last run has noted that it came to."""
        left = iter(range(steps))
        services = RecoverServices(
            self.config,
            self._archived,
            self._store_detail,
            self._hold,
            self._store,
            self._released,
            lambda key, to: self.copied.append((key, to)),
        )
        destination = replace(destination, state=replace(destination.state, recovery=self.noted))
        return recover(destination, services, lambda: next(left, None) is not None, self._note)

    def _archived(self, window: Window, go_on: Callable[[Position], bool]) -> Iterator[Found]:
        self.windows.append(window)
        return read_window(self.bucket, window, lambda key, why: pytest.fail(f"{key}: {why}"), go_on)

    def _store_detail(self, entry: Entry, _fields: object) -> Entry:
        self.claims.append(entry.detail)
        return replace(entry, detail='{"claim": {"key": "claims/1"}}', claim="claims/1")

    def _released(self, prefix: str, after: str) -> Iterator[tuple[str, datetime]]:
        return ((key, at) for key, at in sorted(self.released.items()) if key.startswith(prefix) and key > after)

    def _note(self, text: str) -> None:
        self.noted = text

    def _hold(self, key: HeldKey, messages: Sequence[Message]) -> None:
        self.held[key.text()] = list(messages)

    def _store(self, queue: Queue, messages: Sequence[Message]) -> Sequence[str | None]:
        assert queue is Queue.DEAD_LETTERS
        if self.is_queue_down:
            return ["AccessDenied"] * len(messages)
        self.letters += messages
        return [None] * len(messages)


def webhook(config: Config, number: int, *planned: Planned, body: object = None) -> ArchivedWebhook:
    events = {"events": [body or event(number=number)]}
    return archived(config, events, number, entries=planned or (PUT,))
