"""`relayctl diff`: what an edited relay.toml would make of real traffic."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from relay.archive.reading import Window
from relayctl import archive, difference, inputs, output
from relayctl.aws import Stack
from relayctl.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    OutputOption,
    SamplesOption,
    SinceOption,
    UntilOption,
    aws_options,
)
from relayctl.output import OutputFormat
from relayctl.samples import read as read_samples

COLUMNS = ("route", "detail-type", "change", "fields", "count")


@aws_options
def diff(
    stack: Stack,
    since: SinceOption = "24h",
    until: UntilOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    deployed: Annotated[
        Path | None, typer.Option(help="The relay.toml to compare with, if not the one that is deployed.")
    ] = None,
    samples: SamplesOption = None,
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
        webhooks = read_samples(samples, before)
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
