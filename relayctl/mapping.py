"""Map a payload as its route would, without authenticating it and without AWS."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from relay.config.model import Config
from relay.config.route import EventTemplate, Route
from relay.errors import MappingError, Rejected
from relay.http import routing
from relay.http.request import Request
from relay.mapping.parsed_webhook import parse_webhook
from relay.templates.template import Template
from relay.webhook import Webhook
from relayctl import output, preview


def missing_headers(route: Route, headers: Mapping[str, str]) -> list[str]:
    """Return the names of the headers that the route's templates read and `headers` lacks."""
    return sorted(_headers_read(route.event) - {name.lower() for name in headers})


def rows(
    relay: Config, route: Route, body: bytes, headers: Mapping[str, str], parameters: Mapping[str, str], query: str
) -> list[dict[str, Any]]:
    """Return a row for each entry that a request of the route would become (preview.rows).

    A missing header is `<name>`; a missing parameter of the path is its own name. The body is JSON unless `headers`
    says otherwise. Print why something becomes no entry. Exit with code 1 if the request would be rejected or
    dead-lettered.
    """
    placeholders = {name: f"<{name}>" for name in missing_headers(route, headers)}
    sent = {"content-type": "application/json"} | placeholders | {name.lower(): headers[name] for name in headers}
    request = Request("POST", _url_path(route, parameters), query, sent, body, "request-id")
    try:
        parsed = parse_webhook(_webhook(route, request))
        found = preview.rows(preview.entries(parsed, relay), relay)
        lines = preview.why_unsent(parsed, relay)
    except MappingError as error:
        output.fail(f"would be dead-lettered: {error}")
    except Rejected as error:
        output.fail(f"would be answered {error.status}: {error.detail}")
    for line in lines if found or lines else ("the route's `each` or `when` leaves nothing",):
        output.print_message(f"answered 202, and forwarded to nobody: {line}")
    return found


def _headers_read(event: EventTemplate) -> set[str]:
    templates = list(event)
    return {
        name.replace("_", "-")
        for template in templates
        if isinstance(template, Template)
        for placeholder in template.placeholders()
        for name in re.findall(r"\bheaders\.([A-Za-z0-9_]+)", placeholder.expression)
    }


def _url_path(route: Route, parameters: Mapping[str, str]) -> str:
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
