"""The adapter to the queue of releases: FIFO, with a destination as message group, so that one function releases it.

A message names a destination and holds nothing: what is lost is sent again by the reconciler.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagegroupid-property.html
"""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from relay.aws.boto3_clients import describe_error
from relay.delivery.message import DestinationRef
from relay.destinations.model import Destination

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

REMINDER_SECONDS = 60
"""Of two reminders within this time, SQS drops the second."""


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """A message: the destination to release, and since when what was released is sent once more."""

    which: DestinationRef
    since: datetime | None = None


class ReleaseQueue:
    """The queue at `url`. Every method raises OSError if SQS cannot be reached or refuses."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def request(self, destination: Destination, since: datetime | None = None) -> None:
        """Ask for a release, for somebody who waits for it."""
        self._send(destination, since, uuid.uuid4().hex)

    def remind(self, destination: Destination, now: datetime) -> None:
        """Ask for a release that may have been asked for already."""
        self._send(
            destination, None, f"{destination.label}-{destination.id}-{int(now.timestamp()) // REMINDER_SECONDS}"
        )

    def hide(self, receipt_handle: str, seconds: int) -> None:
        """Hide a message, and the others of its destination, for some seconds."""
        try:
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
            )
        except (ClientError, BotoCoreError) as error:
            raise OSError(f"release queue: {describe_error(error)}") from error

    def _send(self, destination: Destination, since: datetime | None, deduplication_id: str) -> None:
        body = {"customer": destination.customer, "destination": destination.name, "id": destination.id}
        if since:
            body["since"] = since.isoformat()
        try:
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=json.dumps(body),
                MessageGroupId=destination.label,
                MessageDeduplicationId=deduplication_id,
            )
        except (ClientError, BotoCoreError) as error:
            raise OSError(f"release queue: {describe_error(error)}") from error


def parse(text: str) -> ReleaseRequest:
    """Return what a message asks for. Raise ValueError."""
    try:
        body = json.loads(text)
        since = datetime.fromisoformat(body["since"]) if "since" in body else None
        return ReleaseRequest(DestinationRef(body["customer"], body["destination"], body["id"]), since)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"no request to release a destination: {type(error).__name__}") from error
