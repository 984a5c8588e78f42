"""Store entries in the delivery queue by the transport of the webhooks' way, which needs no boto3.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from relay.aws import queue_messages
from relay.aws.api import QUEUE_SEND, SQS, AwsCall, AwsError
from relay.delivery.message import Message


def store_messages(call: AwsCall, region: str, url: str, messages: Sequence[Message]) -> list[str | None]:
    """Store messages in the queue of this URL; return for each, in order, None or why it is not there. Do not raise."""
    return queue_messages.store(messages, partial(_send_batch, call, region, url))


def _send_batch(call: AwsCall, region: str, url: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return call(SQS, region, "SendMessageBatch", {"QueueUrl": url, **parameters}, QUEUE_SEND)
    except AwsError as error:
        raise OSError(str(error)) from error
