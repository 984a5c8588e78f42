"""`relayctl replay`: send what was archived once more."""

import os
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import progress as bars

from relay.archive.reading import Found, Position, Window
from relay.aws import sqs
from relay.delivery.message import Message, Replay
from relay.delivery.undelivered import Queue
from relayctl import archive, inputs, output, registry, replaying
from relayctl.aws import Stack
from relayctl.options import ControlUrlOption, OutputOption, RoleOption, aws_options, control_api
from relayctl.output import OutputFormat
from relayctl.replaying import Plan, Progress, Totals

COLUMNS = ("source", "detail-type", "result", "entries")


@aws_options
def replay(
    stack: Stack,
    since: Annotated[
        str | None, typer.Option(help="From when on: 24h ago, or a time (UTC) such as 2026-11-22T10:00.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Until when: 2h later, or a time; without it, until now.")] = None,
    customer: Annotated[str, typer.Option(help="Only for this customer.")] = "",
    destination: Annotated[str, typer.Option(help="Only for the customer's destination of this name.")] = "",
    route: Annotated[str, typer.Option(help="Only webhooks of this route.")] = "",
    detail_type: Annotated[
        list[str] | None, typer.Option(help="Only this detail-type, or its beginning and *. Can be repeated.")
    ] = None,
    rate: Annotated[float, typer.Option(min=0.1, max=1000, help="The most webhooks in a second.")] = 50,
    remap: Annotated[
        bool, typer.Option("--remap", help="Also webhooks whose route maps otherwise today: map them anew.")
    ] = False,
    mark: Annotated[bool, typer.Option("--mark", help="Add replay/ID to the events' resources.")] = False,
    was: Annotated[
        str, typer.Option(help="Only webhooks of which something was to be: put, held or unsubscribed.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would be sent, and send nothing.")] = False,
    resume: Annotated[
        Path | None, typer.Option(help="Go on with the replay of this file, which one that was cut off has left.")
    ] = None,
    control_url: ControlUrlOption = None,
    role_arn: RoleOption = None,
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """Send archived webhooks again, through the redeliver function, to the destinations that customers have today.

    For a customer who has connected today, this is the backfill. A replayed event has another id of EventBridge.

    Example: relayctl replay --since 2026-11-22T10:00 --until 2h --customer c42 --dry-run

    Exit codes: 0 all of it was sent, 1 something was not, or could not be read, 2 a mistake.
    """
    if resume:
        options, position = _load(resume)
    else:
        if destination and not customer:
            raise typer.BadParameter("expected --customer, too", param_hint="--destination")
        chosen = {"customer": customer, "destination": destination, "detail_types": detail_type or ["*"], "mark": mark}
        options, position = {**_window(since, until), **chosen, "route": route, "remap": remap, "was": was}, None
        options["id"] = f"replay-{secrets.token_hex(4)}"
    what = Replay(**{name: options[name] for name in Replay._fields if name != "mapping"})._replace(
        detail_types=tuple(options["detail_types"])
    )
    plan = Plan(
        what,
        archive.deployed_config(stack),
        # Asked only where a route has customers.
        registry.finder(cache(partial(control_api, stack, control_url, role_arn))),
        options["route"],
        options["remap"],
        options["was"],
    )
    begin, end = (datetime.fromisoformat(options[name]) for name in ("since", "until"))
    window = Window(begin, end, position)
    totals, damaged = Totals(), Counter[str]()
    with _bar() as bar:
        webhooks = archive.read(archive.open_archive(stack), window, damaged)
        messages = replaying.choose(_followed(webhooks, bar, window, what.id), plan, totals)
        if dry_run:
            for _ in messages:
                pass
        else:
            _send(stack, messages, Progress(resume or Path(f"{what.id}.json")), options, position, rate)
    output.print_rows(output_format, COLUMNS, totals.rows())
    _tell(totals, damaged, what.id, dry_run=dry_run)


def _window(since: str | None, until: str | None) -> dict[str, str]:
    if since is None:
        raise typer.BadParameter("expected --since, or --resume", param_hint="--since")
    begin, end = inputs.parse_window(since, until, datetime.now(UTC))
    return {"since": begin.isoformat(), "until": end.isoformat()}


def _load(path: Path) -> tuple[dict[str, Any], Position | None]:
    try:
        return Progress(path).load()
    except (OSError, ValueError) as error:
        output.fail(f"{path}: {getattr(error, 'strerror', None) or error}", output.MISTAKE)


def _bar() -> bars.Progress:
    columns = (bars.TextColumn("{task.description}"), bars.BarColumn(), bars.TextColumn("{task.fields[webhooks]} read"))
    return output.progress_bar(*columns, bars.TimeElapsedColumn())


def _followed(webhooks: Iterable[Found], bar: bars.Progress, window: Window, name: str) -> Iterator[Found]:
    """Yield the webhooks; the bar moves with the times at which they came."""
    task = bar.add_task(name, total=(window.until - window.since).total_seconds(), webhooks=0)
    for number, found in enumerate(webhooks, 1):
        bar.update(task, completed=(found.webhook.received_at - window.since).total_seconds(), webhooks=number)
        yield found


def _send(
    stack: Stack,
    messages: Iterable[tuple[Found, Message | None]],
    progress: Progress,
    options: dict[str, Any],
    position: Position | None,
    per_second: float,
) -> None:
    """Send messages to the retry queue. What is interrupted or fails leaves the file with which it goes on."""
    outputs = stack.outputs()
    stack.account.use_for_functions()
    os.environ |= {"RETRY_QUEUE_URL": outputs["RetryQueueUrl"], "OVERFLOW_BUCKET": outputs["OverflowBucket"]}
    progress.save(options, position)
    try:
        replaying.send(messages, _post, partial(progress.save, options), per_second)
        progress.path.unlink(missing_ok=True)
    except KeyboardInterrupt:
        output.fail("Interrupted.")
    except OSError as error:
        output.fail(str(error))
    finally:
        if progress.path.exists():
            output.print_message(f"Go on with: relayctl replay --resume {progress.path}")


def _post(messages: Sequence[Message]) -> None:
    """Put messages into the retry queue. Raise OSError if one of them is not there."""
    if errors := [error for error in sqs.store_messages(Queue.RETRY, messages) if error]:
        raise OSError(f"the retry queue did not take {len(errors)} webhooks: {errors[0]}")


def _tell(totals: Totals, damaged: Mapping[str, int], name: str, *, dry_run: bool) -> None:
    verb = "would be sent" if dry_run else f"sent as {name}"
    output.print_message(f"{totals.entries.total()} entries of {totals.webhooks} webhooks {verb}.")
    for reason, number in sorted(totals.skipped.items()):
        hint = ": --remap maps them anew, `relayctl diff` shows how" if reason == replaying.ANOTHER_MAPPING else ""
        output.print_message(f"{number} webhooks not sent: {reason}{hint}.")
    if damaged:
        output.fail(f"{sum(damaged.values())} records in {len(damaged)} objects could not be read.")
