"""What the sender is told."""

import json

from relay import response
from relay.entry import Accepted, Failed
from relay.errors import MethodNotAllowed, Unauthorized, Unavailable
from relay.queueing import Kept, Queue


def test_202_tells_the_fate_of_every_entry_in_order() -> None:
    malformed, throttled = Failed("MalformedDetail", "Detail is malformed."), Failed("ThrottlingException", "Rate")
    answer = response.accepted([Accepted("id-1"), Kept(Queue.DEAD_LETTERS, malformed), Kept(Queue.RETRY, throttled)])
    assert answer["statusCode"] == 202
    assert answer["headers"] == {"content-type": "application/json"}
    assert json.loads(answer["body"]) == {
        "accepted": 1,
        "queued": 1,
        "dead_lettered": 1,
        "entries": [
            {"event_id": "id-1"},
            {"dead_lettered": True, "error_code": "MalformedDetail", "error_message": "Detail is malformed."},
            {"queued": True, "error_code": "ThrottlingException"},
        ],
    }


def test_a_problem_is_rfc_9457_and_keeps_the_reason_to_itself() -> None:
    answer = response.problem(Unauthorized("timestamp outside the tolerance"), "request-1")
    assert answer["statusCode"] == 401
    assert answer["headers"]["content-type"] == "application/problem+json"
    assert json.loads(answer["body"]) == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "The webhook could not be authenticated.",
        "request_id": "request-1",
    }


def test_405_has_allow_and_503_has_retry_after() -> None:
    assert response.problem(MethodNotAllowed("GET", "POST"), "")["headers"]["allow"] == "POST"
    assert response.problem(Unavailable("later"), "")["headers"]["retry-after"] == "30"
