"""Ten thousand held entries are released with the memory of one webhook, not with that of all."""

import json
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from relay.delivery.message import Message, Origin
from relay.destinations import held
from relay.destinations.held import HeldKey
from relay.entry import Accepted, Entry, Failed, Outcome
from relay.pipeline.release import Pace, Released, release
from tests.unit.destinations.destinations import NOW
from tests.unit.pipeline.release_world import C42, PROD, World

ENTRIES_A_WEBHOOK = 50
MEBIBYTE = 1024 * 1024


class Bucket:
    """Held webhooks that are made when they are read: S3 keeps them outside of the function."""

    def __init__(self, webhooks: int) -> None:
        self.webhooks = webhooks
        self.copied = self.deleted = self.delivered = 0

    def keys(self, prefix: str) -> Iterator[str]:
        assert prefix == held.prefix("c42", "prod", PROD.id)
        for number in range(self.deleted, self.webhooks):
            yield HeldKey("c42", "prod", PROD.id, NOW + timedelta(milliseconds=number), "r").text()

    def read(self, key: str) -> bytes:
        detail = json.dumps({"key": key, "text": "x" * 400})
        entry = Entry(NOW, PROD.source, (), "order.created", detail, "us-east-1")
        message = Message(Origin("orders", "evt_1", "2026-11-25T12:00:00Z"), entry, Failed("Held", "source-pending"))
        return held.dump([message] * ENTRIES_A_WEBHOOK)

    def copy(self, _key: str, _to: str) -> None:
        self.copied += 1

    def delete(self, _key: str) -> None:
        self.deleted += 1

    def deliver(self, entries: Sequence[Entry]) -> list[Outcome]:
        self.delivered += len(entries)
        return [Accepted("event") for _ in entries]


def peak_bytes(webhooks: int) -> int:
    """Return the most that Python had allocated while so many webhooks were released."""
    bucket, world = Bucket(webhooks), World()
    services = replace(
        world.services(),
        keys=bucket.keys,
        read=bucket.read,
        copy=bucket.copy,
        delete=bucket.delete,
        deliver=bucket.deliver,
        log=lambda _: None,
    )
    tracemalloc.start()
    try:
        released = release(C42, services, Pace(1000, 150), NOW + timedelta(hours=1))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    entries = webhooks * ENTRIES_A_WEBHOOK
    assert released == Released(accepted=entries)
    assert (bucket.delivered, bucket.copied, bucket.deleted) == (entries, webhooks, webhooks)
    return peak


def test_ten_thousand_entries_take_no_more_memory_than_five_hundred() -> None:
    few, many = peak_bytes(10), peak_bytes(200)
    assert many < few + MEBIBYTE / 4
    assert many < 2 * MEBIBYTE
