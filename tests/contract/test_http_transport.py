"""What the direct transport has to do itself: connections, attempts and credentials."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from relay import process_cache
from relay.aws import http_transport
from relay.aws.api import SECRETS_MANAGER, STANDARD_RETRY, CallOptions
from relay.aws.connection import MAX_IDLE_SECONDS
from relay.aws.eventbridge import put_entries
from relay.entry import Entry, Failed
from tests.contract.json_service import ACCEPTED, REGION, Aws, aws, credentials, failure, put

__all__ = ["aws", "credentials"]  # fixtures
QUICK = CallOptions(1, 0.3, 1)


def test_one_connection_serves_many_requests_and_a_closed_one_is_replaced(aws: Aws) -> None:
    for _ in range(3):
        put(http_transport.call)
    assert aws.connections == 1
    aws.hang_up = True
    put(http_transport.call)
    aws.hang_up = False
    put(http_transport.call)
    assert (aws.connections, len(aws.asked)) == (2, 5)


def test_after_silence_on_a_kept_connection_a_new_one_is_tried_at_once(aws: Aws) -> None:
    """A NAT gateway that has forgotten a connection answers nothing; PutPartnerEvents itself is asked once."""
    put(http_transport.call, QUICK)
    aws.answers = [(0, b"")]
    assert put(http_transport.call, QUICK) == json.loads(ACCEPTED)
    assert (aws.connections, len(aws.asked)) == (2, 3)


def test_after_silence_on_a_new_connection_nothing_is_tried_again(aws: Aws) -> None:
    put(http_transport.call, QUICK)
    aws.answers = [(0, b""), (0, b"")]
    assert failure(lambda: put(http_transport.call, QUICK)).code == "ReadTimeoutError"
    assert (aws.connections, len(aws.asked)) == (2, 3)


def test_a_connection_that_was_idle_for_long_is_replaced_before_anything_is_sent(aws: Aws) -> None:
    put(http_transport.call)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=MAX_IDLE_SECONDS + 1)):
        put(http_transport.call)
    assert (aws.connections, len(aws.asked)) == (2, 2)


@pytest.mark.parametrize(
    ("answers", "code", "asked"),
    [
        ([(500, b"")] * 2, None, 3),
        ([(400, b'{"__type":"ThrottlingException"}')], None, 2),
        ([(500, b"")] * 3, "500", 3),
        ([(400, b'{"__type":"ResourceNotFoundException"}')], "ResourceNotFoundException", 1),
    ],
    ids=["recovers", "throttled", "gives-up", "final"],
)
def test_a_secret_is_asked_for_three_times(
    aws: Aws, answers: list[tuple[int, bytes]], code: str | None, asked: int
) -> None:
    aws.answers = [*answers]

    def ask() -> dict[str, Any]:
        return http_transport.call(SECRETS_MANAGER, REGION, "GetSecretValue", {"SecretId": "a"}, STANDARD_RETRY)

    assert (failure(ask).code if code else ask() and None) == code
    assert len(aws.asked) == asked


@pytest.mark.parametrize(
    "content",
    [
        b"<html>",
        b"[]",
        b"null",
        b"\xff",
        b"{}",
        b'{"Entries":null}',
        b'{"Entries":"x"}',
        b'{"Entries":[null]}',
        b'{"Entries":[{}]}',
        b'{"Entries":[{"EventId":null,"ErrorCode":null}]}',
        b'{"Entries":[{"EventId":""}]}',
        b'{"Entries":[{"EventId":1}]}',
    ],
)
def test_an_answer_that_does_not_account_for_the_entry_is_no_success(aws: Aws, content: bytes) -> None:
    aws.answers = [(200, content)]
    [failed] = put_entries(http_transport.call, [Entry(datetime.now(UTC), "aws.partner/a/b", (), "a", "{}", REGION)])
    assert isinstance(failed, Failed)
    assert failed.code == "InvalidResponse"


def test_without_credentials_nothing_is_sent(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    process_cache.clear()
    try:
        assert failure(lambda: put(http_transport.call)).code == "NoCredentialsError"
    finally:
        process_cache.clear()
    assert aws.asked == []
