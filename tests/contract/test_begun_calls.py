"""A record is sent to Firehose before EventBridge is called, and its answer is read afterwards: by both transports."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from relay.aws import boto3_transport, http_transport
from relay.aws.api import FIREHOSE, AwsBegin, CallOptions
from tests.contract.json_service import ACCEPTED, REGION, Aws, aws, credentials, failure, put

__all__ = ["aws", "credentials"]  # fixtures

TAKEN = json.dumps({"RecordId": "1", "Encrypted": True}).encode()
QUICK = CallOptions(1, 0.5, 1)
LINE = b'{"body":"\xc3\xa9"}\n'

both = pytest.mark.parametrize("begin", [http_transport.begin, boto3_transport.begin], ids=["direct", "boto3"])


def send(begin: AwsBegin) -> Callable[[], dict[str, Any]]:
    parameters = {"DeliveryStreamName": "archive", "Record": {"Data": LINE}}
    return begin(FIREHOSE, REGION, "PutRecord", parameters, QUICK)


@both
def test_the_answer_is_read_when_it_is_asked_for(aws: Aws, begin: AwsBegin) -> None:
    aws.answers = [(200, TAKEN)]
    assert send(begin)()["RecordId"] == "1"


def test_both_send_the_same_record(aws: Aws) -> None:
    for begin in (http_transport.begin, boto3_transport.begin):
        aws.answers = [(200, TAKEN)]
        send(begin)()
    (mine, my_body), (theirs, their_body) = aws.asked
    assert json.loads(my_body) == json.loads(their_body)
    assert base64.b64decode(json.loads(my_body)["Record"]["Data"]) == LINE
    for name in ("content-type", "x-amz-target"):
        assert mine[name] == theirs[name]
    assert "firehose/aws4_request" in mine["authorization"]


def test_something_else_may_be_called_meanwhile(aws: Aws) -> None:
    either = json.loads(ACCEPTED) | json.loads(TAKEN)  # who is answered first is chance
    aws.answers = [(200, json.dumps(either).encode())] * 2
    receive = send(http_transport.begin)
    assert put(http_transport.call)["Entries"] == [{"EventId": "1"}]
    assert receive()["RecordId"] == "1"


@both
def test_a_refusal_and_silence_are_errors_of_aws(aws: Aws, begin: AwsBegin) -> None:
    aws.answers = [(400, b'{"__type":"ServiceUnavailableException"}')]
    assert failure(send(begin)).code == "ServiceUnavailableException"
    aws.answers = [(0, b"")]
    assert failure(send(begin)).code == "ReadTimeoutError"


def test_after_an_error_the_next_record_has_a_connection_of_its_own(aws: Aws) -> None:
    aws.answers = [(0, b"")]
    failure(send(http_transport.begin))
    aws.answers = [(200, TAKEN), (200, TAKEN)]
    assert [send(http_transport.begin)()["RecordId"] for _ in range(2)] == ["1", "1"]
    assert aws.connections == 2


def test_the_late_answer_to_a_record_that_nobody_waited_for_is_not_taken_for_that_of_the_next(aws: Aws) -> None:
    aws.answers = [(0, b""), (200, TAKEN)]
    send(http_transport.begin)  # the function has no time left for the answer
    assert send(http_transport.begin)()["RecordId"] == "1"
    assert aws.connections == 2


@both
def test_a_record_is_never_sent_twice(aws: Aws, begin: AwsBegin) -> None:
    """Firehose would have it twice."""
    aws.answers = [(500, b"")] * 3
    failure(send(begin))
    assert len(aws.asked) == 1
