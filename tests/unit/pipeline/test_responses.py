"""What the sender is told."""

import json
from itertools import cycle, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.config.model import Limits
from relay.delivery.undelivered import Queue, Queued
from relay.entry import Accepted, Failed
from relay.errors import MethodNotAllowed, Unauthorized, Unavailable
from relay.pipeline import responses


def test_202_tells_the_fate_of_every_entry_in_order() -> None:
    malformed, throttled = Failed("MalformedDetail", "Detail is malformed."), Failed("ThrottlingException", "Rate")
    answer = responses.accepted(
        [Accepted("id-1"), Queued(Queue.DEAD_LETTERS, malformed), Queued(Queue.RETRY, throttled)]
    )
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
    answer = responses.problem(Unauthorized("timestamp outside the tolerance"), "request-1")
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
    assert responses.problem(MethodNotAllowed("GET", "POST"), "")["headers"]["allow"] == "POST"
    assert responses.problem(Unavailable("later"), "")["headers"]["retry-after"] == "30"


FATES = st.lists(
    st.one_of(
        st.just(Accepted("11111111-2222-3333-4444-555555555555")),
        st.builds(
            Queued,
            st.sampled_from(Queue),
            st.builds(Failed, st.text(max_size=100), st.text(st.characters(exclude_categories=()), max_size=2000)),
        ),
    ),
    min_size=1,
    max_size=20,
)


@given(FATES, st.integers(1, 10_000))
def test_an_answer_is_far_below_lambdas_limit_however_many_entries_and_whatever_the_errors(
    fates: list[Accepted | Queued], count: int
) -> None:
    many = list(islice(cycle(fates), count))
    body = responses.accepted(many)["body"]
    assert len(body) < 6 * 1024 * 1024 / 2
    assert len(json.loads(body)["entries"]) == count


@pytest.mark.parametrize("queue", Queue)
def test_the_answer_to_as_many_entries_as_there_may_be_fits_a_row_of_dynamodb(queue: Queue) -> None:
    """As JSON in JSON, which is how the idempotency table keeps it; beside it the row has some 200 bytes."""
    longest_code = Failed("ServiceUnavailableException", "\u2603" * 1000)
    for fate in (Accepted("11111111-2222-3333-4444-555555555555"), Queued(queue, longest_code)):
        answer = responses.accepted([fate] * Limits().entries)
        assert len(json.dumps(answer)) < 400 * 1024 - 200


def test_an_error_message_is_cut_where_it_is_long_and_never_within_a_character() -> None:
    letter = Queued(Queue.DEAD_LETTERS, Failed("MalformedDetail", "é" * 1000))
    [entry] = json.loads(responses.accepted([letter])["body"])["entries"]
    assert entry["error_message"] == "é" * (500 // len("\\u00e9"))
    [entry, _] = json.loads(responses.accepted([letter._replace(failed=Failed("a" * 65, "b" * 500)), letter])["body"])[
        "entries"
    ]
    assert entry == {"dead_lettered": True, "error_code": "a" * 64, "error_message": "b" * 500}


@pytest.mark.parametrize(("count", "length"), [(1, 500), (131, 500), (132, 496), (2048, 32), (2049, None)])
def test_the_more_entries_there_are_the_shorter_is_each_error_message(count: int, length: int | None) -> None:
    letter = Queued(Queue.DEAD_LETTERS, Failed("MalformedDetail", "a" * 1000))
    entries = json.loads(responses.accepted([letter] * count)["body"])["entries"]
    assert {len(entry["error_message"]) if "error_message" in entry else None for entry in entries} == {length}
