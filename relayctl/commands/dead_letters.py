"""`relayctl dead-letters`: the events that could not be delivered."""

import json
import os
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from relayctl import inputs, output
from relayctl.aws import Stack
from relayctl.dead_letter_queue import DeadLetter, DeadLetterQueue, Filter
from relayctl.options import OutputOption, YesOption, aws_options, option_group
from relayctl.output import OutputFormat

app = typer.Typer(no_args_is_help=True, help="List dead letters, redrive them, export them, or discard them.")

COLUMNS = ("id", "age", "route", "error", "attempts", "source", "detail-type", "message")


def _filter(
    route: Annotated[str | None, typer.Option(help="Only dead letters of this route.")] = None,
    error: Annotated[str | None, typer.Option(help="Only dead letters with this error code.")] = None,
    source: Annotated[str | None, typer.Option(help="Only dead letters whose source begins with this text.")] = None,
    older_than: Annotated[
        timedelta | None,
        typer.Option(
            parser=inputs.parse_duration, metavar="DURATION", help="Only dead letters older than 30m, 12h, 2d …"
        ),
    ] = None,
) -> Filter:
    return Filter(route, error, source, older_than)


filter_options = option_group("wanted", _filter)


@app.command("list")
@aws_options
@filter_options
def list_letters(stack: Stack, wanted: Filter, output_format: OutputOption = OutputFormat.TABLE) -> None:
    """List the dead letters and why they could not be delivered.

    Example: relayctl dead-letters list --error NotAuthorizedForSourceException --older-than 2h
    """
    letters = _queue(stack).list_matching(wanted)
    output.print_rows(output_format, COLUMNS, [letter.row() for letter in letters])
    if not letters:
        matching = "" if wanted.matches_all() else " matching the options"
        output.print_message(f'No dead letters{matching} in stack "{stack.name}", {stack.account.describe()}.')


@app.command()
@aws_options
def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="An id that `list` shows.")], stack: Stack
) -> None:
    """Print the entry of a dead letter, as `aws events put-partner-events --entries` takes it.

    A message without an entry is printed whole.
    """
    if letter := _queue(stack).find(letter_id):
        print_letter(letter)
        return
    output.fail(f'No dead letter has the id "{letter_id}": `relayctl dead-letters list` shows those that there are.')


@app.command()
@aws_options
@filter_options
def redrive(stack: Stack, wanted: Filter) -> None:
    """Send dead letters back to the retry queue; what fails again becomes a dead letter again.

    Without a filter SQS moves the whole queue (StartMessageMoveTask).
    """
    queue = _queue(stack)
    with output.progress_bar() as progress:
        if wanted.matches_all():
            count = _redrive_all(queue, progress)
        else:
            letters = queue.receive_matching(wanted)
            count = len(letters)
            for letter in progress.track(letters, description="redrive"):
                queue.redrive(letter)
    print(f"{count} redriven")


@app.command()
@aws_options
@filter_options
def export(
    file: Annotated[Path, typer.Argument(help="The file to write: one JSON object on each line.")],
    stack: Stack,
    wanted: Filter,
) -> None:
    """Write dead letters to a file that only you can read. They stay in the queue.

    The file contains customers' payloads.
    """
    letters = _queue(stack).list_matching(wanted)
    lines = [
        json.dumps({"id": letter.id, "sent_at": letter.sent_at.isoformat(), "message": letter.content or letter.text})
        for letter in letters
    ]
    try:
        write_privately(file, "".join(f"{line}\n" for line in lines))
    except OSError as error:
        output.fail(f"{file}: {error.strerror}; choose another file")
    print(f"{len(letters)} written to {file}")


@app.command()
@aws_options
@filter_options
def discard(stack: Stack, wanted: Filter, yes: YesOption = False) -> None:
    """Delete dead letters permanently, after a question: the customer never gets their events."""
    queue = _queue(stack)
    letters = queue.receive_matching(wanted)
    if letters and not yes and not output.confirm(f"Permanently discard {len(letters)} dead letters?"):
        queue.release(letters)
        output.fail("Nothing was discarded: answer y, or use --yes.")
    for letter in letters:
        queue.delete(letter)
    print(f"{len(letters)} discarded")


def write_privately(file: Path, text: str) -> None:
    """Write `text` to a file that only its owner can read, whatever the umask. A failure leaves the file unchanged."""
    if file.exists() and not file.is_file():  # a pipe has no mode to set, and cannot be replaced
        file.write_text(text, "utf-8")
        return
    file = file.resolve()
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, delete=False) as temporary:
        try:
            os.fchmod(temporary.fileno(), 0o600)
            temporary.write(text)
            temporary.flush()
            Path(temporary.name).replace(file)
        except BaseException:
            Path(temporary.name).unlink()
            raise


def print_letter(letter: DeadLetter) -> None:
    """Print the entry of a dead letter, or else the whole message, as JSON; and its error on standard error."""
    entry = letter.get("entry")
    output.print_json([entry] if entry is not None else letter.content or letter.text)
    if isinstance(letter.get("error"), dict):
        error = f"{letter.get('error', 'code')}: {letter.get('error', 'message')}"
        output.print_message(f"{error} ({letter.get('attempts')} attempts)")


def _queue(stack: Stack) -> DeadLetterQueue:
    return DeadLetterQueue.of_stack(stack.account.client("sqs"), stack.outputs())


def _redrive_all(queue: DeadLetterQueue, progress: Progress) -> int:
    """Let SQS move the whole queue and return the number of messages moved. Exit with code 1 if the move fails."""
    queue.start_redriving_all()
    bar = progress.add_task("redrive")
    while True:
        task = queue.redrive_task()
        moved: int = task["ApproximateNumberOfMessagesMoved"]
        progress.update(bar, completed=moved, total=task.get("ApproximateNumberOfMessagesToMove"))
        if task["Status"] != "RUNNING":
            break
        time.sleep(1)  # SQS has no call that waits for the end
    if task["Status"] != "COMPLETED":
        reason = f"The redrive ended as {task['Status']}: {task.get('FailureReason', 'SQS gave no reason')}"
        output.fail(f"{reason}. Run it again for what `relayctl dead-letters list` still shows.")
    return moved
