"""An authentic webhook becomes entries: the templates of its route, filled from its payload."""

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar

from relay.config.loader import Config
from relay.config.route import CLAIM_CHECK, Route
from relay.entry import Entry, rfc3339
from relay.errors import MappingError, PayloadTooLarge
from relay.templates import strict_json
from relay.templates.strict_json import NotJSON
from relay.templates.template import Template, kind_of
from relay.webhook import Webhook

Scope = Mapping[str, Any]
T = TypeVar("T")

MAX_BYTES = 32 * 1024 * 1024
"""Of all the entries of a webhook, each of which may have all of its body. The function has 512 MB, and a message of a
queue spells an entry with up to three times as many bytes; what waits would take its memory away again and again."""


def scope_of(webhook: Webhook, payload: Any) -> Scope:
    """The names templates use. `delivery_id` is the sender's, or API Gateway's request id where there is none."""
    scope = {
        "body": payload,
        "headers": webhook.request.named_headers,
        "path": webhook.path,
        "query": webhook.request.parameters,
        "received_at": rfc3339(webhook.received_at),
    }
    try:
        delivery_id = webhook.route.delivery_id.render(scope) if webhook.route.delivery_id else ""
    except MappingError:
        delivery_id = ""
    # What cannot be printed cannot be logged either; no sender has such ids.
    return scope | {
        "delivery_id": delivery_id if delivery_id.isprintable() and delivery_id else webhook.request.request_id
    }


ClaimCheck = Callable[[Entry, Mapping[str, Any]], Entry]
"""An entry with a claim for its detail, beside some fields. Raises OSError."""


def to_entries(route: Route, scope: Scope, text: str, config: Config, check: ClaimCheck) -> list[Entry]:
    """One entry, or one for each element of the route's `each`, in order, where `when` holds.

    `text` is the body as JSON.
    Raises MappingError if a template gives no usable value, and then makes no entry at all: a redrive maps the
    whole webhook again. An entry over `limits.entry` has a claim instead of its detail, if the route says so; else
    it raises PayloadTooLarge. More than `limits.entries`, or than `MAX_BYTES` in all, are too large as well.
    """
    scopes = _scopes(route, scope, config.limits.entries)
    made, room = [], MAX_BYTES
    for one in scopes:
        entry = _entry(route, one, text, config.regions)
        if (room := room - entry.size) < 0:
            raise PayloadTooLarge(f"The webhook would become entries of more than {MAX_BYTES} bytes in all.")
        made.append((entry, _claim_fields(route, one)))
    return [_within(entry, fields, route, config, check) for entry, fields in made]


def _scopes(route: Route, scope: Scope, most: int) -> list[Scope]:
    """Return the scope of each entry: one for each element of `each`, where `when` holds."""
    scopes: Iterable[Scope] = [scope]
    if route.event.each:
        items = _named(route, "each", _items, route.event.each, scope)
        scopes = ({**scope, "item": item} for item in items)
    if when := route.event.when:
        scopes = (one for one in scopes if _named(route, "when", Template.truth, when, one))
    found = list(islice(scopes, most + 1))
    if len(found) > most:
        raise PayloadTooLarge(f"The webhook would become more than {most} entries.")
    return found


def _within(entry: Entry, fields: Mapping[str, Any], route: Route, config: Config, check: ClaimCheck) -> Entry:
    if entry.size > config.limits.entry and route.on_oversize == CLAIM_CHECK:
        entry = check(entry, fields)
    if entry.size > config.limits.entry:
        raise PayloadTooLarge(f"An entry has {entry.size} bytes; at most {config.limits.entry} are allowed.")
    return entry


def _claim_fields(route: Route, scope: Scope) -> Mapping[str, Any]:
    template = route.event.claim_check_detail
    return _named(route, "claim_check_detail", _object, template, scope) if template else {}


_OUTSIDE = {("headers",), ("path",), ("query",), ()}  # the last is the whole scope


def from_outside(template: Template, scope: Scope) -> list[str]:
    """Return what `template` takes from outside the body: headers, path and query; nothing, where it fails."""
    found = []
    for part in template.placeholders():
        if any(path[:1] in _OUTSIDE for path in Template(part.expression, (part,)).paths()):
            with contextlib.suppress(MappingError):
                found.append(str(part.search(scope)))
    return found


def _entry(route: Route, scope: Scope, text: str, regions: Sequence[str]) -> Entry:
    value = {
        name: _named(route, name, fill, template, scope)
        for name, fill in _FIELDS.items()
        if (template := getattr(route.event, name))
    }
    entry = Entry(
        time=value.get("time") or datetime.fromisoformat(scope["received_at"]),
        source=value["source"],
        resources=value.get("resources", ()),
        detail_type=value["detail_type"],
        detail=value.get("detail") or text,
        region=value.get("region") or regions[0],
        bus=route.bus,
    )
    if entry.region not in regions:
        raise MappingError(f'route "{route.name}", event.region: expected one of {", ".join(regions)}')
    if not entry.is_unicode():
        raise MappingError(f'route "{route.name}": a lone surrogate is not text that can be sent')
    return entry


def _named(route: Route, field: str, fill: Callable[[Template, Scope], T], template: Template, scope: Scope) -> T:
    try:
        return fill(template, scope)
    except MappingError as error:
        raise MappingError(f'route "{route.name}", event.{field}: {error}') from error


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
    if not all(isinstance(one, str) for one in value):
        raise MappingError(f"{template.text} is a list of other things than text")
    return tuple(value)


def _time(template: Template, scope: Scope) -> datetime:
    value = template.value(scope)
    try:
        if isinstance(value, str) and not (value.isascii() and value.isdecimal()):
            time = datetime.fromisoformat(value)
            if time.tzinfo:
                return time.astimezone(UTC)
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, OverflowError, OSError):
        pass
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
