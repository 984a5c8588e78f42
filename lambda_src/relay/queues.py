"""The adapter to SQS: stores dead letters in as few calls as the limits allow."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from relay.aws import CONFIG
from relay.batching import batches
from relay.dead_letter import DeadLetter

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MAX_MESSAGES_PER_BATCH = 10
MAX_BATCH_BYTES = 1024 * 1024


@cache
def _client() -> "SQSClient":
    return boto3.client("sqs", config=CONFIG)


def store(queue_url: str, letters: Sequence[DeadLetter]) -> str | None:
    """Store every letter; None if all of them are in the queue, else why one is not."""
    for batch in batches(letters, lambda letter: letter.size, MAX_MESSAGES_PER_BATCH, MAX_BATCH_BYTES):
        try:
            answer = _client().send_message_batch(
                QueueUrl=queue_url,
                Entries=[
                    {
                        "Id": str(number),
                        "MessageBody": letter.body,
                        "MessageAttributes": {
                            name: {"DataType": "String", "StringValue": value}
                            for name, value in letter.attributes.items()
                        },
                    }
                    for number, letter in enumerate(batch)
                ],
            )
        except (ClientError, BotoCoreError) as error:
            return str(error)
        if failed := answer.get("Failed"):
            return f"{failed[0]['Code']}: {failed[0].get('Message', '')}"
        if len(answer["Successful"]) != len(batch):
            return "the answer of SendMessageBatch does not account for each message"
    return None
