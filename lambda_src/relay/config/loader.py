"""Read relay.toml and check it; all mistakes are reported at once."""

import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from relay.auth import redaction
from relay.auth.handshake import Handshake
from relay.config import presets, route_rules
from relay.config.archive import ARCHIVE_FIELDS, Archive
from relay.config.auth import read_auth, read_secret
from relay.config.auth_fields import SCHEMES
from relay.config.choices import CLAIM_CHECK
from relay.config.customer_page import PAGE_FIELDS, Page
from relay.config.destinations import DESTINATION_FIELDS, Destinations
from relay.config.event import read_event
from relay.config.field import Field
from relay.config.fields import (
    CUSTOMER,
    LIMIT_FIELDS,
    LOG_FIELDS,
    NOTIFY_FIELDS,
    ROUTE_FIELDS,
    TOP_FIELDS,
)
from relay.config.handshake_fields import HANDSHAKE_FIELDS, VERIFY_TOKEN
from relay.config.line_numbers import line_of
from relay.config.model import SECRET_PREFIX, Config, Limits
from relay.config.presets import Presets
from relay.config.route import Route
from relay.config.suggestions import similar_names
from relay.config.table import Mistake, Table
from relay.errors import ConfigError
from relay.http.routing import shape
from relay.templates.template import literal_prefix

# The answer of so many fits an item of the idempotency table (see pipeline/responses.py); no longer one is remembered.
_ENTRIES_OF_AN_ITEM = 5000


