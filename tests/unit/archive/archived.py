"""Archived webhooks, and the archive's bucket in memory."""

import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import IO, Any

from relay.archive import keys
from relay.archive.record import ArchivedWebhook
from relay.config.fingerprint import mapping_fingerprint
from relay.config.model import Config
from relay.http.request import Request

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def archived(config: Config | None, body: object, number: int = 1, **values: Any) -> ArchivedWebhook:
    """Return a webhook of the first route, which came so many seconds after noon."""
    content = json.dumps(body).encode()
    request = Request("POST", "/orders", "", {"content-type": "application/json"}, content, f"request-{number}")
    mapping = mapping_fingerprint(config.routes[0], config) if config else ""
    received_at = NOON + timedelta(seconds=number)
    return ArchivedWebhook(**{
        "route": "orders",
        "webhook_id": f"msg_{number}",
        "received_at": received_at,
        "mapping": mapping,
        "request": request,
        **values,
    })  # fmt: skip


@dataclass
class Bucket:
    """Objects by their keys; `reads` has the keys in the order in which they were opened."""

    objects: dict[str, bytes] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)

    def write(self, hour: str, name: str, *webhooks: ArchivedWebhook) -> str:
        """Store webhooks as Firehose does: compressed, one on a line."""
        key = f"{keys.ROOT}{hour}/{name}.gz"
        self.objects[key] = gzip.compress(b"".join(webhook.line() for webhook in webhooks), mtime=0)
        return key

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with `prefix`."""
        return (key for key in sorted(self.objects) if key.startswith(prefix))

    def open(self, key: str) -> IO[bytes] | None:
        """Return an object."""
        self.reads.append(key)
        content = self.objects.get(key)
        return None if content is None else io.BytesIO(content)
