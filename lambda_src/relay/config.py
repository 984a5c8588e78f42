"""relay.toml, read and proved: what the function and the stack may rely on. All mistakes are reported at once."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relay import hmac_scheme
from relay.entry import MAX_DETAIL_TYPE, MAX_ENTRY_BYTES, MAX_SOURCE, SOURCE
from relay.errors import ConfigError
from relay.hmac_scheme import Hmac
from relay.routing import path_problem, shape
from relay.template import Placeholder, Template, literal_prefix
from relay.toml_table import Check, Table

PRESETS = Path(__file__).with_name("presets.toml")
SSM = "ssm:"
"""Begins the name of a secret that is in Parameter Store."""
NAMES_IN_EVENT = ("body", "headers", "path", "query", "id", "received_at")

_LAMBDA_BODY_BYTES = 6 * 1024 * 1024
_PARTNER = r"aws\.partner/[.\-_A-Za-z0-9]+"
_REGION = r"[a-z]{2}(-[a-z]+)+-[0-9]+"
_ROUTE_NAME = r"[A-Za-z][A-Za-z0-9-]{0,63}"
# Secrets Manager: a name or an ARN; Parameter Store: the path of a SecureString.
_SECRET = r"arn:[A-Za-z0-9/_+=.@:-]+|ssm:/[A-Za-z0-9/_.-]+|[A-Za-z0-9/_+=.@-]{1,512}"


@dataclass(frozen=True, slots=True)
class EventTemplate:
    """`[route.event]`: how a webhook becomes entries. What is None has the default of relay.toml."""

    source: Template
    detail_type: Template
    time: Template | None
    resources: Template | None
    detail: Template | None
    region: Template | None
    each: Template | None


@dataclass(frozen=True, slots=True)
class Route:
    """One `[[route]]`."""

    name: str
    path: str
    auth: Hmac
    id: Template | None
    event: EventTemplate


@dataclass(frozen=True, slots=True)
class Config:
    """relay.toml. Sizes are in bytes; the first of `regions` is the default."""

    partner: str
    regions: tuple[str, ...]
    routes: tuple[Route, ...]
    max_body_bytes: int
    max_entry_bytes: int
    max_request_bytes: int


def load(path: Path) -> Config:
    """Raises ConfigError with one sentence for every mistake: where it is, what was expected, what was found."""
    problems: list[str] = []
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError([f"{path.name}: cannot be read: {error.strerror}"]) from error
    except ValueError as error:
        raise ConfigError([f"{path.name}: is not TOML: {error}"]) from error
    config = _config(Table(data, f"{path.name}: ", problems))
    if problems:
        raise ConfigError(problems)
    return config


def _config(table: Table) -> Config:
    partner = table.text("partner", check=_pattern(_PARTNER, 'expected "aws.partner/" and your domain'))
    regions = table.texts("regions", check=_pattern(_REGION, 'expected AWS Regions such as "us-east-1"'))
    presets = tomllib.loads(PRESETS.read_text("utf-8"))
    tables = table.tables("route")
    routes = tuple(_route(one, presets, partner, regions) for one in tables)
    _note_duplicates(tables, routes)
    config = Config(
        partner,
        regions,
        routes,
        max_body_bytes=table.number("max_body_bytes", 1024 * 1024, maximum=_LAMBDA_BODY_BYTES),
        max_entry_bytes=table.number("max_entry_bytes", MAX_ENTRY_BYTES, maximum=MAX_ENTRY_BYTES),
        max_request_bytes=table.number("max_request_bytes", 256 * 1024, maximum=MAX_ENTRY_BYTES),
    )
    table.end()
    return config


def _note_duplicates(tables: Sequence[Table], routes: Sequence[Route]) -> None:
    taken: dict[tuple[str, str], str] = {}
    for table, route in zip(tables, routes, strict=True):
        for key, value in (("name", route.name), ("path", shape(route.path))):
            if value and (key, value) in taken:
                table.problem(key, f'route "{taken[key, value]}" already has this {key}')
            taken.setdefault((key, value), route.name)


def _route(table: Table, presets: Mapping[str, Any], partner: str, regions: Sequence[str]) -> Route:
    given = table.get("auth")
    scheme = given.get("scheme") if isinstance(given, dict) else None
    # A scheme with a name of its own is the authentication, and the delivery id, of the preset of that name.
    preset = presets.get(table.text("preset", "", check=_one_of(presets))) or {
        key: value for key, value in presets.get(str(scheme), {}).items() if key != "event"
    }
    route = Route(
        name=table.text("name", check=_pattern(_ROUTE_NAME, "expected a letter, then letters, digits or -")),
        path=table.text("path", check=path_problem),
        auth=_hmac(table.table("auth", preset.get("auth", {}))),
        id=table.template("id", [name for name in NAMES_IN_EVENT if name != "id"], preset.get("id", "")),
        event=_event(table.table("event", preset.get("event", {})), partner, regions),
    )
    table.end()
    return route


def _hmac(table: Table) -> Hmac:
    table.text("scheme", check=_one_of(("hmac", "standard-webhooks")))
    timestamp = table.template("timestamp", hmac_scheme.NAMES_IN_TIMESTAMP)
    names = [name for name in hmac_scheme.NAMES_IN_CONTENT if timestamp or name != "timestamp"]
    scheme = Hmac(
        secret=table.text("secret", check=_pattern(_SECRET, 'expected a Secrets Manager id or "ssm:/parameter"')),
        signature=table.template("signature", hmac_scheme.NAMES_IN_SIGNATURE, None) or _NOTHING,
        content=table.template("content", names, None) or _NOTHING,
        algorithm=table.choice("algorithm", hmac_scheme.ALGORITHMS),
        encoding=table.choice("encoding", hmac_scheme.ENCODINGS),
        prefix=table.text("prefix", ""),
        separator=table.text("separator", ""),
        assign=table.text("assign", ""),
        label=table.text("label", ""),
        timestamp=timestamp,
        tolerance=table.number("tolerance", 300, maximum=86400),
        secret_encoding=table.choice("secret_encoding", hmac_scheme.SECRET_ENCODINGS),
        secret_prefix=table.text("secret_prefix", ""),
    )
    signed = [part.expression for part in scheme.content.parts if isinstance(part, Placeholder)]
    if scheme.content is not _NOTHING and "body" not in signed:
        table.problem("content", "expected ${body} in it: what is not signed is not authenticated")
    if scheme.timestamp and "timestamp" not in signed:
        table.problem("timestamp", "expected ${timestamp} in content: a time that is not signed protects from nothing")
    if bool(scheme.assign) != bool(scheme.label):
        table.problem("assign", 'expected "assign" and "label" together')
    table.end()
    return scheme


def _event(table: Table, partner: str, regions: Sequence[str]) -> EventTemplate:
    each = table.template("each", NAMES_IN_EVENT)
    names = (*NAMES_IN_EVENT, "item") if each else NAMES_IN_EVENT
    event = EventTemplate(
        source=table.template("source", names, None) or _NOTHING,
        detail_type=table.template("detail_type", names, None) or _NOTHING,
        time=table.template("time", names),
        resources=table.template("resources", names),
        detail=table.template("detail", names),
        region=table.template("region", names),
        each=each,
    )
    source, complete = literal_prefix(event.source)
    if partner and event.source is not _NOTHING:
        if not (source.startswith(f"{partner}/") or (not complete and f"{partner}/".startswith(source))):
            table.problem("source", f'expected it to start with "{partner}/", got "{event.source.text}"')
        elif complete and not (re.fullmatch(SOURCE, source) and len(source) <= MAX_SOURCE):
            table.problem("source", f'expected {SOURCE}, at most {MAX_SOURCE} characters, got "{source}"')
    detail_type, complete = literal_prefix(event.detail_type)
    if len(detail_type) > MAX_DETAIL_TYPE:
        table.problem("detail_type", f"expected at most {MAX_DETAIL_TYPE} characters, got {len(detail_type)}")
    if event.region:
        region, complete = literal_prefix(event.region)
        if complete and region not in regions:
            table.problem("region", f'expected one of regions, got "{region}"')
    for key, template in (("each", event.each), ("resources", event.resources), ("detail", event.detail)):
        if template and not (len(template.parts) == 1 and isinstance(template.parts[0], Placeholder)):
            table.problem(key, f'expected one placeholder, such as "${{body.{key}}}", got "{template.text}"')
    table.end()
    return event


# Stands for a template that is missing or wrong, which has been noted as a problem.
_NOTHING = Template("", ())


def _pattern(pattern: str, expected: str) -> Check:
    return lambda value: None if re.fullmatch(pattern, value) else expected


def _one_of(names: Iterable[str]) -> Check:
    return lambda value: None if value in names else f"expected one of {', '.join(sorted(names))}"
