"""What the sender is told: 202 with the fate of every entry, or an RFC 9457 problem."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from relay.entry import Accepted, Outcome
from relay.errors import Rejected
from relay.handshake import Answer


def accepted(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """202: every entry is in EventBridge or in the dead-letter queue."""
    taken = sum(isinstance(outcome, Accepted) for outcome in outcomes)
    body = {
        "accepted": taken,
        "queued": 0,
        "dead_lettered": len(outcomes) - taken,
        "entries": [_entry(outcome) for outcome in outcomes],
    }
    return _response(HTTPStatus.ACCEPTED, "application/json", body, {})


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


def _entry(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, Accepted):
        return {"event_id": outcome.event_id}
    return {"dead_lettered": True, "error_code": outcome.code, "error_message": outcome.message}


def _response(status: int, content_type: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    return {
        "statusCode": int(status),
        "headers": {"content-type": content_type, **headers},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
