"""`relayctl map`: the entries that a payload becomes, without AWS."""

import dataclasses
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from relay.config.event import EventTemplate
from relay.config.route import Route
from relay.errors import MappingError, Rejected
from relay.http import routing
from relay.http.request import Request
from relay.mapping.parsed_webhook import parse_webhook
from relay.templates.template import Template
from relay.webhook import Webhook
from relayctl import inputs, output, preview
from relayctl.completion import complete_route
from relayctl.options import DEFAULT_CONFIG, ConfigOption, HeaderOption, OutputOption
from relayctl.output import OutputFormat

COLUMNS = ("entry", "request", "region", "bus", "source", "detail-type", "time", "bytes", "refused")


def map_payload(
    route_name: Annotated[
        str, typer.Argument(metavar="ROUTE", help="The name of a route.", autocompletion=complete_route)
    ],
    file: Annotated[Path, typer.Argument(metavar="PAYLOAD", help="A file with the body, or - for standard input.")],
    header: HeaderOption = None,
    path: Annotated[
        list[str] | None, typer.Option(help="A parameter of the path, as name=value. Can be repeated.")
    ] = None,
    query: Annotated[str, typer.Option(help="The query string of the URL.")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show the entries that a payload becomes: their sizes, their requests, and what EventBridge would refuse.

    Nothing is sent.

    Example: relayctl map github push.json --header x-github-event:push

    Exit codes: 0 there are entries (even if all would be refused), 1 the payload would be rejected or dead-lettered,
    2 a mistake on the command line or in relay.toml.
    """
    relay = inputs.load_config(config)
    route = inputs.find_route(relay, route_name)
    headers = {name.lower(): value for name, value in inputs.parse_pairs(header, ":", "--header").items()}
    headers = {"content-type": "application/json"} | _placeholder_headers(route.event, headers) | headers
    url_path = _url_path(route, inputs.parse_pairs(path, "=", "--path"))
    request = Request("POST", url_path, query, headers, inputs.read_payload(file), "request-id")
    try:
        webhook = _webhook(route, request)
        entries = preview.entries(parse_webhook(webhook), relay)
    except MappingError as error:
        output.fail(f"would be dead-lettered: {error}")
    except Rejected as error:
        output.fail(f"would be answered {error.status}: {error.detail}")
    output.print_rows(output_format, COLUMNS, preview.rows(entries, relay))


def _placeholder_headers(event: EventTemplate, headers: dict[str, str]) -> dict[str, str]:
    """Return `<name>` for each header that a template reads and the command line lacks, and print a message."""
    templates = [getattr(event, field.name) for field in dataclasses.fields(event)]
    names = {
        name.replace("_", "-")
        for template in templates
        if isinstance(template, Template)
        for placeholder in template.placeholders()
        for name in re.findall(r"\bheaders\.([A-Za-z0-9_]+)", placeholder.expression)
    } - headers.keys()
    for name in sorted(names):
        output.print_message(f'no header "{name}" (use --header {name}:VALUE); the entries show <{name}> in its place')
    return {name: f"<{name}>" for name in names}


def _url_path(route: Route, parameters: dict[str, str]) -> str:
    """Return the route's path with its parameters filled in; a missing parameter becomes its own name."""
    segments = [
        parameters.get(segment[1:-1], segment[1:-1]) if segment.startswith("{") else segment
        for segment in route.path.split("/")
    ]
    return "/".join(segments)


def _webhook(route: Route, request: Request) -> Webhook:
    """Return a webhook received now, without authenticating it. Raise Rejected."""
    _, path = routing.match_route([route], "POST", request.path)
    return Webhook.unverified(route, request, path, datetime.now(UTC))
