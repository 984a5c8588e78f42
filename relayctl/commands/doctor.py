"""`relayctl doctor`: whether anything is wrong with a deployed relay, on one screen."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import groupby
from typing import Annotated

import typer

from relay.config.model import Config
from relayctl import inputs, output
from relayctl.aws import Stack
from relayctl.doctor.clock import check_clock
from relayctl.doctor.destinations import Row, check_destinations
from relayctl.doctor.finding import Check, Finding, Result, Unread, for_stack
from relayctl.doctor.queues import check_queues
from relayctl.doctor.reading import Reader
from relayctl.doctor.secrets import check_secrets
from relayctl.doctor.sources import check_sources, regions_of, sources_of_routes
from relayctl.doctor.stages import check_stages
from relayctl.doctor.webhooks import check_webhooks
from relayctl.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    ControlUrlOption,
    OutputOption,
    RoleOption,
    aws_options,
)
from relayctl.output import OutputFormat

COLUMNS = ("check", "result", "where", "message", "action")
MOST_SHOWN = 5
"""How many findings of one check and result fit on the screen; JSON and text have all."""


@aws_options
def examine(
    stack: Stack,
    config: ConfigOption = DEFAULT_CONFIG,
    skip: Annotated[list[Check] | None, typer.Option(help="A check to leave out. Can be repeated.")] = None,
    control_url: ControlUrlOption = None,
    role_arn: RoleOption = None,
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """Look for what is wrong with a deployed relay: on one screen, with what to do about it. Nothing is changed.

    Looks at this machine's clock, secrets, other stages, partner event sources, destinations, queues, and when each
    route last had a webhook.

    Exit codes: 0 all is well, 1 something is wrong or could not be checked, 2 a mistake in relay.toml.
    """
    relay = inputs.load_config(config)
    reader = Reader(stack, control_url, role_arn, os.environ.get("AWS_CA_BUNDLE"))
    findings = [
        for_stack(finding, stack.name)
        for check, find in CHECKS.items()
        if check not in (skip or [])
        for finding in find(reader, relay, datetime.now(UTC))
    ]
    if output_format is OutputFormat.TABLE:
        for line in lines(findings):
            output.print_text(line)
    else:
        output.print_rows(output_format, COLUMNS, [asdict(finding) for finding in findings])
    if any(finding.result is not Result.OK for finding in findings):
        raise typer.Exit(output.FAILED)


def lines(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the lines of the screen: at most MOST_SHOWN findings of each check and result."""
    for (check, result), group in groupby(findings, lambda finding: (finding.check, finding.result)):
        same = list(group)
        for finding in same[:MOST_SHOWN]:
            yield f"{result:<11}  {check:<12}  {finding.where}{': ' if finding.where else ''}{finding.message}"
            if finding.action:
                yield f"{'':<27}to do: {finding.action}"
        if len(same) > MOST_SHOWN:
            yield f"{'':<27}and {len(same) - MOST_SHOWN} more: --output json has all of them"


def _clock(reader: Reader, _relay: Config, _now: datetime) -> list[Finding]:
    aws = reader.clock()
    return check_clock(datetime.now(UTC), aws)


def _secrets(reader: Reader, relay: Config, _now: datetime) -> list[Finding]:
    refs = set().union(*(route.secrets() for route in relay.routes))
    return check_secrets(relay.routes, {ref: reader.secret(ref) for ref in refs})


def _stages(reader: Reader, relay: Config, _now: datetime) -> list[Finding]:
    return check_stages(reader.stack.name, relay.partner, reader.stacks())


def _sources(reader: Reader, relay: Config, now: datetime) -> list[Finding]:
    prefix = f"{relay.partner}/"
    # Before the destinations: a destination is there before its source.
    names = {region: reader.source_names(region, prefix) for region in relay.regions}
    destinations: Sequence[Row] | Unread = reader.destinations if relay.destinations else []
    names |= {region: reader.source_names(region, prefix) for region in regions_of(destinations) if region not in names}
    states = {source: reader.source_states(source) for source in sources_of_routes(relay, names, destinations)}
    return check_sources(relay, names, destinations, states, now)


def _destinations(reader: Reader, relay: Config, now: datetime) -> list[Finding]:
    return check_destinations(reader.destinations, now) if relay.destinations else []


def _queues(reader: Reader, _relay: Config, now: datetime) -> list[Finding]:
    return check_queues(reader.delivery_queue(now), reader.retry_queue(now), reader.dead_letter_queue(now))


def _webhooks(reader: Reader, relay: Config, now: datetime) -> list[Finding]:
    return check_webhooks(relay.routes, reader.traffic(relay.routes, now), now)


CHECKS: Mapping[Check, Callable[[Reader, Config, datetime], list[Finding]]] = {
    Check.CLOCK: _clock,
    Check.SECRETS: _secrets,
    Check.STAGES: _stages,
    Check.SOURCES: _sources,
    Check.DESTINATIONS: _destinations,
    Check.QUEUES: _queues,
    Check.WEBHOOKS: _webhooks,
}
