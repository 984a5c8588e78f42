"""The adapter to SQS: stores messages in as few calls as the limits allow, and postpones those that have to wait.

A message over SQS's limit goes to the overflow bucket; the queue holds a pointer to it, which is followed here.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from relay.aws import boto3_clients, s3
from relay.delivery.batching import batches
from relay.delivery.message import VERSION, InvalidMessage, Message, ascii_attribute
from relay.delivery.undelivered import Queue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MAX_MESSAGES_PER_BATCH = 10
MAX_BYTES = 1024 * 1024  # of a message, and of a batch

_POINTER = "overflow"
_KEY = r"overflow/[0-9a-f-]{36}"  # as s3.put makes them


@dataclass(frozen=True, slots=True)
class _Letter:
    text: str
    attributes: Mapping[str, str]

    @property
    def size(self) -> int:
        """Bytes as SQS counts them: the body, and each attribute's name, type and value.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
        """
        return len(self.text.encode()) + sum(len(f"{key}String{value}") for key, value in self.attributes.items())


@cache
def _client() -> "SQSClient":
    client: SQSClient = boto3_clients.client("sqs", boto3_clients.CONFIG_STORE)
    return client


def url(queue: Queue) -> str:
    """As the stack set it."""
    return os.environ["RETRY_QUEUE_URL" if queue is Queue.RETRY else "DEAD_LETTER_QUEUE_URL"]


def store(queue: Queue, messages: Sequence[Message]) -> list[str | None]:
    """None for each message that is in the queue, in order, else why it is not."""
    found: dict[int, str | None] = {}
    letters: dict[int, _Letter] = {}
    for index, message in enumerate(messages):
        letter = _Letter(message.text(), message.attributes())
        try:
            letters[index] = letter if letter.size <= MAX_BYTES else _overflowing(message, letter)
        except Exception as error:  # noqa: BLE001 - see boto3_clients.py
            found[index] = f"overflow bucket: {boto3_clients.reason(error)}"
    for batch in batches(letters, lambda index: letters[index].size, MAX_MESSAGES_PER_BATCH, MAX_BYTES):
        try:
            found |= _send(queue, {index: letters[index] for index in batch})
        except Exception as error:  # noqa: BLE001 - the others would only take time to fail as well
            found |= {index: boto3_clients.reason(error) for index in letters if index not in found}
            break
    return [found[index] for index in range(len(messages))]


def keep_unreadable(text: str, why: str) -> str | None:
    """Dead-letter a text that is no message of ours, as it came: None if it is in the queue, else why it is not."""
    letter = _Letter(text, {"ErrorCode": "InvalidMessage", "ErrorMessage": ascii_attribute(why)})
    if letter.size > MAX_BYTES:  # it came without attributes, and leaves no room for any
        letter = _Letter(text, {})
    try:
        return _send(Queue.DEAD_LETTERS, {0: letter})[0]
    except Exception as error:  # noqa: BLE001 - see boto3_clients.py
        return boto3_clients.reason(error)


def postpone(seconds: Mapping[str, int]) -> None:
    """Hide the messages of the retry queue with these receipt handles.

    One that cannot be hidden comes back after the queue's own timeout.
    """
    for batch in batches(seconds, lambda _: 0, MAX_MESSAGES_PER_BATCH, MAX_BYTES):
        entries = [
            {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": seconds[handle]}
            for number, handle in enumerate(batch)
        ]
        try:
            # The stubs do not see that dictionaries of these keys are what they want.
            _client().change_message_visibility_batch(QueueUrl=url(Queue.RETRY), Entries=entries)  # type: ignore[arg-type]
        except Exception:  # noqa: BLE001, S112 - see boto3_clients.py; what has been delivered may not come back for it
            continue


def follow(text: str) -> str:
    """The message that `text` is, or points to. Raises InvalidMessage if it is gone, OSError if S3 is."""
    if (key := _pointed_at(text)) is None:
        return text
    if not re.fullmatch(_KEY, key):  # nothing else in the bucket is a message
        raise InvalidMessage("the pointer to the overflow bucket is none of ours")
    try:
        found = s3.get(key)
    except Exception as error:
        raise OSError(boto3_clients.reason(error)) from error
    if found is None:
        raise InvalidMessage(f"the overflow bucket has no {key}")
    return found.decode("utf-8", "replace")


def _pointed_at(text: str) -> str | None:
    try:
        return str(json.loads(text)[_POINTER]["key"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _overflowing(message: Message, letter: _Letter) -> _Letter:
    key = s3.put("overflow", letter.text.encode(), "application/json")
    # Only for a person who looks at it, and each of them may be what made the message too large.
    error = {"code": ascii_attribute(message.failed.code), "message": ascii_attribute(message.failed.message)}
    pointer = {"key": key, "size": len(letter.text)}
    about = {
        "version": VERSION,
        "route": ascii_attribute(message.origin.route),
        "webhook_id": ascii_attribute(message.origin.webhook_id),
        "error": error,
    }
    return _Letter(json.dumps(about | {_POINTER: pointer}), letter.attributes)


def _send(queue: Queue, letters: Mapping[int, _Letter]) -> dict[int, str | None]:
    entries: list[SendMessageBatchRequestEntryTypeDef] = [
        {
            "Id": str(index),
            "MessageBody": letter.text,
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value} for name, value in letter.attributes.items()
            },
        }
        for index, letter in letters.items()
    ]
    found: dict[int, str | None] = dict.fromkeys(letters, "the answer of SendMessageBatch does not account for it")
    answer = _client().send_message_batch(QueueUrl=url(queue), Entries=entries)
    found |= {int(one["Id"]): None for one in answer.get("Successful", [])}
    found |= {int(one["Id"]): f"{one['Code']}: {one.get('Message', '')}" for one in answer.get("Failed", [])}
    return found
