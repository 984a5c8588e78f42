"""Whatever SQS, S3 or EventBridge answer, what stores and sends has a reason instead of an exception."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from relay import process_cache
from relay.aws import boto3_transport, delivery_queue, http_transport, s3, sqs
from relay.aws.api import AwsCall
from relay.aws.eventbridge import put_entries
from relay.aws.queue_messages import MAX_BYTES
from relay.delivery.message import Message, Origin
from relay.delivery.undelivered import Queue, Queued, store_undelivered
from relay.entry import Accepted, Entry, Failed
from tests.contract.json_service import REGION, Aws, aws, credentials

__all__ = ["aws", "credentials"]  # fixtures

ENTRY = Entry(datetime(2026, 11, 23, tzinfo=UTC), "aws.partner/acme.example/c42", (), "a", "{}", REGION)
LETTER = Message(Origin("orders", "msg_1", "2026-11-23T07:09:54Z"), ENTRY, Failed("ThrottlingException", "slow", 1))
URL = f"https://sqs.{REGION}.amazonaws.com/111111111111/DELIVERY"
ODD = {
    "list": b"[]",
    "nested-list": b'{"Successful":[[]]}',
    "no-id": b'{"Successful":[{}]}',
    "id-is-no-number": b'{"Successful":[{"Id":"x"}]}',
    "no-code": b'{"Failed":[{"Id":"0"}]}',
    "deep": b"[" * 100_000,
    "not-json": b"<html>",
    "another-id": b'{"Successful":[{"Id":"7"}]}',
}


@pytest.fixture
def stores(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """SQS and S3 at the end of the function's wires."""
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("OVERFLOW_BUCKET", "overflow")
    for queue in ("DELIVERY", "RETRY", "DEAD_LETTER"):
        monkeypatch.setenv(f"{queue}_QUEUE_URL", f"https://sqs.{REGION}.amazonaws.com/111111111111/{queue}")
    process_cache.clear()
    yield aws
    process_cache.clear()


@pytest.mark.parametrize("answer", ODD.values(), ids=ODD.keys())
def test_what_one_queue_answers_oddly_is_in_the_other(stores: Aws, answer: bytes) -> None:
    stores.answers = [(200, answer), (200, b'{"Successful":[{"Id":"0"}]}')]
    assert store_undelivered([LETTER], sqs.store_messages) == [Queued(Queue.DEAD_LETTERS, LETTER.failed)]


@pytest.mark.parametrize("transport", [http_transport.call, boto3_transport.call], ids=["direct", "boto3"])
@pytest.mark.parametrize("answer", ODD.values(), ids=ODD.keys())
def test_what_the_delivery_queue_answers_oddly_is_a_reason(stores: Aws, transport: AwsCall, answer: bytes) -> None:
    stores.answers = [(200, answer)]
    assert delivery_queue.store_messages(transport, REGION, URL, [LETTER]) != [None]


@pytest.mark.parametrize("transport", [http_transport.call, boto3_transport.call], ids=["direct", "boto3"])
def test_an_entry_for_the_delivery_queue_is_sent_with_its_group_in_one_request_of_ten(
    stores: Aws, transport: AwsCall
) -> None:
    names = [{"Id": str(number)} for number in range(11)]
    stores.answers = [(200, json.dumps({"Successful": some}).encode()) for some in (names[:10], names[10:])]
    assert delivery_queue.store_messages(transport, REGION, URL, [LETTER] * 11) == [None] * 11
    asked = [(headers["x-amz-target"], json.loads(body)) for headers, body in stores.asked]
    assert [(target, body["QueueUrl"], len(body["Entries"])) for target, body in asked] == [
        ("AmazonSQS.SendMessageBatch", URL, 10),
        ("AmazonSQS.SendMessageBatch", URL, 1),
    ]
    assert {entry["MessageGroupId"] for _, body in asked for entry in body["Entries"]} == {f"source/{ENTRY.source}"}


@pytest.mark.parametrize("transport", [http_transport.call, boto3_transport.call], ids=["direct", "boto3"])
def test_a_queue_that_refuses_is_asked_once_and_an_answer_about_others_stores_nothing(
    stores: Aws, transport: AwsCall
) -> None:
    others = json.dumps({"Successful": [{"Id": str(number)} for number in range(30)]}).encode()
    stores.answers = [(200, others), (500, b"{}")]
    stored = delivery_queue.store_messages(transport, REGION, URL, [LETTER] * 30)
    assert [error is None for error in stored] == [True] * 10 + [False] * 20
    assert len(stores.asked) == 2


@pytest.mark.parametrize("answer", ODD.values(), ids=ODD.keys())
def test_a_message_that_is_none_of_ours_stays_where_it_is_when_the_queue_answers_oddly(
    stores: Aws, answer: bytes
) -> None:
    stores.answers = [(200, answer)]
    assert sqs.store_unreadable("x", "why")


