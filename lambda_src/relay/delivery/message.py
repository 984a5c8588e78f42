"""The JSON of a message, the same in the retry queue and the dead-letter queue; tools may rely on it."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from relay.delivery import error_codes
from relay.entry import Entry, Failed, rfc3339
from relay.http.request import Request
from relay.templates import strict_json
from relay.templates.strict_json import NotJSON
from relay.webhook import Webhook

VERSION = 1
MAX_ATTRIBUTE = 256
MAX_COUNT = 1_000_000


class InvalidMessage(ValueError):
    """A message that is not ours, or not of this version; it says why."""


class Origin(NamedTuple):
    """Where a message comes from: its route's name, the sender's id for it, and when that was received."""

    route: str
    webhook_id: str
    received_at: str


class DestinationRef(NamedTuple):
    """A customer's destination as a message names it; another `id` of the same name is another destination."""

    customer: str
    name: str
    id: str

    @property
    def label(self) -> str:
        """Return `c42/prod`."""
        return f"{self.customer}/{self.name}"


class Replay(NamedTuple):
    """What of an archived webhook is sent again: for which customer and destination (all if empty), which detail-types.

    With `mark` the events have `replay/ID` among their resources. `mapping` is the fingerprint of the mapping that was
    asked for: with another one nothing is sent; empty for whichever there is.
    """

    id: str
    customer: str = ""
    destination: str = ""
    detail_types: tuple[str, ...] = ("*",)
    mark: bool = False
    mapping: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """An entry that could not be delivered, or the request of a webhook that could not be mapped, and the error.

    An entry for a customer's destination is put to the source that the destination has when it is delivered. `index` is
    the entry's place in what its webhook became: with the origin, it is what the delivery log knows it by. With a
    `replay` the content is a webhook of the archive.
    """

    origin: Origin
    content: Entry | Request
    failed: Failed
    destination: DestinationRef | None = None
    index: int = 0
    replay: Replay | None = None

    def text(self) -> str:
        """Return JSON in ASCII: SQS refuses some control characters, but never JSON's escapes."""
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
        replayed = {"replay": self.replay._asdict()} if self.replay else {}
        if isinstance(self.content, Entry):
            # `entry` is the JSON syntax of `aws events put-partner-events --entries`.
            more: dict[str, Any] = {"index": self.index}
            if self.content.claim:
                more["claim"] = self.content.claim
            if self.destination:
                more["destination"] = self.destination._asdict()
            entry = {"region": self.content.region} | why | {"entry": self.content.wire()}
            return json.dumps(origin | entry | more | replayed)
        return json.dumps(origin | why | {"webhook": _request_fields(self.content)} | replayed)

    def attributes(self) -> dict[str, str]:
        """Return the attributes by which an operator filters, in ASCII, as any of them may have any character."""
        source = self.content.source if isinstance(self.content, Entry) else ""
        attributes = {
            "Route": ascii_attribute(self.origin.route),
            "ErrorCode": ascii_attribute(self.failed.code),
            "Source": ascii_attribute(source),
        }
        return {name: value for name, value in attributes.items() if value}

    def with_refusal(self, failed: Failed) -> "Message":
        """Return the message after its source was refused once more: `attempts` are the refusals in a row."""
        earlier = self.failed.attempts if error_codes.refuses_source(self.failed) else 0
        return replace(self, failed=replace(failed, attempts=earlier + 1))

    def with_failure(self, failed: Failed) -> "Message":
        """Return the message after one more failure."""
        return replace(self, failed=replace(failed, attempts=self.failed.attempts + failed.attempts))


def origin_of(webhook: Webhook, webhook_id: str) -> Origin:
    """Return the origin of everything that `webhook` becomes."""
    return Origin(webhook.route.name, webhook_id, rfc3339(webhook.received_at))


def ascii_attribute(text: str) -> str:
    """Return the beginning of `text` as an attribute may have it: SQS refuses some control characters."""
    return json.dumps(text)[1:-1][:MAX_ATTRIBUTE]


