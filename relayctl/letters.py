"""The letters of the dead-letter queue: receiving, choosing, moving and deleting them."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import typer
from rich.progress import Progress

from relay.templates import strict_json
from relay.templates.strict_json import NotJSON
from relayctl import printing
from relayctl.aws import Account

HIDDEN_SECONDS = 60  # while the command works with what it has received
AT_ONCE = 10
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of the queue."""

    id: str
    receipt: str
    text: str
    attributes: dict[str, Any]
    sent_at: datetime

    @property
    def content(self) -> dict[str, Any]:
        """The message of the relay; empty if it is none."""
        try:
            content = strict_json.parse(self.text)
        except NotJSON:
            return {}
        return content if isinstance(content, dict) else {}

    def at(self, *path: str) -> Any:
        """What stands there in the message; None if the message is another's and nothing does."""
        value: Any = self.content
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def attribute(self, name: str) -> str | None:
        """As the relay set it."""
        value: str | None = self.attributes.get(name, {}).get("StringValue")
        return value

    def row(self) -> dict[str, Any]:
        """What a list shows."""
        return {
            "id": self.id,
            "age": str(datetime.now(UTC) - self.sent_at).partition(".")[0],
            "route": self.attribute("Route"),
            "error": self.attribute("ErrorCode"),
            "attempts": self.at("attempts"),
            "source": self.attribute("Source"),
            "detail-type": self.at("entry", "DetailType"),
            "message": self.at("error", "message"),
        }


@dataclass(frozen=True, slots=True)
class Filter:
    """Which letters a command is about; everything if nothing is given."""

    route: str | None
    error: str | None
    source: str | None
    older_than: timedelta | None

    def takes(self, letter: Letter) -> bool:
        """Whether it is about this letter."""
        return (
            self.route in {None, letter.attribute("Route")}
            and self.error in {None, letter.attribute("ErrorCode")}
            and (letter.attribute("Source") or "").startswith(self.source or "")
            and datetime.now(UTC) - letter.sent_at >= (self.older_than or timedelta(0))
        )

    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return (self.route, self.error, self.source, self.older_than) == (None, None, None, None)


@dataclass(frozen=True, slots=True)
class Queues:
    """The stack's two queues."""

    client: Any
    dead_letters: str
    dead_letters_arn: str
    retry: str
    retry_arn: str

    def receive(self) -> Iterator[Letter]:
        """Every letter that can be received now, once; each is hidden until it is released, or for a minute."""
        seen: set[str] = set()
        while messages := self.client.receive_message(
            QueueUrl=self.dead_letters,
            MaxNumberOfMessages=AT_ONCE,
            VisibilityTimeout=HIDDEN_SECONDS,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp"],
        ).get("Messages"):
            if all(one["MessageId"] in seen for one in messages):
                return  # so many that the first are back already
            for one in messages:
                if one["MessageId"] not in seen:
                    seen.add(one["MessageId"])
                    sent = datetime.fromtimestamp(int(one["Attributes"]["SentTimestamp"]) / 1000, UTC)
                    yield Letter(
                        one["MessageId"], one["ReceiptHandle"], one["Body"], one.get("MessageAttributes", {}), sent
                    )

    def release(self, letters: list[Letter]) -> None:
        """Let others see them again. Of many, the first are seen already, and SQS says so: that is no mistake."""
        for start in range(0, len(letters), AT_ONCE):
            entries = [
                {"Id": str(number), "ReceiptHandle": letter.receipt, "VisibilityTimeout": 0}
                for number, letter in enumerate(letters[start : start + AT_ONCE])
            ]
            self.client.change_message_visibility_batch(QueueUrl=self.dead_letters, Entries=entries)

    def delete(self, letter: Letter) -> None:
        """It is gone."""
        self.client.delete_message(QueueUrl=self.dead_letters, ReceiptHandle=letter.receipt)

    def look(self, wanted: Filter) -> list[Letter]:
        """The letters that are wanted; all of them stay where others see them."""
        letters = list(self.receive())
        self.release(letters)
        return [letter for letter in letters if wanted.takes(letter)]

    def take(self, wanted: Filter) -> list[Letter]:
        """The letters that are wanted, hidden from others; the rest is released."""
        letters = list(self.receive())
        mine = [letter for letter in letters if wanted.takes(letter)]
        taken = {letter.id for letter in mine}
        self.release([letter for letter in letters if letter.id not in taken])
        return mine


def queues_of(account: Account, stack_name: str) -> Queues:
    """The queues of a deployed stack. Raises the SDK's errors."""
    outputs = account.outputs(stack_name)
    names = ("DeadLetterQueueUrl", "DeadLetterQueueArn", "RetryQueueUrl", "RetryQueueArn")
    return Queues(account.client("sqs"), *(outputs[name] for name in names))


def move_all(queues: Queues, shown: Progress) -> int:
    """Let SQS move the whole queue; how many it has moved. Ends the program if SQS gives up."""
    queues.client.start_message_move_task(SourceArn=queues.dead_letters_arn, DestinationArn=queues.retry_arn)
    bar = shown.add_task("redrive")
    while True:
        [task] = queues.client.list_message_move_tasks(SourceArn=queues.dead_letters_arn, MaxResults=1)["Results"]
        moved: int = task["ApproximateNumberOfMessagesMoved"]
        shown.update(bar, completed=moved, total=task.get("ApproximateNumberOfMessagesToMove"))
        if task["Status"] != "RUNNING":
            break
        time.sleep(1)  # SQS works on it; there is no call that waits
    if task["Status"] != "COMPLETED":
        printing.end(f"the redrive {task['Status'].lower()}: {task.get('FailureReason', 'no reason given')}")
    return moved


def duration(text: str) -> timedelta:
    """Return how long `30m`, `12h` or `2d` is. Raise BadParameter, before anything has been received."""
    if not (found := re.fullmatch(r"([0-9]{1,5})([smhd])", text, re.ASCII)):
        raise typer.BadParameter(f'expected a number and s, m, h or d, such as 12h, got "{text}"')
    return timedelta(seconds=int(found[1]) * UNITS[found[2]])
