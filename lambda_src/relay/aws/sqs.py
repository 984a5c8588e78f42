"""The adapter to SQS: store messages in as few calls as the limits allow, and postpone those that have to wait.

A message over SQS's limit is stored in the overflow bucket, and the queue gets a pointer to it.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relay import process_cache
from relay.aws import boto3_clients, s3
from relay.aws.api import STORAGE_RETRY
from relay.delivery.batching import batches
from relay.delivery.message import VERSION, InvalidMessage, Message, ascii_attribute
from relay.delivery.undelivered import Queue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MAX_MESSAGES_PER_BATCH = 10
MAX_BYTES = 1024 * 1024  # for a message, and for a batch

_POINTER = "overflow"
_KEY = r"overflow/[0-9a-f-]{36}"  # as s3.store makes them


@dataclass(frozen=True, slots=True)
class _SqsMessage:
    text: str
    attributes: Mapping[str, str]

    @property
    def size(self) -> int:
        """Return the bytes as SQS counts them: the body, and each attribute's name, type and value.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
        """
        return len(self.text.encode()) + sum(len(f"{key}String{value}") for key, value in self.attributes.items())


@process_cache.once
def _client() -> "SQSClient":
    client: SQSClient = boto3_clients.create_client("sqs", boto3_clients.botocore_config(STORAGE_RETRY))
    return client


def queue_url(queue: Queue) -> str:
    """Return the queue's URL, which the stack has set."""
    return os.environ["RETRY_QUEUE_URL" if queue is Queue.RETRY else "DEAD_LETTER_QUEUE_URL"]


def store_messages(queue: Queue, messages: Sequence[Message]) -> list[str | None]:
    """Store messages; return for each, in order, None if it is in the queue, else why it is not. Does not raise."""
    errors: dict[int, str | None] = {}
    sqs_messages: dict[int, _SqsMessage] = {}
    for index, message in enumerate(messages):
        try:
            sqs_messages[index] = _to_sqs(message)
        except Exception as error:  # noqa: BLE001 - see boto3_clients.py
            errors[index] = f"overflow bucket: {boto3_clients.describe_error(error)}"
    for batch in batches(sqs_messages, lambda index: sqs_messages[index].size, MAX_MESSAGES_PER_BATCH, MAX_BYTES):
        try:
            errors |= _send(queue, {index: sqs_messages[index] for index in batch})
        except Exception as error:  # noqa: BLE001 - the other batches would only take time to fail as well
            errors |= {index: boto3_clients.describe_error(error) for index in sqs_messages if index not in errors}
            break
    return [errors[index] for index in range(len(messages))]


def store_unreadable(text: str, why: str) -> str | None:
    """Dead-letter a text that is not a message of the relay, unchanged. Return None, or why that failed."""
    sqs_message = _SqsMessage(text, {"ErrorCode": "InvalidMessage", "ErrorMessage": ascii_attribute(why)})
    if sqs_message.size > MAX_BYTES:  # it came without attributes and leaves no room for any
        sqs_message = _SqsMessage(text, {})
    try:
        return _send(Queue.DEAD_LETTERS, {0: sqs_message})[0]
    except Exception as error:  # noqa: BLE001 - see boto3_clients.py
        return boto3_clients.describe_error(error)


def postpone_messages(seconds: Mapping[str, int]) -> None:
    """Hide messages of the retry queue for the seconds that are given by receipt handle. Does not raise.

    A message that cannot be hidden comes back after the queue's own visibility timeout.
    """
    for batch in batches(seconds, lambda _: 0, MAX_MESSAGES_PER_BATCH, MAX_BYTES):
        entries = [
            {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": seconds[handle]}
            for number, handle in enumerate(batch)
        ]
        try:
            # The stubs do not accept plain dictionaries with these keys.
            _client().change_message_visibility_batch(QueueUrl=queue_url(Queue.RETRY), Entries=entries)  # type: ignore[arg-type]
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


def _overflow_key(text: str) -> str | None:
    try:
        return str(json.loads(text)[_POINTER]["key"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _to_sqs(message: Message) -> _SqsMessage:
    """Return the message for SQS: if it is too large, a pointer to where it is stored now. Raise the SDK's errors."""
    sqs_message = _SqsMessage(message.text(), message.attributes())
    if sqs_message.size <= MAX_BYTES:
        return sqs_message
    key = s3.store("overflow", sqs_message.text.encode(), "application/json")
    # For a person who reads the queue. Cut short, since each may be what made the message too large.
    error = {"code": ascii_attribute(message.failed.code), "message": ascii_attribute(message.failed.message)}
    pointer = {"key": key, "size": len(sqs_message.text)}
    summary = {
        "version": VERSION,
        "route": ascii_attribute(message.origin.route),
        "webhook_id": ascii_attribute(message.origin.webhook_id),
        "error": error,
    }
    return _SqsMessage(json.dumps(summary | {_POINTER: pointer}), sqs_message.attributes)


def _send(queue: Queue, sqs_messages: Mapping[int, _SqsMessage]) -> dict[int, str | None]:
    """Send one batch; return for each message None or why it is not in the queue. Raise the SDK's errors."""
    entries: list[SendMessageBatchRequestEntryTypeDef] = [
        {
            "Id": str(index),
            "MessageBody": sqs_message.text,
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value} for name, value in sqs_message.attributes.items()
            },
        }
        for index, sqs_message in sqs_messages.items()
    ]
    errors: dict[int, str | None] = dict.fromkeys(
        sqs_messages, "the answer of SendMessageBatch does not account for it"
    )
    answer = _client().send_message_batch(QueueUrl=queue_url(queue), Entries=entries)
    errors |= {int(result["Id"]): None for result in answer.get("Successful", [])}
    errors |= {
        int(result["Id"]): f"{result['Code']}: {result.get('Message', '')}" for result in answer.get("Failed", [])
    }
    return errors
