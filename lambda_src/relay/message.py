"""The shape of a message in the retry queue and the dead-letter queue, the same in both; tools may rely on it."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from relay.entry import MAX_SOURCE, Entry, Failed, rfc3339
from relay.request import Request
from relay.webhook import Webhook

VERSION = 1


class Unreadable(ValueError):
    """A message that is not ours, or not of this version; it says why."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message comes from: its route's name, the sender's id for it, and when that was received."""

    route: str
    webhook_id: str
    received_at: str


@dataclass(frozen=True, slots=True)
class Message:
    """An entry that could not be delivered, or an authentic webhook that could not be mapped; why, and how often."""

    origin: Origin
    what: Entry | Request
    failed: Failed

    def text(self) -> str:
        """JSON in ASCII: SQS refuses some control characters, and JSON's escapes are always allowed."""
        origin = {
            "version": VERSION,
            "route": self.origin.route,
            "webhook_id": self.origin.webhook_id,
            "received_at": self.origin.received_at,
        }
        why = {
            "attempts": self.failed.attempts,
            "error": {"code": self.failed.code, "message": self.failed.message},
        }
        if isinstance(self.what, Entry):
            # `entry` is the JSON syntax of `aws events put-partner-events --entries`.
            claim = {"claim": self.what.claim} if self.what.claim else {}
            return json.dumps(origin | {"region": self.what.region} | why | {"entry": self.what.wire()} | claim)
        return json.dumps(origin | why | {"webhook": _posted(self.what)})

    def attributes(self) -> dict[str, str]:
        """What an operator filters by. A refused source may have any character, so it is spelt in ASCII too."""
        source = self.what.source if isinstance(self.what, Entry) else ""
        attributes = {
            "Route": self.origin.route,
            "ErrorCode": self.failed.code,
            "Source": json.dumps(source)[1:-1][:MAX_SOURCE],
        }
        return {name: value for name, value in attributes.items() if value}

    def again(self, failed: Failed) -> "Message":
        """The same after one more failure."""
        return replace(self, failed=replace(failed, attempts=self.failed.attempts + failed.attempts))


def origin_of(webhook: Webhook, webhook_id: str) -> Origin:
    """Where everything that `webhook` becomes has its origin."""
    return Origin(webhook.route.name, webhook_id, rfc3339(webhook.received_at))


def parse(text: str) -> Message:
    """Raises Unreadable."""
    try:
        letter = json.loads(text)
        if letter["version"] != VERSION:
            raise Unreadable(f"version {letter['version']!r} is not {VERSION}")
        origin = Origin(_text(letter["route"]), _text(letter["webhook_id"]), _text(letter["received_at"]))
        datetime.fromisoformat(origin.received_at)
        error = letter["error"]
        failed = Failed(_text(error["code"]), _text(error["message"]), int(letter["attempts"]))
        what = _request(letter["webhook"]) if "webhook" in letter else _entry(letter)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise Unreadable(f"not a message of the relay: {type(error).__name__}: {error}") from error
    return Message(origin, what, failed)


def _posted(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": dict(request.headers),
        "body": base64.b64encode(request.body).decode(),
    }


def _request(posted: Mapping[str, Any]) -> Request:
    try:
        body = base64.b64decode(posted["body"], validate=True)
    except binascii.Error as error:
        raise Unreadable("the body is not base64") from error
    headers = {_text(name): _text(value) for name, value in posted["headers"].items()}
    return Request(_text(posted["method"]), _text(posted["path"]), _text(posted["query"]), headers, body, "")


def _entry(letter: Mapping[str, Any]) -> Entry:
    wire, claim = letter["entry"], _text(letter.get("claim", ""))
    if claim and json.loads(wire["Detail"])["claim"]["key"] != claim:
        raise Unreadable("the claim is not that of the entry")
    return Entry(
        time=datetime.fromisoformat(wire["Time"]),
        source=_text(wire["Source"]),
        resources=tuple(_text(resource) for resource in wire["Resources"]),
        detail_type=_text(wire["DetailType"]),
        detail=_text(wire["Detail"]),
        region=_text(letter["region"]),
        bus=_text(wire.get("EventBusName", "")),
        claim=claim,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Unreadable(f"expected text, got {type(value).__name__}")
    return value
