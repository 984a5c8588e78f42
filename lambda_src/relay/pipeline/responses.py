"""The HTTP responses: 202 with the result of each entry, an RFC 9457 problem, or what a handshake expects."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from itertools import accumulate
from typing import Any

from relay.auth import handshake
from relay.auth.handshake import HandshakeResponse
from relay.delivery.error_codes import QUEUED
from relay.delivery.undelivered import EntryResult, NotSent, Queue, Queued, Unsent
from relay.entry import Accepted
from relay.errors import Rejected

# Of all error messages of a response: 5,000 event ids are 280 KB more, and an item of the idempotency table is limited
# to 400 KB; Lambda's own limit is 6 MB.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
_MESSAGES_CHARACTERS = 64 * 1024
_MESSAGE_CHARACTERS = 500
_SHORTEST_MESSAGE = 32
_CODE_CHARACTERS = 64
_MOST_DESTINATIONS = 500
"""Of how many entries a response names the destinations, which have up to 97 characters."""


def accepted(results: Sequence[EntryResult]) -> dict[str, Any]:
    """Return 202: each entry is in EventBridge, in a queue or held, or nobody has subscribed to it.

    The more entries there are, the shorter each error message is, until it is left out; the dead letter has all of it.
    Of very many entries the destinations are left out too.
    """
    longest = min(_MESSAGE_CHARACTERS, _MESSAGES_CHARACTERS // max(1, len(results)))
    entries = [_entry(result, longest) for result in results]
    if len(results) <= _MOST_DESTINATIONS:
        for entry, result in zip(entries, results, strict=True):
            if result.destination:
                entry["destination"] = result.destination
    body = {**counts(results), "entries": entries}
    return _response(HTTPStatus.ACCEPTED, "application/json", body, {})


def counts(results: Sequence[EntryResult]) -> dict[str, int]:
    """Count the entries by where they are; what only routes with a customer have is not there if there is none."""
    places: list[Queue | Unsent | None] = [
        result.queue if isinstance(result, Queued) else result.why if isinstance(result, NotSent) else None
        for result in results
    ]
    numbers = {
        "accepted": places.count(None),
        "queued": places.count(Queue.RETRY) + places.count(Queue.DELIVERY),
        "dead_lettered": places.count(Queue.DEAD_LETTERS),
    }
    if sum(numbers.values()) < len(places):
        numbers |= {why.value: places.count(why) for why in Unsent if why in places}
    return numbers


def replayed(first: dict[str, Any]) -> dict[str, Any]:
    """Return the first response to a webhook, marked as a replay."""
    return {**first, "headers": {**first["headers"], "idempotent-replay": "true"}}


def fixed(text: str) -> dict[str, Any]:
    """Return 200 with the text that a route's sender expects instead of the results."""
    return handshake_response(handshake.plain_text(text))


def handshake_response(response: HandshakeResponse) -> dict[str, Any]:
    """Return the response to a handshake in Lambda's form."""
    return {
        "statusCode": int(response.status),
        "headers": dict(response.headers),
        "body": response.body,
        "isBase64Encoded": False,
    }


def problem(rejected: Rejected, request_id: str) -> dict[str, Any]:
    """Return a problem in the form that programs read: https://www.rfc-editor.org/rfc/rfc9457."""
    body = {
        "type": "about:blank",
        "title": rejected.title,
        "status": rejected.status,
        "detail": rejected.detail,
        "request_id": request_id,
    }
    return _response(rejected.status, "application/problem+json", body, rejected.headers)


def _entry(result: EntryResult, longest: int) -> dict[str, Any]:
    if isinstance(result, Accepted):
        return {"event_id": result.event_id}
    if isinstance(result, NotSent):
        return {result.why.value: True}
    if result.failed.code == QUEUED:
        return {"queued": True}
    code = _cut(result.failed.code, _CODE_CHARACTERS)
    if result.queue is Queue.RETRY:
        return {"queued": True, "error_code": code}
    message = {"error_message": _cut(result.failed.message, longest)} if longest >= _SHORTEST_MESSAGE else {}
    return {"dead_lettered": True, "error_code": code, **message}


def _cut(text: str, longest: int) -> str:
    """Return as much of the beginning of `text` as JSON spells with at most `longest` characters."""
    if len(json.dumps(text)) - 2 <= longest:
        return text
    sizes = accumulate(len(json.dumps(character)) - 2 for character in text[:longest])
    return text[: sum(size <= longest for size in sizes)]


def _response(status: int, content_type: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    return {
        "statusCode": int(status),
        "headers": {"content-type": content_type, **headers},
        "body": json.dumps(body, separators=(",", ":")),
        "isBase64Encoded": False,
    }
