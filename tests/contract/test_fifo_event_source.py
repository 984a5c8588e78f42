"""A FIFO queue that invokes a function one message at a time, on the local AWS: the order, and who waits for whom.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
"""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from relay_local.deploy import drain
from relay_local.process import PARTNER, LocalAws
from tests.local_bus import REGION

DEADLINE_SECONDS = 20
# The runtime has no boto3, and without IAM nothing is signed.
FUNCTION = """
import json, os, time, urllib.request

def sqs(operation, **parameters):
    headers = {"x-amz-target": "AmazonSQS." + operation, "content-type": "application/x-amz-json-1.0"}
    body = json.dumps(parameters).encode()
    urllib.request.urlopen(urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], body, headers)).read()

def handler(event, context):
    [record] = event["Records"]
    asked, name = json.loads(record["body"]), record["attributes"]["MessageGroupId"]
    is_first = record["attributes"]["ApproximateReceiveCount"] == "1"
    say = lambda what: sqs("SendMessage", QueueUrl=os.environ["LOG"], MessageBody=f"{what} {name}{asked['number']}")
    say("begin")
    time.sleep(asked["seconds"])
    say("end")
    if is_first and asked["hide"] is not None:
        sqs("ChangeMessageVisibility", QueueUrl=os.environ["QUEUE"], ReceiptHandle=record["receiptHandle"],
            VisibilityTimeout=asked["hide"])
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
"""


@dataclass(frozen=True)
class Source:
    """The queue, and what its function said that it did."""

    sqs: Any
    queue_url: str
    log_url: str

    def send(self, group: str, number: int, *, seconds: float = 0, hide: int | None = None) -> None:
        """Send a message. Its function sleeps `seconds`, and gives it back the first time, hidden for `hide`."""
        body = {"number": number, "seconds": seconds, "hide": hide}
        self.sqs.send_message(
            QueueUrl=self.queue_url,
            MessageGroupId=group,
            MessageDeduplicationId=uuid4().hex,
            MessageBody=json.dumps(body),
        )

    def said(self, count: int) -> list[str]:
        """Return what the function says next, in its order."""
        lines: list[str] = []
        deadline = time.monotonic() + DEADLINE_SECONDS
        while len(lines) < count and time.monotonic() < deadline:
            lines += [message["Body"] for message in drain(self.sqs, self.log_url)]
            time.sleep(0.05)  # a queue is polled until a deadline
        return lines


@pytest.fixture(scope="module")
def source(bus: LocalAws) -> Iterator[Source]:
    sqs, functions = bus.client("sqs", PARTNER, REGION), bus.client("lambda", PARTNER, REGION)
    log_url = sqs.create_queue(QueueName="fifo-log")["QueueUrl"]
    attributes = {"FifoQueue": "true", "VisibilityTimeout": "60"}
    queue_url = sqs.create_queue(QueueName="fifo-source.fifo", Attributes=attributes)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as package:
        package.writestr("releases.py", FUNCTION)
    functions.create_function(
        FunctionName="fifo-releases",
        Runtime="python3.13",
        Handler="releases.handler",
        Role=f"arn:aws:iam::{PARTNER}:role/any",
        Timeout=30,
        Code={"ZipFile": code.getvalue()},
        Environment={"Variables": {"LOG": log_url, "QUEUE": queue_url}},
    )
    mapping = functions.create_event_source_mapping(
        FunctionName="fifo-releases",
        EventSourceArn=arn,
        BatchSize=1,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        ScalingConfig={"MaximumConcurrency": 2},
    )
    yield Source(sqs, queue_url, log_url)
    functions.delete_event_source_mapping(UUID=mapping["UUID"])


def test_messages_of_one_group_are_processed_one_after_another(source: Source) -> None:
    source.send("a", 1, seconds=0.3)
    source.send("a", 2)
    assert source.said(4) == ["begin a1", "end a1", "begin a2", "end a2"]


def test_a_group_that_takes_long_does_not_delay_another(source: Source) -> None:
    source.send("b", 1, seconds=2)
    source.send("c", 1)
    said = source.said(4)
    assert said.index("end c1") < said.index("end b1")


def test_what_the_function_gives_back_comes_again_before_the_next_of_its_group(source: Source) -> None:
    source.send("d", 1, hide=1)
    source.send("d", 2)
    assert source.said(6) == ["begin d1", "end d1"] * 2 + ["begin d2", "end d2"]


def test_what_is_hidden_holds_up_its_own_group_alone(source: Source) -> None:
    source.send("e", 1, hide=2)
    source.said(2)
    source.send("e", 2)
    source.send("f", 1)
    assert source.said(6) == ["begin f1", "end f1", "begin e1", "end e1", "begin e2", "end e2"]


def test_no_more_groups_run_at_once_than_the_mapping_allows(source: Source) -> None:
    for group in "ghi":
        source.send(group, 1, seconds=0.5)
    running = most = 0
    for line in source.said(6):
        running += 1 if line.startswith("begin") else -1
        most = max(most, running)
    assert most == 2
