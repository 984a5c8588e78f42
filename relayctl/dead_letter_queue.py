"""The dead-letter queue of a stack: receive, filter, redrive and delete its messages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from relay.templates import strict_json
from relay.templates.strict_json import NotJSON
from relayctl import output

VISIBILITY_TIMEOUT_SECONDS = 60
"""How long a received message is hidden from other consumers, while the command works with it."""
BATCH = 10
"""The most messages in one request to SQS."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message of the queue: of the relay, or of somebody else."""

    id: str
    receipt: str
    text: str
    attributes: dict[str, Any]
    sent_at: datetime

    @property
    def content(self) -> dict[str, Any]:
        """Return the relay's message, or an empty dictionary if it is not a message of the relay."""
        try:
            content = strict_json.parse(self.text)
        except NotJSON:
            return {}
        return content if isinstance(content, dict) else {}

    def get(self, *path: str) -> Any:
        """Return the value at `path` in the message, or None."""
        value: Any = self.content
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def attribute(self, name: str) -> str | None:
        """Return a message attribute that the relay set, or None."""
        value: str | None = self.attributes.get(name, {}).get("StringValue")
        return value

    def row(self) -> dict[str, Any]:
        """Return what a list shows of the message."""
        return {
            "id": self.id,
            "age": str(datetime.now(UTC) - self.sent_at).partition(".")[0],
            "route": self.attribute("Route"),
            "error": self.attribute("ErrorCode"),
            "attempts": self.get("attempts"),
            "source": self.attribute("Source"),
            "detail-type": self.get("entry", "DetailType"),
            "message": self.get("error", "message"),
        }


@dataclass(frozen=True, slots=True)
class Filter:
    """The dead letters that a command works with; None matches every value."""

    route: str | None = None
    error: str | None = None
    source: str | None = None
    older_than: timedelta | None = None
    id: str | None = None

    def matches(self, letter: DeadLetter) -> bool:
        """Return whether the command works with `letter`. `source` matches every source that begins with it."""
        return (
            self.id in {None, letter.id}
            and self.route in {None, letter.attribute("Route")}
            and self.error in {None, letter.attribute("ErrorCode")}
            and (letter.attribute("Source") or "").startswith(self.source or "")
            and datetime.now(UTC) - letter.sent_at >= (self.older_than or timedelta(0))
        )

    def matches_all(self) -> bool:
        """Return whether the filter matches every dead letter."""
        return self == Filter()


@dataclass(frozen=True, slots=True)
class DeadLetterQueue:
    """The dead-letter queue, and the retry queue that dead letters are sent back to. Methods raise the SDK's errors."""

    client: Any
    url: str
    arn: str
    retry_url: str
    retry_arn: str

    @classmethod
    def of_stack(cls, client: Any, outputs: Mapping[str, str]) -> Self:
        """Return the queues that the outputs of a stack name. Exit with code 1 if it is not a relay's."""
        names = ("DeadLetterQueueUrl", "DeadLetterQueueArn", "RetryQueueUrl", "RetryQueueArn")
        if missing := [name for name in names if name not in outputs]:
            output.fail(f"The stack has no output {missing[0]}: it is not a relay's, or its deployment has not ended.")
        return cls(client, *(outputs[name] for name in names))

    def receive(self) -> Iterator[DeadLetter]:
        """Yield every visible message once and hide it for VISIBILITY_TIMEOUT_SECONDS."""
        seen: set[str] = set()
        while messages := self.client.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=BATCH,
            VisibilityTimeout=VISIBILITY_TIMEOUT_SECONDS,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp"],
        ).get("Messages"):
            if all(message["MessageId"] in seen for message in messages):
                return  # a queue so long that its first messages are visible again
            for message in messages:
                if message["MessageId"] not in seen:
                    seen.add(message["MessageId"])
                    yield _dead_letter(message)

    def list_matching(self, wanted: Filter) -> list[DeadLetter]:
        """Return the dead letters that match, and leave all of them visible to other consumers."""
        letters = list(self.receive())
        self.release(letters)
        return [letter for letter in letters if wanted.matches(letter)]

    def find(self, letter_id: str) -> DeadLetter | None:
        """Return the dead letter of this id, visible to other consumers; None if there is none."""
        return next(iter(self.list_matching(Filter(id=letter_id))), None)

    def receive_matching(self, wanted: Filter) -> list[DeadLetter]:
        """Return the dead letters that match, hidden from other consumers; all others are visible again."""
        letters = list(self.receive())
        matching = [letter for letter in letters if wanted.matches(letter)]
        ids = {letter.id for letter in matching}
        self.release([letter for letter in letters if letter.id not in ids])
        return matching

    def release(self, letters: list[DeadLetter]) -> None:
        """Make received dead letters visible again.

        Of a long queue the first are visible already. SQS reports each of them as failed, which is what was wanted.
        """
        for start in range(0, len(letters), BATCH):
            entries = [
                {"Id": str(index), "ReceiptHandle": letter.receipt, "VisibilityTimeout": 0}
                for index, letter in enumerate(letters[start : start + BATCH])
            ]
            self.client.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)

    def delete(self, letter: DeadLetter) -> None:
        """Delete a received dead letter."""
        self.client.delete_message(QueueUrl=self.url, ReceiptHandle=letter.receipt)

    def redrive(self, letter: DeadLetter) -> None:
        """Send a received dead letter to the retry queue, then delete it."""
        self.client.send_message(QueueUrl=self.retry_url, MessageBody=letter.text, MessageAttributes=letter.attributes)
        self.delete(letter)

    def start_redriving_all(self) -> None:
        """Let SQS move every dead letter to the retry queue."""
        self.client.start_message_move_task(SourceArn=self.arn, DestinationArn=self.retry_arn)

    def redrive_task(self) -> dict[str, Any]:
        """Return the state of the last move, as ListMessageMoveTasks describes it."""
        task: dict[str, Any]
        [task] = self.client.list_message_move_tasks(SourceArn=self.arn, MaxResults=1)["Results"]
        return task


def _dead_letter(message: dict[str, Any]) -> DeadLetter:
    sent_at = datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)
    attributes = message.get("MessageAttributes", {})
    return DeadLetter(message["MessageId"], message["ReceiptHandle"], message["Body"], attributes, sent_at)
