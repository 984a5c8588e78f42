"""What the sender is told: 202 with the fate of every entry, or an RFC 9457 problem."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from relay.entry import Accepted
from relay.errors import Rejected
from relay.handshake import Answer
from relay.queueing import Fate, Queue


def accepted(fates: Sequence[Fate]) -> dict[str, Any]:
    """202: every entry is in EventBridge, in the retry queue or in the dead-letter queue."""
    body = {**counts(fates), "entries": [_entry(fate) for fate in fates]}
    return _response(HTTPStatus.ACCEPTED, "application/json", body, {})


def counts(fates: Sequence[Fate]) -> dict[str, int]:
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


def greeting(answer: Answer) -> dict[str, Any]:
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


def _entry(fate: Fate) -> dict[str, Any]:
    if isinstance(fate, Accepted):
        return {"event_id": fate.event_id}
    if fate.queue is Queue.RETRY:
        return {"queued": True, "error_code": fate.failed.code}
    return {"dead_lettered": True, "error_code": fate.failed.code, "error_message": fate.failed.message}


def _response(status: int, content_type: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    return {
        "statusCode": int(status),
        "headers": {"content-type": content_type, **headers},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
