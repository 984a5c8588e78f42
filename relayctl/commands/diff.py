"""`relayctl diff`: what an edited relay.toml would make of real traffic."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from relay.archive.reading import Window
from relay.archive.record import ArchivedWebhook
from relay.config.model import Config
from relay.http import body_formats
from relay.http.request import Request
from relayctl import archive, difference, inputs, output
from relayctl.aws import Stack
from relayctl.options import DEFAULT_CONFIG, ConfigOption, OutputOption, aws_options
from relayctl.output import OutputFormat

COLUMNS = ("route", "detail-type", "change", "fields", "count")


@aws_options
def diff(
    stack: Stack,
    since: Annotated[
        str, typer.Option(help="From when on the archive is read: 24h ago, or a time (UTC) such as 2026-11-22T10:00.")
    ] = "24h",
    until: Annotated[str | None, typer.Option(help="Until when: 2h later, or a time; without it, until now.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    deployed: Annotated[
        Path | None, typer.Option(help="The relay.toml to compare with, if not the one that is deployed.")
    ] = None,
    samples: Annotated[
        Path | None, typer.Option(help="Bodies in files DIR/ROUTE/NAME instead of the archive.", metavar="DIR")
    ] = None,
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """Map archived webhooks with the deployed and with the edited relay.toml, and print what would change.

    New dead letters come first; each change is shown with up to three samples.

    Example: relayctl diff --since 24h

    Exit codes: 0 nothing would change, 1 something would, or could not be read, 2 a mistake, also in relay.toml.
    """
    edited = inputs.load_config(config)
    before = inputs.load_config(deployed) if deployed else archive.deployed_config(stack)
    damaged = Counter[str]()
    if samples:
        webhooks = _samples(samples, before)
    else:
        window = Window(*inputs.parse_window(since, until, datetime.now(UTC)))
        found = archive.read(archive.open_archive(stack), window, damaged)
        webhooks = (each.webhook for each in found)
    result = difference.compare(webhooks, before, edited)
    rows = result.rows()
    output.print_rows(output_format, COLUMNS, rows)
    if output_format is OutputFormat.TABLE:
        for row in rows:
            output.print_message(f"{row['route']}, {row['detail-type'] or '-'}, {row['change']}:")
            for sample in row["samples"]:
                output.print_message(f"  {json.dumps(sample, ensure_ascii=False)}")
    changed = result.webhooks - result.unchanged
    output.print_message(f"{changed} of {result.webhooks} webhooks would become other entries.")
    if damaged:
        output.print_message(f"{sum(damaged.values())} records in {len(damaged)} objects could not be read.")
    if rows or damaged:
        raise typer.Exit(output.FAILED)


def _samples(folder: Path, config: Config) -> Iterator[ArchivedWebhook]:
    """Yield the files of a folder as webhooks of the routes after which their folders are named."""
    paths = sorted(path for path in folder.glob("*/*") if path.is_file())
    if not paths:
        output.fail(f"{folder}: expected files such as {folder}/ROUTE/order.json", output.MISTAKE)
    for path in paths:
        route = inputs.find_route(config, path.parent.name)
        headers = {"content-type": body_formats.media_type(route.body_format)}
        url_path = "/".join(segment.strip("{}") for segment in route.path.split("/"))
        request = Request("POST", url_path, "", headers, inputs.read_payload(path), path.name)
        yield ArchivedWebhook(route.name, path.name, datetime.now(UTC), "", request)
