"""The adapter to the queue of releases: FIFO, with a destination as message group, so that one function releases it.

A message names a destination and holds nothing: what is lost is sent again by the reconciler.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagegroupid-property.html
"""

import json
import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from relay.aws.boto3_clients import describe_error
from relay.delivery.message import DestinationRef
from relay.destinations.model import Destination

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

REMINDER_SECONDS = 60
"""Of two reminders within this time, SQS drops the second."""


class ReleaseQueue:
    """The queue at `url`. Every method raises OSError if SQS cannot be reached or refuses."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def request(self, destination: Destination) -> None:
        """Ask for a release, for somebody who waits for it."""
        self._send(destination, uuid.uuid4().hex)

    def remind(self, destination: Destination, now: datetime) -> None:
        """Ask for a release that may have been asked for already."""
        minute = int(now.timestamp()) // REMINDER_SECONDS
        self._send(destination, f"{destination.label}-{destination.id}-{minute}")

    def hide(self, receipt_handle: str, seconds: int) -> None:
        """Hide a message, and the others of its destination, for some seconds."""
        self._call("change_message_visibility", ReceiptHandle=receipt_handle, VisibilityTimeout=seconds)

    def _send(self, destination: Destination, deduplication_id: str) -> None:
        body = {"customer": destination.customer, "destination": destination.name, "id": destination.id}
        self._call(
            "send_message",
            MessageBody=json.dumps(body),
            MessageGroupId=destination.label,
            MessageDeduplicationId=deduplication_id,
        )

    def _call(self, operation: str, **parameters: Any) -> None:
        try:
            getattr(self._client, operation)(QueueUrl=self._url, **parameters)
        except (ClientError, BotoCoreError) as error:
            raise OSError(f"release queue: {describe_error(error)}") from error


def parse(text: str) -> DestinationRef:
    """Return the destination that a message asks to release. Raise ValueError."""
    try:
        body = json.loads(text)
        return DestinationRef(body["customer"], body["destination"], body["id"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"no request to release a destination: {type(error).__name__}") from error
