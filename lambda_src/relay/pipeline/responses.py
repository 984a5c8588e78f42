"""What the sender is told: 202 with the fate of every entry, or an RFC 9457 problem."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from itertools import accumulate
from typing import Any

from relay.auth.handshake import HandshakeResponse
from relay.delivery.undelivered import EntryResult, Queue
from relay.entry import Accepted
from relay.errors import Rejected

# What one answer has for error messages. 5,000 event ids are 280 KB more, and a row of the table that remembers answers
# ends at 400 KB; Lambda's own limit is 6 MB.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
_MESSAGES_CHARACTERS = 64 * 1024
_MESSAGE_CHARACTERS = 500
_SHORTEST_MESSAGE = 32
_CODE_CHARACTERS = 64


def accepted(fates: Sequence[EntryResult]) -> dict[str, Any]:
    """202: every entry is in EventBridge, in the retry queue or in the dead-letter queue.

    The more entries there are, the shorter is each error message, until there is none; the dead letter has all of it.
    """
    longest = min(_MESSAGE_CHARACTERS, _MESSAGES_CHARACTERS // max(1, len(fates)))
    body = {**counts(fates), "entries": [_entry(fate, longest) for fate in fates]}
    return _response(HTTPStatus.ACCEPTED, "application/json", body, {})


def counts(fates: Sequence[EntryResult]) -> dict[str, int]:
    """How many entries are where."""
    places = [None if isinstance(fate, Accepted) else fate.queue for fate in fates]
    return {
        "accepted": places.count(None),
        "queued": places.count(Queue.RETRY),
        "dead_lettered": places.count(Queue.DEAD_LETTERS),
    }


def replayed(first: dict[str, Any]) -> dict[str, Any]:
    """The answer that this webhook was given before."""
    return {**first, "headers": {**first["headers"], "idempotent-replay": "true"}}


def handshake_response(answer: HandshakeResponse) -> dict[str, Any]:
    """What a handshake wants to hear."""
    return {
        "statusCode": int(answer.status),
        "headers": dict(answer.headers),
        "body": answer.body,
        "isBase64Encoded": False,
    }


def problem(rejected: Rejected, request_id: str) -> dict[str, Any]:
    """https://www.rfc-editor.org/rfc/rfc9457: the problem in a form that programs read."""
    body = {
        "type": "about:blank",
        "title": rejected.title,
        "status": rejected.status,
        "detail": rejected.detail,
        "request_id": request_id,
    }
    return _response(rejected.status, "application/problem+json", body, rejected.headers)


def _entry(fate: EntryResult, longest: int) -> dict[str, Any]:
    if isinstance(fate, Accepted):
        return {"event_id": fate.event_id}
    code = _cut(fate.failed.code, _CODE_CHARACTERS)
    if fate.queue is Queue.RETRY:
        return {"queued": True, "error_code": code}
    message = {"error_message": _cut(fate.failed.message, longest)} if longest >= _SHORTEST_MESSAGE else {}
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
