"""`relayctl log` and `relayctl trace`: what became of entries, and the way of one webhook."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from relay.pipeline.entry_lines import MAX_TEXT
from relayctl import inputs, output, stack_log
from relayctl.aws import Stack
from relayctl.delivery_log import Line, Terms
from relayctl.options import OutputOption, aws_options
from relayctl.output import OutputFormat

COLUMNS = ("time", "result", "route", "webhook", "index", "customer", "destination", "detail-type", "event or error")
FOLLOW_SECONDS = 2
LATENESS = timedelta(seconds=20)
"""How much later than its own time a line may come into the log."""


@aws_options
def log(
    stack: Stack,
    since: Annotated[str, typer.Option(help="From when on: 1h ago, or a time (UTC) such as 2026-11-22T10:00.")] = "1h",
    until: Annotated[str | None, typer.Option(help="Until when: 2h later, or a time; without it, until now.")] = None,
    customer: Annotated[str | None, typer.Option(help="Only entries of this customer.")] = None,
    source: Annotated[str | None, typer.Option(help="Only this source, or its beginning and *.")] = None,
    route: Annotated[str | None, typer.Option(help="Only entries of this route.")] = None,
    detail_type: Annotated[str | None, typer.Option(help="Only this detail-type, or its beginning and *.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only entries that went to a queue.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what comes, until it is interrupted.")] = False,
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """Print a line for each entry, and one more for each change of its fate, by time.

    Example: relayctl log --customer c42 --since 1h --failed

    Exit codes: 0 there are lines, 1 there are none, 2 a mistake.
    """
    terms = stack_log.entry_terms(customer, source, route, detail_type)
    begin, end = inputs.parse_window(since, until, datetime.now(UTC))
    lines = _follow(stack, terms, begin) if follow else stack_log.read(stack, terms, begin, end if until else None)
    wanted = stack_log.only_failed(lines) if failed else lines
    if follow:
        _print_as_they_come(wanted)
        return
    rows = [stack_log.row(line) for line in wanted]
    output.print_rows(output_format, COLUMNS, rows)
    if not rows:
        output.fail(
            f"No entries since {begin:%Y-%m-%d %H:%M:%S} UTC match the options: see --since and `relayctl trace`."
        )


@aws_options
def trace(
    text: Annotated[
        str, typer.Argument(metavar="ID", help="A delivery id, a request id, an event id, or the id of a dead letter.")
    ],
    stack: Stack,
    since: Annotated[str, typer.Option(help="From when on the log is read.")] = "7d",
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """Print the way of one webhook and its entries, in order.

    Example: relayctl trace evt_1NG8Du2eZvKYlo2CUI79vXWy

    Exit codes: 0 it was found, 1 it was not.
    """
    begin, _ = inputs.parse_window(since, None, datetime.now(UTC))
    rows = [stack_log.row(line) for line in stack_log.trace(stack, text, begin)]
    output.print_rows(output_format, COLUMNS, rows)
    if not rows:
        output.fail(
            f'Nothing is known of "{text[:MAX_TEXT]}" since {begin:%Y-%m-%d %H:%M} UTC: see --since. '
            "A webhook that was refused has no id of its own: look for API Gateway's request id."
        )


def _follow(stack: Stack, terms: Terms, since: datetime) -> Iterator[Line]:
    """Yield lines as they come. The last seconds are read again each time: lines come late, and are shown once."""
    shown: dict[str, datetime] = {}
    while True:
        begun = datetime.now(UTC)
        for line in stack_log.read(stack, terms, since):
            key = repr(sorted(line.items(), key=lambda item: item[0]))
            if key not in shown:
                shown[key] = line["at"]
                yield line
        since = max(since, begun - LATENESS)
        shown = {key: at for key, at in shown.items() if at >= since}
        time.sleep(FOLLOW_SECONDS)


def _print_as_they_come(lines: Iterable[Line]) -> None:
    try:
        for line in lines:
            print("\t".join(output.cell(stack_log.row(line).get(column)) for column in COLUMNS), flush=True)
    except KeyboardInterrupt:
        raise typer.Exit from None