def parse(text: str) -> Message:
    """Return the message that `text` is, all of it fit to be sent. Raise InvalidMessage, and nothing else."""
    try:
        letter = _object(strict_json.parse(text))
        if letter["version"] != VERSION:
            raise InvalidMessage(f"version {letter['version']!r} is not {VERSION}")
        origin = Origin(_text(letter["route"]), _text(letter["webhook_id"]), _text(letter["received_at"]))
        _time(origin.received_at)
        error = _object(letter["error"])
        failed = Failed(_text(error["code"]), _text(error["message"]), _count(letter["attempts"]))
        content = _request(_object(letter["webhook"])) if "webhook" in letter else _entry(letter)
        destination = _destination(_object(letter["destination"])) if "destination" in letter else None
        index = _count(letter.get("index", 0))  # earlier versions wrote none
        replay = _replay(_object(letter["replay"])) if "replay" in letter else None
    except KeyError as error:
        raise InvalidMessage(f"not a message of the relay: no {error}") from error
    except NotJSON as error:
        raise InvalidMessage(f"not a message of the relay: {error}") from error
    return Message(origin, content, failed, destination, index, replay)


def _request_fields(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": dict(request.headers),
        "body": base64.b64encode(request.body).decode(),
    }


def _request(fields: Mapping[str, Any]) -> Request:
    try:
        body = base64.b64decode(_text(fields["body"]), validate=True)
    except ValueError as error:
        raise InvalidMessage("the body is not base64") from error
    headers = {name: _text(value) for name, value in _object(fields["headers"]).items()}
    return Request(_text(fields["method"]), _text(fields["path"]), _text(fields["query"]), headers, body, "")


def _entry(letter: Mapping[str, Any]) -> Entry:
    wire, claim = _object(letter["entry"]), _text(letter.get("claim", ""))
    resources = wire["Resources"]
    if not isinstance(resources, list):
        raise InvalidMessage("expected a list of resources")
    entry = Entry(
        time=_time(_text(wire["Time"])),
        source=_text(wire["Source"]),
        resources=tuple(_text(resource) for resource in resources),
        detail_type=_text(wire["DetailType"]),
        detail=_text(wire["Detail"]),
        region=_text(letter["region"]),
        bus=_text(wire.get("EventBusName", "")),
        claim=claim,
    )
    if not entry.is_unicode() or not (entry.region + entry.bus).isascii():
        raise InvalidMessage("the entry has characters that cannot be sent")
    if claim and not _is_claim(strict_json.parse(entry.detail), claim):
        raise InvalidMessage("the claim is not that of the entry")
    return entry


def _destination(fields: Mapping[str, Any]) -> DestinationRef:
    return DestinationRef(_text(fields["customer"]), _text(fields["name"]), _text(fields["id"]))


def _replay(fields: Mapping[str, Any]) -> Replay:
    detail_types, mark = fields["detail_types"], fields["mark"]
    if not isinstance(detail_types, list) or not isinstance(mark, bool):
        raise InvalidMessage("expected a list of detail-types, and whether to mark the events")
    patterns = tuple(_text(pattern) for pattern in detail_types)
    id_, customer, destination = (_text(fields[name]) for name in ("id", "customer", "destination"))
    return Replay(id_, customer, destination, patterns, mark, _text(fields.get("mapping", "")))


def _is_claim(detail: object, key: str) -> bool:
    """Return whether an entry's detail is a claim of `key`; no other part of the bucket is for customers."""
    claim = detail.get("claim") if isinstance(detail, dict) else None
    return isinstance(claim, dict) and claim.get("key") == key and key.startswith("claims/")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidMessage(f"expected text, got {type(value).__name__}")
    return value


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidMessage(f"expected an object, got {type(value).__name__}")
    return value


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_COUNT:
        raise InvalidMessage(f"expected a number of 0 to {MAX_COUNT}")
    return value


def _time(text: str) -> datetime:
    """Return the time, which has a zone and can be written in UTC."""
    try:
        time = datetime.fromisoformat(text)
        rfc3339(time)
    except (ValueError, OverflowError) as error:
        raise InvalidMessage("expected a time in RFC 3339") from error
    if time.tzinfo is None:
        raise InvalidMessage("expected a time with its zone")
    return time