@pytest.mark.parametrize("answer", ODD.values(), ids=ODD.keys())
def test_what_has_been_delivered_does_not_come_back_for_an_odd_answer_about_what_waits(
    stores: Aws, answer: bytes
) -> None:
    stores.answers = [(200, answer)]
    sqs.postpone_messages(f"arn:aws:sqs:{REGION}:111111111111:RETRY", {"receipt": 5})


@pytest.mark.parametrize(("queue", "known"), [("DELIVERY", "DELIVERY"), ("RETRY", "RETRY"), ("other", "RETRY")])
def test_what_waits_is_hidden_in_the_queue_that_it_came_from(stores: Aws, queue: str, known: str) -> None:
    stores.answers = [(200, b'{"Successful":[{"Id":"0"}]}')]
    sqs.postpone_messages(f"arn:aws:sqs:{REGION}:111111111111:{queue}", {"receipt": 5})
    [(_, body)] = stores.asked
    assert json.loads(body)["QueueUrl"] == f"https://sqs.{REGION}.amazonaws.com/111111111111/{known}"


@pytest.mark.parametrize("answer", [b"<html>", b"<Error", b"\xff"])
def test_what_s3_answers_oddly_is_a_reason_too(stores: Aws, answer: bytes) -> None:
    stores.answers = [(400, answer)] * 9
    with pytest.raises(OSError, match="overflow bucket"):
        s3.store_detail("{}")
    with pytest.raises(OSError, match=r"."):
        sqs.load_message_text('{"overflow":{"key":"overflow/00000000-0000-0000-0000-000000000000"}}')


@pytest.mark.parametrize("transport", [http_transport.call, boto3_transport.call], ids=["direct", "boto3"])
@pytest.mark.parametrize("answer", [b"[]", b"null", b'{"Entries":1}', b"[" * 100_000, b'{"Entries":' + b"[" * 100_000])
@pytest.mark.parametrize("status", [200, 400])
def test_whatever_eventbridge_answers_the_entry_has_an_outcome(
    aws: Aws, transport: AwsCall, answer: bytes, status: int
) -> None:
    aws.answers = [(status, answer)]
    [outcome] = put_entries(transport, [ENTRY])
    assert isinstance(outcome, Failed)


@pytest.mark.parametrize("transport", [http_transport.call, boto3_transport.call], ids=["direct", "boto3"])
def test_an_error_of_the_whole_request_is_told_from_an_error_of_an_entry(aws: Aws, transport: AwsCall) -> None:
    code = "ResourceNotFoundException"
    aws.answers = [(400, json.dumps({"__type": code}).encode())]
    [of_request] = put_entries(transport, [ENTRY])
    aws.answers = [(200, json.dumps({"FailedEntryCount": 1, "Entries": [{"ErrorCode": code}]}).encode())]
    [of_entry] = put_entries(transport, [ENTRY])
    assert [(each.code, each.is_of_request) for each in (of_request, of_entry) if isinstance(each, Failed)] == [
        (code, True),
        (code, False),
    ]


@pytest.mark.parametrize("transport", [http_transport.call, boto3_transport.call], ids=["direct", "boto3"])
def test_an_entry_with_an_id_and_an_error_was_not_accepted(aws: Aws, transport: AwsCall) -> None:
    aws.answers = [(200, b'{"FailedEntryCount":1,"Entries":[{"EventId":"1","ErrorCode":"InternalFailure"}]}')]
    assert put_entries(transport, [ENTRY]) == [Failed("InternalFailure", "")]
    aws.answers = [(200, b'{"FailedEntryCount":0,"Entries":[{"EventId":"1","ErrorCode":""}]}')]
    assert put_entries(transport, [ENTRY]) == [Accepted("1")]


@pytest.mark.parametrize(
    "letter",
    [
        replace(LETTER, origin=LETTER.origin._replace(webhook_id="i" * 1_100_000)),
        replace(LETTER, origin=LETTER.origin._replace(webhook_id="é" * 200_000)),
        replace(LETTER, failed=replace(LETTER.failed, message="<" * 1_100_000)),
        replace(LETTER, failed=replace(LETTER.failed, code="C" * 1_100_000)),
    ],
    ids=["id", "id-in-escapes", "error-message", "error-code"],
)
def test_a_pointer_fits_into_a_queue_whatever_made_its_message_too_large(stores: Aws, letter: Message) -> None:
    stores.answers = [(200, b""), (200, b'{"Successful":[{"Id":"0"}]}')]
    assert sqs.store_messages(Queue.RETRY, [letter]) == [None]
    _, (_, sent) = stores.asked
    assert len(sent) < MAX_BYTES
