"""`relayctl map`: the entries that a payload becomes, without AWS."""

from typing import Annotated

import typer

from relayctl import inputs, mapping, output, senders
from relayctl.arguments import PayloadArgument, RouteArgument
from relayctl.options import DEFAULT_CONFIG, ConfigOption, HeaderOption, OutputOption
from relayctl.output import OutputFormat

COLUMNS = ("entry", "request", "region", "bus", "source", "detail-type", "time", "bytes", "refused")


def map_payload(
    route_name: RouteArgument,
    file: PayloadArgument = None,
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

    Examples: relayctl map github
    relayctl map github push.json --header x-github-event:push

    Exit codes: 0 it would be answered 202 (even if nothing is forwarded, or all of it would be refused),
    1 it would be rejected or dead-lettered, 2 a mistake on the command line or in relay.toml.
    """
    relay = inputs.load_config(config)
    route = inputs.find_route(relay, route_name)
    headers = {name.lower(): value for name, value in inputs.parse_pairs(header, ":", "--header").items()}
    parameters = inputs.parse_pairs(path, "=", "--path")
    if file is None:
        sample = senders.sample_of(route)
        body, headers, query = sample.body, dict(sample.headers) | headers, query or sample.query
    else:
        body = inputs.read_payload(file)
    for name in mapping.missing_headers(route, headers):
        output.print_message(f'no header "{name}" (use --header {name}:VALUE); the entries show <{name}> in its place')
    rows = mapping.rows(relay, route, body, headers, parameters, query)
    output.print_rows(output_format, COLUMNS, rows)
