"""`relayctl catalog`: what each detail-type means, in a folder of files beside relay.toml.

The libraries for JSON Schemas are imported where they are needed: every command would start later.
"""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from relay.archive.reading import Window
from relay.catalog import loader
from relay.errors import ConfigError
from relayctl import archive, inputs, output, samples
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

app = typer.Typer(no_args_is_help=True, help="Describe the events: infer, check, list and publish the event catalog.")

LIST_COLUMNS = ("detail-type", "since", "deprecated", "description")
CHECK_COLUMNS = ("detail-type", "check", "message")
INFER_COLUMNS = ("detail-type", "file", "events", "result")


@app.command("list")
def list_types(config: ConfigOption = DEFAULT_CONFIG, output_format: OutputOption = OutputFormat.TABLE) -> None:
    """List the event types of the catalog.

    Exit codes: 0 done, 2 a mistake in the catalog.
    """
    rows = [
        {
            "detail-type": each.detail_type,
            "since": each.since.isoformat(),
            "deprecated": each.deprecated.isoformat() if each.deprecated else None,
            "description": each.description or None,
            "sample": each.sample,
            "schema": each.schema,
        }
        for each in inputs.load_catalog(config)
    ]
    output.print_rows(output_format, LIST_COLUMNS, rows)


@app.command("infer")
@aws_options
def infer(
    stack: Stack,
    since: SinceOption = "24h",
    until: UntilOption = None,
    samples_folder: SamplesOption = None,
    keep_values: Annotated[
        bool, typer.Option("--keep-values", help="From an archive without customers' data: samples with its values.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """Write the catalog from samples or from the archive: a file for each detail-type, with a sample and a schema.

    What people have written stays: of a file that is there, only the schema is extended. Read what was written before
    you publish it, and describe it.

    Example: relayctl catalog infer --samples relay_local/samples

    Exit codes: 0 done, 1 some webhooks could not be learned from, 2 a mistake, also in relay.toml.
    """
    from relayctl.catalog import learning

    relay = inputs.load_config(config)
    folder = loader.catalog_path(config)
    inputs.load_catalog(config)
    files = loader.load_files(folder)
    damaged = Counter[str]()
    if samples_folder:
        webhooks = samples.read(samples_folder, relay)
    else:
        window = Window(*inputs.parse_window(since, until, datetime.now(UTC)))
        webhooks = (each.webhook for each in archive.read(archive.open_archive(stack), window, damaged))
    learned = learning.learn(webhooks, relay, files.values())
    try:
        written = learning.write(
            learned, folder, files, datetime.now(UTC).date(), keep_values=keep_values or samples_folder is not None
        )
    except OSError as error:
        output.fail(f"{error.filename}: {error.strerror}")
    rows = [
        {"detail-type": each.detail_type, "file": str(each.file), "events": each.events, "result": each.what}
        for each in written
    ]
    output.print_rows(output_format, INFER_COLUMNS, rows)
    for reason, count in learned.skipped.most_common():
        output.print_message(f"{count} webhooks were passed over: {reason}")
    if damaged:
        output.print_message(f"{sum(damaged.values())} records in {len(damaged)} objects could not be read.")
    if learned.skipped or damaged or any(each.what.startswith(learning.MISFIT) for each in written):
        raise typer.Exit(output.FAILED)


@app.command("check")
def check(
    against: Annotated[
        str | None,
        typer.Option(metavar="REVISION", help="A git revision, such as main, to find breaking changes since."),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """Check the catalog: samples fit their schemas and relay.toml, no detail-type is missing, nothing breaks consumers.

    Example: relayctl catalog check --against main

    Exit codes: 0 nothing is wrong, 1 something is, 2 a mistake: a file that is no event type, or no such revision.
    """
    from relayctl.catalog import checking, revision

    relay = inputs.load_config(config)
    event_types = inputs.load_catalog(config)
    found = list(checking.problems(event_types, relay))
    if against is not None:
        try:
            before = revision.load_revision(loader.catalog_path(config), against)
        except revision.NoRevision as error:
            output.fail(f'"{against}": {error}', output.MISTAKE)
        except ConfigError as error:
            output.fail("\n".join(f"{against}: {problem}" for problem in error.problems), output.MISTAKE)
        found += checking.breaking(before, event_types, datetime.now(UTC).date())
    rows = [{"detail-type": each.detail_type, "check": each.check, "message": each.message} for each in found]
    if rows or output_format is not OutputFormat.TABLE:
        output.print_rows(output_format, CHECK_COLUMNS, rows)
    undescribed = sum(not each.description for each in event_types)
    output.print_message(f"{len(event_types)} event types, {undescribed} without a description, {len(found)} problems")
    if found:
        raise typer.Exit(output.FAILED)


@app.command("page")
def page(
    folder: Annotated[Path, typer.Option("--output", metavar="DIR", help="The folder to write into.")],
    title: Annotated[str, typer.Option(help="The title of the page.")] = "Event catalog",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Write the catalog as static files: index.html, catalog.json, and the JSON Schemas.

    Example: relayctl catalog page --output public

    Exit codes: 0 done, 1 the folder cannot be written, 2 a mistake in relay.toml or in the catalog.
    """
    from relayctl.catalog import page as catalog_page

    relay = inputs.load_config(config)
    event_types = inputs.load_catalog(config)
    try:
        catalog_page.write(folder, event_types, partner=relay.partner, title=title, today=datetime.now(UTC).date())
    except OSError as error:
        output.fail(f"{error.filename}: {error.strerror}")
    print(folder / "index.html")
