"""`check` and `map`: what relay.toml says, without AWS."""

import dataclasses
import re
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from relay import claims, mapping, payload
from relay.claims import Counter
from relay.config import Config
from relay.delivery import requests
from relay.entry import Entry, refusal
from relay.errors import MappingError, Rejected
from relay.request import Request
from relay.template import Template
from relayctl import printing, routes
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
        text, value = payload.parse(request, found.body)
        scope = mapping.scope_of(webhook, value)
        check_claim = partial(_claimed, now=webhook.received_at)
        made = mapping.entries(found, scope, text, relay, check_claim)
    except MappingError as error:
        printing.end(f"would be dead-lettered: {error}")
    except Rejected as error:
        printing.end(f"would be answered {error.status}: {error.detail}")
    printing.rows(output, COLUMNS, _rows(made, relay))


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


def _claimed(entry: Entry, fields: Any, now: datetime) -> Entry:
    """As large as it would be; nothing is stored."""
    key = "claims/00000000-0000-0000-0000-000000000000"
    counter = Counter(
        lambda _: ("overflow-bucket", key), lambda *_: "https://overflow-bucket.s3.amazonaws.com/" + "x" * 1500, 3600
    )
    return claims.checked(entry, fields, counter, now)


def _rows(made: list[Entry], relay: Config) -> list[dict[str, Any]]:
    """Each entry with its index, and the number of the request it would be in."""
    refused = {index: failed for index, entry in enumerate(made) if (failed := refusal(entry, relay.partner))}
    sent = [index for index in range(len(made)) if index not in refused]
    number_of = {
        index: number
        for number, batch in enumerate(requests(sent, made, relay.max_request_bytes), 1)
        for index in batch
    }
    return [
        {
            "entry": index,
            "request": number_of.get(index),
            "region": entry.region,
            "bus": entry.bus or None,
            "source": entry.source,
            "detail-type": entry.detail_type,
            "time": entry.wire()["Time"],
            "bytes": entry.size,
            "refused": f"{refused[index].code}: {refused[index].message}" if index in refused else None,
            "wire": entry.wire(),
        }
        for index, entry in enumerate(made)
    ]
