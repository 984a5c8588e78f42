"""The shape of a message in the dead-letter queue; stable, so that tools may rely on it."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from relay.entry import MAX_SOURCE, Entry, Failed, rfc3339
from relay.webhook import Webhook

VERSION = 1


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message: its JSON text, and the attributes an operator filters by."""

    body: str
    attributes: dict[str, str]

    @property
    def size(self) -> int:
        """Bytes as SQS counts them: the body, and each attribute's name, type and value.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
        """
        return len(self.body) + sum(len(f"{name}String{value}".encode()) for name, value in self.attributes.items())


def of_entry(webhook: Webhook, webhook_id: str, entry: Entry, failed: Failed) -> DeadLetter:
    """An entry that could not be delivered. Its `entry` is the JSON syntax of `put-partner-events --entries`."""
    put = {"region": entry.region, "attempts": 1}
    return _letter(_origin(webhook, webhook_id) | put, failed, {"entry": entry.wire()}, entry.source)


def of_webhook(webhook: Webhook, webhook_id: str, failed: Failed) -> DeadLetter:
    """An authentic webhook that could not be mapped: all it takes to map it again."""
    request = webhook.request
    posted = {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": dict(request.headers),
        "body": base64.b64encode(request.body).decode(),
    }
    return _letter(_origin(webhook, webhook_id) | {"attempts": 0}, failed, {"webhook": posted})


def _origin(webhook: Webhook, webhook_id: str) -> dict[str, Any]:
    return {
        "version": VERSION,
        "route": webhook.route.name,
        "webhook_id": webhook_id,
        "received_at": rfc3339(webhook.received_at),
    }


def _letter(origin: dict[str, Any], failed: Failed, what: dict[str, Any], source: str = "") -> DeadLetter:
    message = origin | {"error": {"code": failed.code, "message": failed.message}} | what
    # ASCII: SQS refuses some control characters, JSON's escapes are always allowed. A refused source may have any.
    attributes = {"Route": origin["route"], "ErrorCode": failed.code, "Source": json.dumps(source)[1:-1][:MAX_SOURCE]}
    return DeadLetter(json.dumps(message), {name: value for name, value in attributes.items() if value})
