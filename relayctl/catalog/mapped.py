"""Whether relay.toml can send the event types of the catalog, where that can be decided without a webhook."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from relay.catalog.event_type import EventType
from relay.config.model import Config
from relay.config.route import Route
from relay.errors import MappingError
from relay.mapping.entries import evaluate, is_wanted, to_entry
from relay.templates import strict_json
from relay.templates.template import Template, literal_prefix

Scope = Mapping[str, Any]


def literal_detail_types(config: Config) -> dict[str, str]:
    """Return the detail-types that relay.toml spells out, and the first route of each."""
    found: dict[str, str] = {}
    for route in config.routes:
        detail_type, is_complete = literal_prefix(route.event.detail_type)
        if is_complete:
            found.setdefault(detail_type, route.name)
    return found


def problems(event_type: EventType, config: Config) -> Sequence[str]:
    """Return why no route can send an event type, or why its sample would be dead-lettered; nothing if it may come.

    A sample is a detail. So it decides what a route makes of it where that takes everything from the body and sends
    the body, or from an item and sends the item; what a header decides may be anything.
    """
    verdicts = [_verdict(event_type, route, config) for route in config.routes]
    certain = [reason for is_certain, reason in verdicts if is_certain]
    if certain:
        return [] if "" in certain else certain
    reasons = [reason for _, reason in verdicts]
    return [] if "" in reasons else [f"no route sends it: {'; '.join(reasons)}"]


def _verdict(event_type: EventType, route: Route, config: Config) -> tuple[bool, str]:
    """Return whether the route is one that sends this detail-type for certain, and why it would not send the sample."""
    wanted, template = event_type.detail_type, route.event.detail_type
    scope = _scope(route, event_type.sample)
    if scope is not None and _is_decided(template, scope):
        try:
            detail_type = evaluate(route, "event.detail_type", Template.render, template, scope)
        except MappingError as error:
            return False, str(error)
        if detail_type != wanted:
            return False, f'route "{route.name}" makes "{detail_type}" of the sample'
        return True, _refusal(event_type, route, scope, config)
    prefix, is_complete = literal_prefix(template)
    if not wanted.startswith(prefix) or (is_complete and wanted != prefix):
        return False, f'route "{route.name}" sends "{template.text}"'
    return False, ""


def _scope(route: Route, sample: Mapping[str, Any]) -> Scope | None:
    """Return the names that the sample gives a value, None if the route's detail is neither the body nor an item."""
    detail = route.event.detail.text if route.event.detail else "${body}"
    if detail == "${item}":
        return {"item": sample}
    return {"body": sample} if detail == "${body}" and not route.event.each else None


def _is_decided(template: Template, scope: Scope) -> bool:
    return all(path[:1] and path[0] in scope for path in template.paths())


def _refusal(event_type: EventType, route: Route, scope: Scope, config: Config) -> str:
    """Return why a route would not send the sample, which has its detail-type; what is not decided counts as right."""
    right: dict[str, Any] = {
        "source": config.partner,
        "time": datetime.now(UTC),
        "resources": (),
        "detail_type": event_type.detail_type,
        "region": config.regions[0],
    }
    known = {
        name: value
        for name, value in right.items()
        if not ((template := getattr(route.event, name)) and _is_decided(template, scope))
    }
    scope = {**scope, "received_at": datetime.now(UTC).isoformat()}
    try:
        to_entry(route, scope, strict_json.dump(event_type.sample), config.regions, known)
        if route.event.when and _is_decided(route.event.when, scope) and not is_wanted(route, scope):
            return f'route "{route.name}": event.when leaves the sample out'
        customer = route.customer
        if (
            customer
            and _is_decided(customer, scope)
            and evaluate(route, "customer", Template.value, customer, scope) is None
        ):
            return f'route "{route.name}": the sample has no customer'
    except MappingError as error:
        return f"the sample would be dead-lettered: {error}"
    return ""
