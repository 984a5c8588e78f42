"""The adapter to SQS for what was not delivered: store messages, postpone those that have to wait, follow pointers."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from relay import process_cache
from relay.aws import boto3_clients, queue_messages, s3
from relay.aws.api import STORAGE_RETRY
from relay.aws.queue_messages import MAX_BYTES, MAX_MESSAGES_PER_BATCH, POINTER, SqsMessage
from relay.delivery.batching import batches
from relay.delivery.message import InvalidMessage, Message, ascii_attribute
from relay.delivery.undelivered import Queue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

QUEUE_URLS = {
    Queue.DELIVERY: "DELIVERY_QUEUE_URL",
    Queue.RETRY: "RETRY_QUEUE_URL",
    Queue.DEAD_LETTERS: "DEAD_LETTER_QUEUE_URL",
}
"""The environment variables that the stack has set."""

_KEY = r"overflow/[0-9a-f-]{36}"  # as s3.store makes them


@process_cache.once
def _client() -> "SQSClient":
    client: SQSClient = boto3_clients.create_client("sqs", boto3_clients.botocore_config(STORAGE_RETRY))
    return client


def queue_url(queue: Queue) -> str:
    """Return the queue's URL, which the stack has set."""
    return os.environ[QUEUE_URLS[queue]]


def store_messages(queue: Queue, messages: Sequence[Message]) -> list[str | None]:
    """Store messages; return for each, in order, None if it is in the queue, else why it is not. Does not raise."""
    return queue_messages.store(messages, partial(_send_batch, queue))


def store_unreadable(text: str, why: str) -> str | None:
    """Dead-letter a text that is not a message of the relay, unchanged. Return None, or why that failed."""
    sqs_message = SqsMessage(text, {"ErrorCode": "InvalidMessage", "ErrorMessage": ascii_attribute(why)})
    if sqs_message.size > MAX_BYTES:  # it came without attributes and leaves no room for any
        sqs_message = SqsMessage(text, {})
    try:
        return queue_messages.send({0: sqs_message}, partial(_send_batch, Queue.DEAD_LETTERS))[0]
    except OSError as error:
        return str(error)


def postpone_messages(source_arn: str, seconds: Mapping[str, int]) -> None:
    """Hide messages of the queue with this ARN for the seconds that are given by receipt handle. Does not raise.

    A message that cannot be hidden comes back after the queue's own visibility timeout.
    """
    for batch in batches(seconds, lambda _: 0, MAX_MESSAGES_PER_BATCH, MAX_BYTES):
        entries = [
            {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": seconds[handle]}
            for number, handle in enumerate(batch)
        ]
        try:
            # The stubs do not accept plain dictionaries with these keys.
            _client().change_message_visibility_batch(QueueUrl=_url_of(source_arn), Entries=entries)  # type: ignore[arg-type]  # plain dictionaries
        except Exception:  # noqa: BLE001, S112 - see boto3_clients.py; an error would send the whole batch back
            continue


def load_message_text(text: str) -> str:
    """Return `text`, or the message in the overflow bucket that it points to.

    Raise InvalidMessage if the pointer is not valid or the message is gone, OSError if S3 cannot be reached.
    """
    if (key := _overflow_key(text)) is None:
        return text
    if not re.fullmatch(_KEY, key):  # no other object in the bucket is a message
        raise InvalidMessage("the pointer to the overflow bucket is not valid")
    try:
        content = s3.load(key)
    except Exception as error:  # see boto3_clients.py: not only the SDK's errors
        raise OSError(boto3_clients.describe_error(error)) from error
    if content is None:
        raise InvalidMessage(f"the overflow bucket has no {key}")
    return content.decode("utf-8", "replace")


def _url_of(source_arn: str) -> str:
    """Return the URL of the queue with this ARN, of those that the function knows; the retry queue's of any other."""
    name = source_arn.rpartition(":")[2]
    urls = [os.environ.get(variable, "") for variable in QUEUE_URLS.values()]
    return next((url for url in urls if url.rpartition("/")[2] == name), queue_url(Queue.RETRY))


def _overflow_key(text: str) -> str | None:
    try:
        return str(json.loads(text)[POINTER]["key"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _send_batch(queue: Queue, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        answer: Mapping[str, Any] = _client().send_message_batch(QueueUrl=queue_url(queue), **parameters)
    except Exception as error:  # see boto3_clients.py: not only the SDK's errors
        raise OSError(boto3_clients.describe_error(error)) from error
    return answer
