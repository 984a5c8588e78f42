"""`check` and `map`: what relay.toml says, without AWS."""

import dataclasses
import re
from pathlib import Path
from typing import Annotated

import typer

from relay.errors import MappingError, Rejected
from relay.http.request import Request
from relay.templates.template import Template
from relayctl import preview, printing, routes
from relayctl.options import DEFAULT_CONFIG, ConfigOption, HeaderOption, Output, OutputOption

COLUMNS = ("entry", "request", "region", "bus", "source", "detail-type", "time", "bytes", "refused")


def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Every mistake of relay.toml at once, with its line, and what to be careful with.

    Exit codes: 0 no mistakes (there may be warnings), 2 mistakes.
    """
    relay = routes.load(config)
    for warning in relay.warnings():
        printing.say(f"{config.name}: warning: {warning}")
    print(f"{config.name}: {len(relay.routes)} routes, no mistakes")


def map_payload(
    route: Annotated[str, typer.Argument(help="The name of a route.")],
    file: Annotated[Path, typer.Argument(metavar="PAYLOAD", help="A file with the body, or - for standard input.")],
    header: HeaderOption = None,
    path: Annotated[list[str] | None, typer.Option(help="A parameter of the path, as name=value.")] = None,
    query: Annotated[str, typer.Option(help="The query of the URL.")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    output: OutputOption = Output.TABLE,
) -> None:
    """The entries a payload would become: sizes, requests, and what EventBridge would refuse. Nothing is sent.

    Example: relayctl map github push.json --header x-github-event:push

    Exit codes: 0 there are entries (refused ones too), 1 the payload would be answered 4xx or dead-lettered whole,
    2 a mistake on the command line or in relay.toml.
    """
    relay = routes.load(config)
    found = routes.find(relay, route)
    headers = {name.lower(): value for name, value in routes.pairs(header, ":", "--header").items()}
    headers = {"content-type": "application/json"} | _stand_ins(found.event, headers) | headers
    parameters = routes.pairs(path, "=", "--path")
    request = Request("POST", routes.url_path(found, parameters), query, headers, routes.payload(file), "request-id")
    try:
        webhook = routes.webhook(found, request)
        made = preview.entries(webhook, preview.scope(webhook), relay)
    except MappingError as error:
        printing.end(f"would be dead-lettered: {error}")
    except Rejected as error:
        printing.end(f"would be answered {error.status}: {error.detail}")
    printing.rows(output, COLUMNS, preview.rows(made, relay))


def _stand_ins(event: object, given: dict[str, str]) -> dict[str, str]:
    """For each header that a template takes and that is not given, its name, so that there is something to look at."""
    # Any dataclass: the type checker has no name for that.
    templates = [getattr(event, field.name) for field in dataclasses.fields(event)]  # type: ignore[arg-type]
    names = {
        name.replace("_", "-")
        for template in templates
        if isinstance(template, Template)
        for part in template.placeholders()
        for name in re.findall(r"\bheaders\.([A-Za-z0-9_]+)", part.expression)
    } - given.keys()
    for name in sorted(names):
        printing.say(f"the header {name} is not given (--header {name}:…); its name stands for it")
    return {name: f"<{name}>" for name in names}
