"""What waits in the retry queue is delivered by itself, by the deployed function, once EventBridge is back."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Relay

Inject = Callable[[list[dict[str, Any]]], None]


@pytest.fixture
def faults(relay: Relay) -> Iterator[Inject]:
    def inject(document: list[dict[str, Any]]) -> None:
        aws = relay.session.aws
        httpx.put(f"{aws.url}/_partner_bus/faults", json=document, verify=aws.ssl_context()).raise_for_status()

    yield inject
    inject([])
    relay.until(relay.delivers)  # an EventBridge that has failed for a while is left alone for up to ten seconds
    relay.until(lambda: relay.waiting() == 0)


def test_after_an_outage_the_events_arrive_by_themselves(relay: Relay, faults: Inject) -> None:
    sample = relay.sample("/orders")
    faults([{"status": 503, "error_code": "ServiceUnavailable"}])
    posted = [event for event in json.loads(sample.body)["events"][:45] if event["customer"] != "c99"]
    body = json.dumps({"events": posted}).encode()
    answer = relay.post("/orders", body, sample.signed(body))
    assert (answer.status_code, answer.json()["queued"]) == (202, 44)
    assert answer.json()["entries"][0] == {
        "queued": True,
        "error_code": "ServiceUnavailable",
        "destination": f"{posted[0]['customer']}/prod",
    }
    assert relay.waiting() == 44
    assert relay.received() == []
    faults([])
    events = relay.received_within(60, 44)
    assert sorted(event["detail"]["id"] for event in events) == sorted(event["id"] for event in posted)
    relay.until(lambda: relay.waiting() == 0)
    assert relay.dead_letters() == []


def test_a_dead_letter_is_delivered_when_it_is_redriven_after_its_cause_is_gone(relay: Relay) -> None:
    sample, sqs = relay.sample("/github"), relay.client("sqs")
    body = b'{"repository": {"owner": {"login": "c66"}}}'
    assert relay.post("/github", body, sample.signed(body)).json()["dead_lettered"] == 1
    relay.session.customer.subscribe(["aws.partner/acme.example/github/c66"])
    outputs = relay.session.stack.outputs
    source, destination = outputs["DeadLetterQueueArn"], outputs["RetryQueueArn"]
    sqs.start_message_move_task(SourceArn=source, DestinationArn=destination)
    [task] = sqs.list_message_move_tasks(SourceArn=source)["Results"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)
    assert [event["source"] for event in relay.received_within(60, 1)] == ["aws.partner/acme.example/github/c66"]
    relay.until(lambda: relay.waiting() == 0)
    assert relay.dead_letters() == []


def test_a_poison_message_blocks_no_other(relay: Relay) -> None:
    sample, sqs, stack = relay.sample("/github"), relay.client("sqs"), relay.session.stack
    good = {
        "version": 1,
        "route": "github",
        "webhook_id": "1",
        "received_at": "2026-11-23T07:09:54Z",
        "region": stack.region,
        "attempts": 1,
        "error": {"code": "ThrottlingException", "message": ""},
        "entry": {
            "Time": "2026-11-23T07:09:54Z",
            "Source": sample.sources[0],
            "Resources": [],
            "DetailType": "push",
            "Detail": '{"good":true}',
        },
    }
    texts = ["not JSON", json.dumps(good | {"version": 99}), json.dumps(good)]
    entries = [{"Id": str(number), "MessageBody": text} for number, text in enumerate(texts)]
    assert len(sqs.send_message_batch(QueueUrl=stack.retry_queue_url, Entries=entries)["Successful"]) == 3
    relay.until(lambda: relay.waiting() == 0)
    assert [event["detail"] for event in relay.received()] == [{"good": True}]
    raw = sqs.receive_message(
        QueueUrl=stack.dead_letter_queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=0
    )["Messages"]
    assert {message["Body"] for message in raw} == {"not JSON", texts[1]}
    assert {message["MessageAttributes"]["ErrorCode"]["StringValue"] for message in raw} == {"InvalidMessage"}
    for message in raw:
        sqs.delete_message(QueueUrl=stack.dead_letter_queue_url, ReceiptHandle=message["ReceiptHandle"])
