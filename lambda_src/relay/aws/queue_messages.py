"""Messages as SQS takes them, in as few requests as its limits allow, whoever sends those; no boto3 for that.

A message over SQS's limit is stored in the overflow bucket, and the queue gets a pointer to it.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relay.delivery.batching import batches
from relay.delivery.message import VERSION, Message, ascii_attribute
from relay.entry import Entry

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
MAX_MESSAGES_PER_BATCH = 10
MAX_BYTES = 1024 * 1024  # for a message, and for a batch
POINTER = "overflow"
# Letters, digits and punctuation: the visible characters of ASCII.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
_GROUP = r"[!-~]{1,128}"


@dataclass(frozen=True, slots=True)
class SqsMessage:
    """A message for SQS. `group` is whose it is, for the fairness of the queue; empty for nobody's."""

    text: str
    attributes: Mapping[str, str]
    group: str = ""

    @property
    def size(self) -> int:
        """Return the bytes as SQS counts them: the body, and each attribute's name, type and value.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
        """
        return len(self.text.encode()) + sum(len(f"{key}String{value}") for key, value in self.attributes.items())


SendBatch = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Call SendMessageBatch with `Entries`, and return its answer. Raise OSError."""


def store(messages: Sequence[Message], send_batch: SendBatch) -> list[str | None]:
    """Send messages; return for each, in order, None if it is in the queue, else why it is not. Does not raise."""
    errors: dict[int, str | None] = {}
    sqs_messages: dict[int, SqsMessage] = {}
    for index, message in enumerate(messages):
        try:
            sqs_messages[index] = _to_sqs(message)
        except OSError as error:
            errors[index] = str(error)
    for batch in batches(sqs_messages, lambda index: sqs_messages[index].size, MAX_MESSAGES_PER_BATCH, MAX_BYTES):
        try:
            errors |= send({index: sqs_messages[index] for index in batch}, send_batch)
        except OSError as error:  # the other batches would only take time to fail as well
            errors |= {index: str(error) for index in sqs_messages if index not in errors}
            break
    return [errors[index] for index in range(len(messages))]


def send(sqs_messages: Mapping[int, SqsMessage], send_batch: SendBatch) -> dict[int, str | None]:
    """Send one batch; return for each message None, or why it is not in the queue. Raise OSError."""
    answer = send_batch({"Entries": [_batch_entry(index, each) for index, each in sqs_messages.items()]})
    errors: dict[int, str | None] = dict.fromkeys(
        sqs_messages, "the answer of SendMessageBatch does not account for it"
    )
    try:
        answered: dict[int, str | None] = {int(result["Id"]): None for result in answer.get("Successful", [])}
        answered |= {
            int(result["Id"]): f"{result['Code']}: {result.get('Message', '')}" for result in answer.get("Failed", [])
        }
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise OSError(f"the answer of SendMessageBatch is not one: {type(error).__name__}: {error}") from error
    return errors | {index: answered[index] for index in answered.keys() & sqs_messages.keys()}


def group_of(message: Message) -> str:
    """Return whose message it is: its customer's, else its source's, else its route's.

    SQS keeps the messages of one group from delaying those of the others.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
    """
    if message.destination:
        group = f"customer/{message.destination.customer}"
    elif isinstance(message.content, Entry):
        group = f"source/{message.content.source}"
    else:
        group = f"route/{message.origin.route}"
    if re.fullmatch(_GROUP, group):
        return group
    digest = hashlib.sha256(group.encode("utf-8", "surrogatepass")).hexdigest()
    return f"sha256/{digest}"


def _batch_entry(index: int, message: SqsMessage) -> dict[str, Any]:
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()}
    group = {"MessageGroupId": message.group} if message.group else {}
    return {"Id": str(index), "MessageBody": message.text, "MessageAttributes": attributes, **group}


def _to_sqs(message: Message) -> SqsMessage:
    """Return the message for SQS: if it is too large, a pointer to where it is stored now. Raise OSError."""
    sqs_message = SqsMessage(message.text(), message.attributes(), group_of(message))
    if sqs_message.size <= MAX_BYTES:
        return sqs_message
    from relay.aws import s3  # boto3, which most webhooks do without

    key = s3.store_overflow(sqs_message.text)
    # For a person who reads the queue. Cut short, since each may be what made the message too large.
    error = {"code": ascii_attribute(message.failed.code), "message": ascii_attribute(message.failed.message)}
    pointer = {"key": key, "size": len(sqs_message.text)}
    summary = {
        "version": VERSION,
        "route": ascii_attribute(message.origin.route),
        "webhook_id": ascii_attribute(message.origin.webhook_id),
        "error": error,
    }
    return SqsMessage(json.dumps(summary | {POINTER: pointer}), sqs_message.attributes, sqs_message.group)
