"""`dead-letters`: what could not be delivered, and what to do with it."""

import json
import os
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from relayctl import printing
from relayctl.aws import Account, errors
from relayctl.letters import Filter, Letter, duration, move_all, queues_of
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

COLUMNS = ("id", "age", "route", "error", "attempts", "source", "detail-type")

RouteFilter = Annotated[str | None, typer.Option("--route", help="Only of this route.")]
ErrorFilter = Annotated[str | None, typer.Option("--error", help="Only with this error code.")]
SourceFilter = Annotated[str | None, typer.Option("--source", help="Only of sources that begin so.")]
OlderFilter = Annotated[
    timedelta | None,
    typer.Option("--older-than", parser=duration, metavar="DURATION", help="Only older ones: 30m, 12h, 2d."),
]


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
        queues = queues_of(Account(profile, region, endpoint_url), stack_name)
        found = queues.look(wanted)
    printing.rows(output, COLUMNS, [letter.row() for letter in found])


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
        queues = queues_of(Account(profile, region, endpoint_url), stack_name)
        found = queues.look(Filter(None, None, None, None))
    for letter in found:
        if letter.id == letter_id:
            print_letter(letter)
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
        queues = queues_of(Account(profile, region, endpoint_url), stack_name)
        if wanted.is_everything():
            moved = move_all(queues, shown)
        else:
            mine = queues.take(wanted)
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
    """Write dead letters to a file that only you can read; they stay in the queue. Customers' payloads are in it."""
    wanted = Filter(route, error, source, older_than)
    with errors():
        queues = queues_of(Account(profile, region, endpoint_url), stack_name)
        mine = queues.look(wanted)
    lines = [
        json.dumps({"id": one.id, "sent_at": one.sent_at.isoformat(), "message": one.content or one.text})
        for one in mine
    ]
    try:
        write_privately(file, "".join(f"{line}\n" for line in lines))
    except OSError as refused:
        printing.end(f"{file}: {refused.strerror}")
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
        queues = queues_of(Account(profile, region, endpoint_url), stack_name)
        mine = queues.take(wanted)
        if mine and not yes and not printing.confirmed(f"discard {len(mine)} dead letters for good?"):
            queues.release(mine)
            printing.end("nothing was discarded")
        for letter in mine:
            queues.delete(letter)
    print(f"{len(mine)} discarded")


def write_privately(file: Path, text: str) -> None:
    """Write a file that nobody else can read, whatever the umask; all of it is there, or what was there before."""
    if file.exists() and not file.is_file():  # a pipe has no mode to set, and cannot be replaced
        file.write_text(text, "utf-8")
        return
    file = file.resolve()
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, delete=False) as written:
        try:
            os.fchmod(written.fileno(), 0o600)
            written.write(text)
            written.flush()
            Path(written.name).replace(file)
        except BaseException:
            Path(written.name).unlink()
            raise


def print_letter(letter: Letter) -> None:
    """Print the entry of a letter, or else all of it, as JSON; why it is there goes to standard error."""
    entry = letter.at("entry")
    printing.json_value([entry] if entry is not None else letter.content or letter.text)
    if isinstance(letter.at("error"), dict):
        why = f"{letter.at('error', 'code')}: {letter.at('error', 'message')}"
        printing.say(f"{why} ({letter.at('attempts')} attempts)")
