"""A record of the archive: one JSON line for each authentic webhook, without what proved it.

The body is compressed and then base64, for which Amazon Data Firehose bills less: it counts every 5 KB begun.
https://aws.amazon.com/firehose/pricing/
"""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from relay.archive.privacy import without_credentials
from relay.delivery.undelivered import NotSent
from relay.entry import Entry
from relay.http.request import Request
from relay.mapping.parsed_webhook import ParsedWebhook

if TYPE_CHECKING:  # only a route with a customer needs it
    from relay.destinations.addressing import Addressee

VERSION = 1
FASTEST = 1
MAX_BODY_BYTES = 8 * 1024 * 1024
"""A body is never larger: API Gateway takes 10 MB, and Lambda an event of 6 MB."""

PUT, HELD = "put", "held"
"""What was to become of an entry; what is neither is one of `Unsent`."""


class InvalidRecord(ValueError):
    """A line that is no record of this version; it says why."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What one event was to become, for one destination: `what` is PUT, HELD, or why it was not sent at all."""

    what: str
    customer: str = ""
    destination: str = ""
    source: str = ""
    region: str = ""
    detail_type: str = ""


@dataclass(frozen=True, slots=True)
class ArchivedWebhook:
    """A webhook as it was received, without what proved it, and what it was to become.

    `mapping` is the fingerprint of what mapped it; `entries` has nothing if it could not be mapped.
    """

    route: str
    webhook_id: str
    received_at: datetime
    mapping: str
    request: Request
    entries: Sequence[Planned] = ()

    def line(self) -> bytes:
        """Return the record as one line, with its line feed."""
        request = self.request
        fields = {
            "version": VERSION,
            "route": self.route,
            "webhook_id": self.webhook_id,
            "request_id": request.request_id,
            "received_at": self.received_at.astimezone(UTC).isoformat(timespec="milliseconds"),
            "mapping": self.mapping,
            "entries": [_without_empty(each) for each in self.entries],
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "headers": dict(request.headers),
            "body": base64.b64encode(zlib.compress(request.body, FASTEST)).decode(),
        }
        return json.dumps(fields).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where a record lies that is too large for Firehose."""

    key: str
    received_at: datetime

    def line(self) -> bytes:
        """Return the pointer as one line, with its line feed."""
        received_at = self.received_at.astimezone(UTC).isoformat(timespec="milliseconds")
        return json.dumps({"version": VERSION, "at": self.key, "received_at": received_at}).encode() + b"\n"


def record_of(parsed: ParsedWebhook, planned: "Sequence[Entry | Addressee]", mapping: str) -> ArchivedWebhook:
    """Return the record of a webhook and what it is to become."""
    webhook = parsed.webhook
    request = without_credentials(webhook.request, webhook.route)
    entries = [_planned(each) for each in planned]
    return ArchivedWebhook(webhook.route.name, parsed.id, webhook.received_at, mapping, request, entries)


def parse(line: bytes) -> ArchivedWebhook | Pointer:
    """Return what a line of the archive is. Raise InvalidRecord, and nothing else."""
    try:
        return _parse(json.loads(line))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        if isinstance(error, InvalidRecord):
            raise
        raise InvalidRecord(f"not a record of the archive: {type(error).__name__}: {error}") from error


def _parse(fields: Mapping[str, Any]) -> ArchivedWebhook | Pointer:
    if fields["version"] != VERSION:
        raise InvalidRecord(f"version {fields['version']!r} is not {VERSION}")
    received_at = datetime.fromisoformat(fields["received_at"])
    if received_at.tzinfo is None:
        raise InvalidRecord("the time has no zone")
    if "at" in fields:
        return Pointer(_text(fields["at"]), received_at)
    return ArchivedWebhook(
        _text(fields["route"]),
        _text(fields["webhook_id"]),
        received_at,
        _text(fields["mapping"]),
        _request(fields),
        tuple(Planned(**{name: _text(value) for name, value in each.items()}) for each in fields["entries"]),
    )


def _planned(each: "Entry | Addressee") -> Planned:
    if isinstance(each, Entry):
        return Planned(PUT, source=each.source, region=each.region, detail_type=each.detail_type)
    if isinstance(each, NotSent):
        customer, _, name = each.destination.partition("/")
        return Planned(each.why.value, each.customer or customer, name)
    entry, destination = each.entry, each.destination
    what = HELD if each.is_held else PUT
    return Planned(what, destination.customer, destination.name, entry.source, entry.region, entry.detail_type)


def _without_empty(planned: Planned) -> dict[str, str]:
    return {name: value for name in Planned.__slots__ if (value := getattr(planned, name))}


def _request(fields: Mapping[str, Any]) -> Request:
    headers = {_text(name): _text(value) for name, value in fields["headers"].items()}
    return Request(
        _text(fields["method"]),
        _text(fields["path"]),
        _text(fields["query"]),
        headers,
        _body(_text(fields["body"])),
        _text(fields["request_id"]),
    )


def _body(text: str) -> bytes:
    """Return a body. Raise InvalidRecord; no more is ever inflated than a body can have."""
    inflate = zlib.decompressobj()
    try:
        body = inflate.decompress(base64.b64decode(text, validate=True), MAX_BODY_BYTES)
    except (zlib.error, binascii.Error) as error:
        raise InvalidRecord(f"the body is damaged: {error}") from error
    if not inflate.eof:
        raise InvalidRecord("the body is cut off or too large")
    return body


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidRecord(f"expected text, got {type(value).__name__}")
    return value
