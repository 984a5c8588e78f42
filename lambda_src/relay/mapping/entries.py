"""Map a webhook to entries: fill the templates of its route from its payload."""

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from types import MappingProxyType
from typing import Any, TypeVar

from relay.config.choices import CLAIM_CHECK
from relay.config.model import Config
from relay.config.route import Route
from relay.entry import Entry
from relay.errors import MappingError, PayloadTooLarge
from relay.mapping.parsed_webhook import ParsedWebhook, Scope
from relay.templates import strict_json
from relay.templates.strict_json import NotJSON
from relay.templates.template import Template, kind_of
from relay.templates.times import parse_time

T = TypeVar("T")

MAX_BYTES = 32 * 1024 * 1024
"""Of all the entries of a webhook, each of which may have all of its body. The function has 512 MB, and a message of a
queue spells an entry with up to three times as many bytes; what waits would take its memory away again and again."""


StoreDetail = Callable[[Entry, Mapping[str, Any]], Entry]
"""Store an entry's detail and return the entry with a claim check instead, beside some fields. Raise OSError."""


def to_entries(parsed: ParsedWebhook, config: Config, store_detail: StoreDetail) -> list[Entry]:
    """Return one entry, or one for each element of the route's `each`, in order, where `when` holds.

    Raise MappingError if a template gives no usable value, and then return no entry at all: a redrive maps the
    whole webhook again. An entry over `limits.entry` gets a claim check instead of its detail, if the route says so.
    Raise PayloadTooLarge if it does not, or if there are more than `limits.entries`, or more than `MAX_BYTES` in all.
    Raise OSError if a detail cannot be stored.
    """
    route, room = parsed.webhook.route, MAX_BYTES
    entries = []
    scopes = (scope for scope in item_scopes(route, parsed.scope) if is_wanted(route, scope))
    for scope in first(scopes, config.limits.entries):
        entry = to_entry(route, scope, parsed.text, config.regions)
        if (room := room - entry.size) < 0:
            raise PayloadTooLarge(f"The webhook would become entries of more than {MAX_BYTES} bytes in all.")
        entries.append((entry, claim_fields(route, scope)))
    return [within_limit(entry, fields, route, config, store_detail) for entry, fields in entries]


def item_scopes(route: Route, scope: Scope) -> Iterable[Scope]:
    """Return the names for each element of the route's `each`, or those of the webhook. Raise MappingError."""
    if not route.event.each:
        return [scope]
    items = evaluate(route, "event.each", _items, route.event.each, scope)
    return ({**scope, "item": item} for item in items)


def is_wanted(route: Route, scope: Scope) -> bool:
    """Return whether `when` holds. Raise MappingError."""
    when = route.event.when
    return when is None or evaluate(route, "event.when", Template.truth, when, scope)


def first(entries: Iterable[T], max_entries: int) -> list[T]:
    """Return the entries, or what becomes one. Raise PayloadTooLarge if there are more than `max_entries`."""
    found = list(islice(entries, max_entries + 1))
    if len(found) > max_entries:
        raise PayloadTooLarge(f"The webhook would become more than {max_entries} entries.")
    return found


def within_limit(
    entry: Entry, fields: Mapping[str, Any], route: Route, config: Config, store_detail: StoreDetail
) -> Entry:
    """Return the entry, with a claim check if it is too large. Raise PayloadTooLarge, OSError."""
    if entry.size > config.limits.entry and route.on_oversize == CLAIM_CHECK:
        entry = store_detail(entry, fields)
    if entry.size > config.limits.entry:
        raise PayloadTooLarge(f"An entry has {entry.size} bytes; at most {config.limits.entry} are allowed.")
    return entry


def claim_fields(route: Route, scope: Scope) -> Mapping[str, Any]:
    """Return what stands beside a claim check. Raise MappingError."""
    template = route.event.claim_check_detail
    return evaluate(route, "event.claim_check_detail", _object, template, scope) if template else {}


_OUTSIDE = {("headers",), ("path",), ("query",), ()}  # the last is the whole scope


def from_outside(template: Template, scope: Scope) -> list[str]:
    """Return the values that `template` takes from headers, path and query, except those that fail."""
    values = []
    for part in template.placeholders():
        if any(path[:1] in _OUTSIDE for path in Template(part.expression, (part,)).paths()):
            with contextlib.suppress(MappingError):
                values.append(str(part.search(scope)))
    return values


def to_entry(
    route: Route, scope: Scope, text: str, regions: Sequence[str], known: Mapping[str, str] = MappingProxyType({})
) -> Entry:
    """Return the entry of one scope, with the values that are `known` already. Raise MappingError."""
    values: dict[str, Any] = dict(known)
    for name, fill in _FIELDS.items():
        if name not in values and (template := getattr(route.event, name)):
            values[name] = evaluate(route, f"event.{name}", fill, template, scope)
    entry = Entry(
        time=values.get("time") or datetime.fromisoformat(scope["received_at"]),
        source=values["source"],
        resources=values.get("resources", ()),
        detail_type=values["detail_type"],
        detail=values.get("detail") or text,
        region=values.get("region") or regions[0],
        bus=route.bus,
    )
    if entry.region not in regions:
        raise MappingError(f'route "{route.name}", event.region: expected one of {", ".join(regions)}')
    if not entry.is_unicode():
        raise MappingError(f'route "{route.name}": a lone surrogate is not text that can be sent')
    return entry


def evaluate(route: Route, key: str, fill: Callable[[Template, Scope], T], template: Template, scope: Scope) -> T:
    """Return the value of the template at `key` of the route. Raise MappingError, which names the key."""
    try:
        return fill(template, scope)
    except MappingError as error:
        raise MappingError(f'route "{route.name}", {key}: {error}') from error


def _items(template: Template, scope: Scope) -> list[Any]:
    value = template.value(scope)
    if not isinstance(value, list):
        raise MappingError(f"{template.text} is {kind_of(value)}; expected a list")
    return value


def _object(template: Template, scope: Scope) -> Mapping[str, Any]:
    value = template.value(scope)
    if not isinstance(value, dict):
        raise MappingError(f"{template.text} is {kind_of(value)}; expected an object")
    return value


def _texts(template: Template, scope: Scope) -> tuple[str, ...]:
    value = _items(template, scope)
    if not all(isinstance(text, str) for text in value):
        raise MappingError(f"{template.text} is a list of other things than text")
    return tuple(value)


def _time(template: Template, scope: Scope) -> datetime:
    value = template.value(scope)
    if time := parse_time(value):
        return time
    raise MappingError(
        f"{template.text} is {kind_of(value)}; expected an RFC 3339 time with its zone, or epoch seconds"
    )


def _detail(template: Template, scope: Scope) -> str | None:
    if template.text == "${body}":
        return None  # the body byte for byte, not its value written again
    value = template.value(scope)
    if value is None:
        raise MappingError(f"{template.text} is null or missing; expected an object")
    try:
        if isinstance(value, str):
            strict_json.parse(value)
            return value
        return strict_json.dump(value)
    except NotJSON as error:
        raise MappingError(f"{template.text} is not JSON: {error}") from error


_FIELDS: dict[str, Callable[[Template, Scope], Any]] = {
    "source": Template.render,
    "detail_type": Template.render,
    "time": _time,
    "resources": _texts,
    "detail": _detail,
    "region": Template.render,
}