def load(path: Path) -> Config:
    """Return the configuration of this stage: RELAY_SECRET_PREFIX begins the names of its secrets.

    Raise ConfigError with one sentence for every mistake: its line, what was expected, and what is there.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigError([f"{path.name}: cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path.name}: is not TOML: {error}"]) from error
    return parse(text, path.name).with_secret_prefix(os.environ.get(SECRET_PREFIX, ""))


def parse(text: str, name: str) -> Config:
    """Return the configuration of a text; `name` stands for the file in its mistakes. Raise ConfigError as `load`."""
    mistakes: list[Mistake] = []
    try:
        data = tomllib.loads(text)
    except ValueError as error:
        raise ConfigError([_not_toml(name, str(error))]) from error
    config = _config(Table(data, mistakes))
    if mistakes:
        lines = [(line_of(text, mistake.place), mistake.sentence) for mistake in mistakes]
        raise ConfigError([f"{name}:{line}: {sentence}" for line, sentence in sorted(lines)])
    return config


_HINTS_OF_TOML = {
    "Invalid value": "a text stands in quotes",
    "Illegal character": "a text ends on the line on which it begins, with the same quote",
    "Cannot declare": "each route begins with [[route]], and its tables with [route.NAME]",
    "Expected newline": "a text that has a double quote stands in single quotes",
}
"""What usually causes what tomllib says, by its first words."""


def _not_toml(name: str, error: str) -> str:
    hint = next((f"; {hint}" for begin, hint in _HINTS_OF_TOML.items() if error.startswith(begin)), "")
    place = re.search(r" \(at line ([0-9]+), column ([0-9]+)\)$", error)
    if place is None:
        return f"{name}: is not TOML: {error}{hint}"
    return f"{name}:{place[1]}: is not TOML: {error[: place.start()]} (column {place[2]}){hint}"


def _config(table: Table) -> Config:
    values = table.values(TOP_FIELDS)
    tables = values.pop("route")
    preset_tables = presets.load()
    partner = "" if table.is_wrong("partner") else values["partner"]  # its one mistake is no other one of each source
    routes = tuple(_route(each, preset_tables, partner, values["regions"]) for each in tables)
    _check_duplicates(tables, routes)
    for index, expected in route_rules.shares_secrets(routes):
        tables[index].add_error("auth.secret", expected)
    for each, route in zip(tables, routes, strict=True):
        if route.auth.signs_url and not values["public_url"]:
            each.add_error("auth", "the sender signs its URL; expected public_url at the top of the file")
    routes = tuple(_refuse_signed_for_anybody(route, routes) for route in routes)
    limits = Limits(**_values(values.pop("limits"), LIMIT_FIELDS))
    has_destinations = table.raw("destinations") is not None
    destinations = values.pop("destinations")
    values["destinations"] = _destinations(destinations) if has_destinations else None
    has_archive, archive = table.raw("archive") is not None, values.pop("archive")
    values["archive"] = Archive(**_values(archive, ARCHIVE_FIELDS)) if has_archive else None
    notify_bus = str(_values(values.pop("notify"), NOTIFY_FIELDS)["bus"])
    log_entries = bool(_values(values.pop("log"), LOG_FIELDS)["entries"])
    for each, route in zip(tables, routes, strict=True):
        if route.customer and not has_destinations:
            each.add_error(
                "customer", "expected a [destinations] table, which says how customers' destinations are kept"
            )
    if limits.entries > _ENTRIES_OF_AN_ITEM and any(route.dedupe for route in routes):
        expected = f"expected at most {_ENTRIES_OF_AN_ITEM}: a route with dedupe remembers its answers"
        table.add_error("limits.entries", expected)
    table.reject_unknown_keys()
    return Config(routes=routes, limits=limits, notify_bus=notify_bus, log_entries=log_entries, **values)


def _destinations(table: Table) -> Destinations:
    has_page = table.raw("page") is not None
    values = _values(table, DESTINATION_FIELDS)
    page = values.pop("page")
    return Destinations(page=Page(**_values(page, PAGE_FIELDS)) if has_page else None, **values)


def _values(table: Table, fields: Iterable[Field]) -> dict[str, Any]:
    """Return the values of a table that has no other keys."""
    values = table.values(fields)
    table.reject_unknown_keys()
    return values


def _refuse_signed_for_anybody(route: Route, routes: Sequence[Route]) -> Route:
    patterns = route_rules.signed_for_anybody(route, routes)
    return replace(route, auth=route.auth.refuse_contents(patterns)) if patterns else route


def _check_duplicates(tables: Sequence[Table], routes: Sequence[Route]) -> None:
    owners: dict[tuple[str, str], str] = {}
    for table, route in zip(tables, routes, strict=True):
        # The stack's outputs are named after the routes, without hyphens.
        for key, value in (("name", route.name.replace("-", "").lower()), ("path", shape(route.path))):
            if value and (key, value) in owners:
                table.add_error(key, f'route "{owners[key, value]}" already has this {key}')
            owners.setdefault((key, value), route.name)


def _route(table: Table, preset_tables: Presets, partner: str, regions: Sequence[str]) -> Route:
    preset = _preset(table, preset_tables)
    table.set_defaults({field.name: preset[field.name] for field in ROUTE_FIELDS if field.name in preset})
    values = table.values(field for field in ROUTE_FIELDS if field.name not in {*_OF_HANDSHAKES, "customer"})
    has_customer = table.is_written(CUSTOMER)
    names = ("item",) if values["event"].raw("each") else ()
    values["customer"] = table.value(CUSTOMER, names=names, required=True) if has_customer else None
    handshakes = tuple(_handshake(each, values["body_format"]) for each in values.pop("handshake"))
    values |= _handshake_values(table, handshakes)
    values["auth"] = read_auth(values["auth"])
    values["event"] = read_event(values["event"], values["bus"], partner, regions, has_customer=has_customer)
    route = Route(handshakes=handshakes, **values)
    _check_route(table, route, regions)
    return replace(route, warnings=tuple(route_rules.warnings(route, verified=preset.get("verified", True))))


_OF_HANDSHAKES = {"verify_token": "token", "enroll": "enroll", "origins": "origin"}
"""Keys of a route that it may have only if a handshake has a key."""


def _handshake_values(table: Table, handshakes: Sequence[Handshake]) -> dict[str, Any]:
    names = {name for name, key in _OF_HANDSHAKES.items() if any(getattr(each, key) for each in handshakes)}
    values = table.values(field for field in ROUTE_FIELDS if field.name in names - {"verify_token"})
    return values | ({"verify_token": read_secret(table, VERIFY_TOKEN)} if "verify_token" in names else {})


def _check_route(table: Table, route: Route, regions: Sequence[str]) -> None:
    secret = route.auth.secret
    if route.enroll and secret and (secret.is_parameter or not secret.is_fixed):
        table.add_error("enroll", "expected the secret to be one in Secrets Manager, where it can be stored")
    if route.bus.startswith("arn:") and route.bus.split(":")[3] not in regions:
        table.add_error("bus", f'expected its Region to be one of regions, got "{route.bus}"')
    if route.customer and route.bus:
        table.add_error("customer", "expected no bus beside it: a customer's events are partner events")
    if route.customer and len(route.customer.parts) > 1:  # two values side by side could be cut elsewhere
        table.add_error("customer", f'expected one placeholder, such as "${{item.id}}", got "{route.customer.text}"')
    if route.is_queued and table.raw("retry_for") is not None:
        table.add_error("retry_for", 'expected delivery = "direct" beside it: from a queue, EventBridge is tried once')
    _check_failover(table, route, regions)
    if route.dedupe and not route.delivery_id:
        table.add_error("dedupe", "expected delivery_id: what tells one webhook from another")
    if route.event.claim_check_detail and route.on_oversize != CLAIM_CHECK:
        table.add_error("event.claim_check_detail", f'expected on_oversize = "{CLAIM_CHECK}" on the route')
    for key, expected in redaction.reads_redacted(route.auth, route.templates()):
        table.add_error(key, expected)
    table.reject_unknown_keys()
    for key, expected in route_rules.problems(route):
        table.add_error(key, expected)


MAX_RETRY_BEFORE_FAILOVER = 2
"""Seconds. A request that is not answered takes three, and after six there is no time for another Region."""


def _check_failover(table: Table, route: Route, regions: Sequence[str]) -> None:
    key = "failover_region"
    if not route.failover_region:
        return
    own, is_complete = literal_prefix(route.event.region) if route.event.region else ("".join(regions[:1]), True)
    if not is_complete:
        table.add_error(key, "expected no template as event.region: elsewhere the name may be another customer's")
    elif route.failover_region not in regions or route.failover_region == own:
        table.add_error(key, f'expected another of regions than {own}, got "{route.failover_region}"')
    if route.retry_for > MAX_RETRY_BEFORE_FAILOVER:
        table.add_error("retry_for", 'expected at most "2 s" beside failover_region: then there is time for both')
    if route.customer:
        table.add_error(key, "expected no customer beside it: a customer has a destination in each Region instead")
    if route.bus:
        table.add_error(key, "expected no bus beside it: for an ordinary bus EventBridge has global endpoints")
    if route.is_queued:
        table.add_error(key, 'expected delivery = "direct" beside it: what is in a queue waits for its own Region')


def _handshake(table: Table, body_format: str) -> Handshake:
    handshake = Handshake(body_format=body_format, **table.values(HANDSHAKE_FIELDS))
    table.reject_unknown_keys()
    return handshake


def _preset(table: Table, preset_tables: Presets) -> Mapping[str, Any]:
    """Return what the route's preset brings, with the authentication and the id of the preset that it extends."""
    auth = table.raw("auth")
    scheme = auth.get("scheme") if isinstance(auth, dict) else None
    name = _preset_name(table, preset_tables)
    preset = preset_tables.get(name, {})
    # A scheme with a name of its own is the authentication, and the delivery id, of the preset of that name.
    own = preset_tables.get(str(scheme), {}) if scheme in SCHEMES else {}
    base = own or preset_tables.get(preset.get("extends", ""), {})
    inherited = presets.inherit(preset, base)
    if own:
        inherited["auth"] = own.get("auth", {})
    if table.raw("delivery_id"):  # what a preset says of its id, it does not say of the route's own
        inherited.pop("unique_delivery_id", None)
    return inherited


def _preset_name(table: Table, preset_tables: Presets) -> str:
    """Return the name of the route's preset, or of one with which the rest of the route can be read."""
    name = table.raw("preset")
    if not isinstance(name, str) or not name or name in preset_tables:
        return name if isinstance(name, str) else ""
    close = similar_names(name, preset_tables)
    hint = f'did you mean "{close[0]}"?' if close else "`relayctl presets` lists them"
    table.add_error("preset", f'there is no "{name}"; {hint}')
    return close[0] if close else "standard-webhooks"
