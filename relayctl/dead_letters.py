"""`dead-letters`: what could not be delivered, and what to do with it."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from relayctl import printing
from relayctl.aws import Account, errors
from relayctl.letters import Filter, move_all, queues_of
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
OlderFilter = Annotated[str | None, typer.Option("--older-than", help="Only older ones: 30m, 12h, 2d.")]


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
    """Write dead letters to a file; they stay in the queue. Webhooks are in it as they came: keep it safe."""
    wanted = Filter(route, error, source, older_than)
    with errors():
        queues = queues_of(Account(profile, region, endpoint_url), stack_name)
        mine = queues.look(wanted)
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
        queues = queues_of(Account(profile, region, endpoint_url), stack_name)
        mine = queues.take(wanted)
        if mine and not yes and not printing.confirmed(f"discard {len(mine)} dead letters for good?"):
            queues.release(mine)
            printing.end("nothing was discarded")
        for letter in mine:
            queues.delete(letter)
    print(f"{len(mine)} discarded")
