"""`dead-letters`: what could not be delivered, and what to do with it."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from relayctl import printing
from relayctl.aws import Account, errors
from relayctl.options import (
    DEFAULT_STACK,
    EndpointOption,
    Output,
    OutputOption,
    ProfileOption,
    RegionOption,
    StackOption,
)

app = typer.Typer(no_args_is_help=True, help="Look at dead letters, send them again, or let them go.")

HIDDEN_SECONDS = 60  # while the command works with what it has received
AT_ONCE = 10
COLUMNS = ("id", "age", "route", "error", "attempts", "source", "detail-type")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

RouteFilter = Annotated[str | None, typer.Option("--route", help="Only of this route.")]
ErrorFilter = Annotated[str | None, typer.Option("--error", help="Only with this error code.")]
SourceFilter = Annotated[str | None, typer.Option("--source", help="Only of sources that begin so.")]
OlderFilter = Annotated[str | None, typer.Option("--older-than", help="Only older ones: 30m, 12h, 2d.")]


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
            content = json.loads(self.text)
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}

    def attribute(self, name: str) -> str | None:
        """As the relay set it."""
        value: str | None = self.attributes.get(name, {}).get("StringValue")
        return value

    def row(self) -> dict[str, Any]:
        """What a list shows."""
        content = self.content
        return {
            "id": self.id,
            "age": str(datetime.now(UTC) - self.sent_at).partition(".")[0],
            "route": self.attribute("Route"),
            "error": self.attribute("ErrorCode"),
            "attempts": content.get("attempts"),
            "source": self.attribute("Source"),
            "detail-type": content.get("entry", {}).get("DetailType"),
            "message": content.get("error", {}).get("message"),
        }


@dataclass(frozen=True, slots=True)
class Filter:
    """Which letters a command is about; everything if nothing is given."""

    route: str | None
    error: str | None
    source: str | None
    older_than: str | None

    def takes(self, letter: Letter) -> bool:
        """Whether it is about this letter."""
        return (
            self.route in {None, letter.attribute("Route")}
            and self.error in {None, letter.attribute("ErrorCode")}
            and (letter.attribute("Source") or "").startswith(self.source or "")
            and letter.sent_at <= datetime.now(UTC) - _duration(self.older_than)
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
            for one in messages:
                if one["MessageId"] not in seen:
                    seen.add(one["MessageId"])
                    sent = datetime.fromtimestamp(int(one["Attributes"]["SentTimestamp"]) / 1000, UTC)
                    yield Letter(
                        one["MessageId"], one["ReceiptHandle"], one["Body"], one.get("MessageAttributes", {}), sent
                    )

    def release(self, letters: list[Letter]) -> None:
        """Let others see them again."""
        for letter in letters:
            self.client.change_message_visibility(
                QueueUrl=self.dead_letters, ReceiptHandle=letter.receipt, VisibilityTimeout=0
            )

    def delete(self, letter: Letter) -> None:
        """It is gone."""
        self.client.delete_message(QueueUrl=self.dead_letters, ReceiptHandle=letter.receipt)


def _queues(account: Account, stack_name: str) -> Queues:
    outputs = account.outputs(stack_name)
    names = ("DeadLetterQueueUrl", "DeadLetterQueueArn", "RetryQueueUrl", "RetryQueueArn")
    return Queues(account.client("sqs"), *(outputs[name] for name in names))


@app.command("list")
def list_letters(
    route: RouteFilter = None,
    error: ErrorFilter = None,
    source: SourceFilter = None,
    older_than: OlderFilter = None,
    stack_name: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """What is in the dead-letter queue, with the reason.

    Example: relayctl dead-letters list --error NotAuthorizedForSourceException --older-than 2h
    """
    wanted = Filter(route, error, source, older_than)
    with errors():
        queues = _queues(Account(profile, region, endpoint_url), stack_name)
        letters = list(queues.receive())
        queues.release(letters)
    printing.rows(output, COLUMNS, [letter.row() for letter in letters if wanted.takes(letter)])


@app.command()
def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="The id that `list` shows.")],
    stack_name: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """The entry of a dead letter, as `aws events put-partner-events --entries` takes it; else all of the message."""
    with errors():
        queues = _queues(Account(profile, region, endpoint_url), stack_name)
        letters = list(queues.receive())
        queues.release(letters)
    for letter in letters:
        if letter.id == letter_id:
            content = letter.content
            print(json.dumps([content["entry"]] if "entry" in content else content, indent=2, ensure_ascii=False))
            if "error" in content:
                printing.say(
                    f"{content['error']['code']}: {content['error']['message']} ({content['attempts']} attempts)"
                )
            return
    printing.end(f"no dead letter {letter_id}")


@app.command()
def redrive(
    route: RouteFilter = None,
    error: ErrorFilter = None,
    source: SourceFilter = None,
    older_than: OlderFilter = None,
    stack_name: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Send dead letters through the redeliver function again; what cannot be delivered comes back with its reason.

    Without a filter SQS moves the whole queue (StartMessageMoveTask).
    """
    wanted = Filter(route, error, source, older_than)
    with errors(), Progress(console=Console(stderr=True), transient=True) as shown:
        queues = _queues(Account(profile, region, endpoint_url), stack_name)
        if wanted.is_everything():
            moved = _move_all(queues, shown)
        else:
            letters = list(queues.receive())
            mine = [letter for letter in letters if wanted.takes(letter)]
            queues.release([letter for letter in letters if letter not in mine])
            for letter in shown.track(mine, description="redrive"):
                queues.client.send_message(
                    QueueUrl=queues.retry, MessageBody=letter.text, MessageAttributes=letter.attributes
                )
                queues.delete(letter)
            moved = len(mine)
    print(f"{moved} redriven")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to write them, one JSON object on a line.")],
    route: RouteFilter = None,
    error: ErrorFilter = None,
    source: SourceFilter = None,
    older_than: OlderFilter = None,
    stack_name: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Write dead letters to a file; they stay in the queue. Webhooks are in it as they came: keep it safe."""
    wanted = Filter(route, error, source, older_than)
    with errors():
        queues = _queues(Account(profile, region, endpoint_url), stack_name)
        letters = list(queues.receive())
        queues.release(letters)
    mine = [letter for letter in letters if wanted.takes(letter)]
    lines = [
        json.dumps({"id": one.id, "sent_at": one.sent_at.isoformat(), "message": one.content or one.text})
        for one in mine
    ]
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    print(f"{len(mine)} written to {file}")


@app.command()
def discard(
    route: RouteFilter = None,
    error: ErrorFilter = None,
    source: SourceFilter = None,
    older_than: OlderFilter = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    stack_name: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Delete dead letters for good: their events never reach the customer. Asks first."""
    wanted = Filter(route, error, source, older_than)
    with errors():
        queues = _queues(Account(profile, region, endpoint_url), stack_name)
        letters = list(queues.receive())
        mine = [letter for letter in letters if wanted.takes(letter)]
        if mine and not yes and not printing.confirmed(f"discard {len(mine)} dead letters for good?"):
            queues.release(letters)
            printing.end("nothing was discarded")
        queues.release([letter for letter in letters if letter not in mine])
        for letter in mine:
            queues.delete(letter)
    print(f"{len(mine)} discarded")


def _move_all(queues: Queues, shown: Progress) -> int:
    queues.client.start_message_move_task(SourceArn=queues.dead_letters_arn, DestinationArn=queues.retry_arn)
    bar = shown.add_task("redrive")
    while True:
        [task] = queues.client.list_message_move_tasks(SourceArn=queues.dead_letters_arn, MaxResults=1)["Results"]
        moved: int = task["ApproximateNumberOfMessagesMoved"]
        shown.update(bar, completed=moved, total=task.get("ApproximateNumberOfMessagesToMove"))
        if task["Status"] != "RUNNING":
            break
        time.sleep(1)
    if task["Status"] != "COMPLETED":
        printing.end(f"the redrive {task['Status'].lower()}: {task.get('FailureReason', 'no reason given')}")
    return moved


def _duration(text: str | None) -> timedelta:
    if text is None:
        return timedelta(0)
    if not (found := re.fullmatch(r"([0-9]{1,9})([smhd])", text)):
        raise typer.BadParameter(f'expected a number with s, m, h or d, got "{text}"', param_hint="--older-than")
    return timedelta(seconds=int(found[1]) * UNITS[found[2]])
