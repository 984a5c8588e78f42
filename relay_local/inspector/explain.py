"""Explain what the relay made of a webhook, with the relay's own code. Pure: nothing is sent."""

import base64
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from relay.auth.context import VerificationContext
from relay.config.model import Config
from relay.config.route import Route
from relay.destinations.addressing import Find
from relay.errors import MappingError, Rejected, Unauthorized
from relay.http import routing
from relay.mapping.parsed_webhook import parse_webhook
from relay.pipeline.entry_lines import MAX_TEXT
from relay.templates.template import Template
from relay.webhook import Webhook
from relay_local.inspector import timeline
from relay_local.inspector.captures import PLACES, Capture, Events
from relay_local.inspector.fates import Step, WebhookId
from relay_local.inspector.mapped import NOT_MAPPED, Mapped, mapped
from relayctl import preview

Secrets = Mapping[str, str]


@dataclass(frozen=True)
class Surroundings:
    """What a webhook met: relay.toml, the secrets by name, the customer's events, the URL where webhooks are posted.

    `find` returns a customer's destinations.
    """

    config: Config
    secrets: Secrets
    events: Events
    url: str
    find: Find | None = None


def detail(
    capture: Capture, met: Surroundings, fates: Mapping[int, Sequence[Step]] = MappingProxyType({})
) -> dict[str, Any]:
    """Return everything the page shows of one webhook; `fates` are the steps of its entries."""
    config, events = met.config, met.events
    route = capture.route(config)
    answer = capture.answer_document()
    authentication = _authentication(capture, route, config, met.secrets)
    shown: dict[str, Any] = {
        "request": _request(capture),
        "answer": {"status": capture.status, "text": capture.answer.decode("utf-8", "replace")},
        "curl": curl(capture, met.url),
        "authentication": authentication,
        "timeline": timeline.moments(capture, authentication["verdict"], fates, capture.answer_in_words()),
        "values": None,
        "problem": "",
        "unsent": [],
        "entries": [],
        "cli": "",
    }
    if route is None:
        return shown
    try:
        webhook = webhook_of(capture, route)
        parsed = parse_webhook(webhook)
        shown["values"] = dict(parsed.scope)
        rows = preview.rows(preview.entries(parsed, config, met.find), config)
        shown["unsent"] = preview.why_unsent(parsed, config, met.find)
    except (MappingError, Rejected) as error:
        shown["problem"] = error.detail if isinstance(error, Rejected) else str(error)
        return shown
    results = [(index, each) for index, each in enumerate(answer.get("entries") or []) if not _is_nobodys(each)]
    results = results if len(results) == len(rows) else [(index, {}) for index in range(len(rows))]
    for row, (index, result) in zip(rows, results, strict=True):
        steps = fates.get(index, ())
        event_id = next((step.event_id for step in reversed(steps) if step.event_id), "")
        event = events.get(event_id) if event_id else None
        said = capture.is_refused or (steps and config.log_entries)
        if event is None and not said:  # nothing says what became of it: look for an equal one
            event = events.find(capture, row["wire"], result)
        state = "delivered" if event else steps[-1].state if steps else _state(result)
        more = {"cli": cli([row["wire"]]), "result": result, "event": event, "state": state, "event_id": event_id}
        shown["entries"].append(row | more | {"steps": [_step(step) for step in steps]})
    shown["cli"] = cli([row["wire"] for row in rows[:20]])
    return shown


def webhook_id(capture: Capture, config: Config) -> WebhookId | None:
    """Return what the delivery log knows the webhook by, or None if it was never mapped."""
    route = capture.route(config)
    if route is None:
        return None
    try:
        return route.name, parse_webhook(webhook_of(capture, route)).id[:MAX_TEXT]
    except Rejected:
        return None


def _step(step: Step) -> dict[str, Any]:
    at = datetime.fromtimestamp(step.at, UTC).isoformat(timespec="milliseconds")
    return {"at": at, "text": timeline.describe(step), "state": step.state, "error_code": step.error_code}


def _state(result: Mapping[str, Any]) -> str:
    return next((name for name in PLACES if result.get(name)), "accepted" if "event_id" in result else "not_sent")


def in_short(capture: Capture, met: Surroundings) -> Mapped:
    """Return what the list says of a webhook; nothing if it was never mapped, or cannot be."""
    route, answer = capture.route(met.config), capture.answer_document()
    if route and capture.status == HTTPStatus.UNAUTHORIZED:
        return replace(NOT_MAPPED, why=reason(capture, met))
    if route is None or capture.status != HTTPStatus.ACCEPTED:
        return NOT_MAPPED
    try:
        parsed = parse_webhook(webhook_of(capture, route))
        entries = preview.entries(parsed, met.config, met.find)
        if entries or not route.customer:
            return mapped(entries, _customers(answer))
        # Nobody gets it: its detail-type says what it was, but there is no source.
        customers = preview.customers_of_unsent(parsed, met.config, met.find)
        return replace(mapped(preview.entries(parsed, met.config), filter(None, customers)), sources=())
    except (MappingError, Rejected) as error:
        return replace(NOT_MAPPED, why=str(error))


def reason(capture: Capture, met: Surroundings) -> str:
    """Return why a webhook is not authentic, which its sender is not told."""
    return str(_authentication(capture, capture.route(met.config), met.config, met.secrets)["reason"])


def why_unsent(capture: Capture, met: Surroundings) -> list[str]:
    """Return why events of a webhook reach nobody, and what to do about it."""
    route = capture.route(met.config)
    if route is None or capture.is_refused:
        return []
    try:
        return preview.why_unsent(parse_webhook(webhook_of(capture, route)), met.config, met.find)
    except (MappingError, Rejected):
        return []


def _customers(answer: Mapping[str, Any]) -> list[str]:
    """Return the customers whose destinations an answer names."""
    labels = (each.get("destination") for each in answer.get("entries") or [] if isinstance(each, dict))
    return [label.partition("/")[0] for label in labels if isinstance(label, str)]


def _is_nobodys(result: Any) -> bool:
    """Return whether a result is of an event that became no entry."""
    return not isinstance(result, dict) or "unsubscribed" in result or "without_customer" in result


def curl(capture: Capture, url: str) -> str:
    """Return the request as a command, with its old signature: after a few minutes most schemes reject it."""
    skipped = {"host", "content-length", "connection", "accept-encoding", "user-agent", "transfer-encoding"}
    parts = ["curl", "-i", "-X", capture.method, url + capture.path + (f"?{capture.query}" if capture.query else "")]
    for name, value in capture.headers:
        if name not in skipped:
            parts += ["-H", f"{name}: {value}"]
    command = shlex.join(parts)
    if not capture.body:
        return command
    try:
        return f"{command} --data-binary {shlex.quote(capture.body.decode())}"
    except UnicodeDecodeError:
        return f"base64 -d <<< {base64.b64encode(capture.body).decode()} | {command} --data-binary @-"


def cli(wires: list[dict[str, Any]]) -> str:
    """Return up to 20 entries as a command of the AWS CLI."""
    return f"aws events put-partner-events --entries {shlex.quote(json.dumps(wires, ensure_ascii=False))}"


def _request(capture: Capture) -> dict[str, Any]:
    try:
        text: str | None = capture.decoded_request().body.decode()
    except (UnicodeDecodeError, Rejected):
        text = None
    return {
        "line": f"{capture.method} {capture.path}" + (f"?{capture.query}" if capture.query else ""),
        "headers": capture.headers,
        "text": text,
        "base64": None if text is not None else base64.b64encode(capture.body).decode(),
    }


def _authentication(capture: Capture, route: Route | None, config: Config, secrets: Secrets) -> dict[str, Any]:
    if route is None:
        return {"verdict": "not asked", "reason": "no route has this path and method"}
    scheme = route.auth
    shown: dict[str, Any] = {
        "route": route.name,
        "scheme": getattr(scheme, "kind", type(scheme).__name__.removesuffix("Scheme").lower()),
        "weaknesses": list(route.warnings),
    }
    for name in ("algorithm", "signature", "token", "content", "timestamp"):
        value = getattr(scheme, name, None)
        shown[name] = value.text if isinstance(value, Template) else value
    try:
        request = capture.decoded_request() if scheme.signs_decoded else capture.request()
        shown["secret"] = secret_of(capture, route)
        value = secrets.get(shown["secret"])
        now = datetime.fromtimestamp(capture.at, UTC)
        context = VerificationContext(
            config.public_url, [value] if value else [], now, lambda *_: b"", route.body_format
        )
        scheme.verify(request, context)
    except Unauthorized as error:
        return shown | {"verdict": "refused", "reason": error.reason}
    except Rejected as error:
        return shown | {"verdict": "could not be known", "reason": error.reason}
    return shown | {"verdict": "authentic", "reason": "the signature is that of the body, by the route's secret"}


def secret_of(capture: Capture, route: Route) -> str:
    """Return the name of the secret that the route has for this request. Raise Unauthorized."""
    _, path = routing.match_route([route], capture.method, capture.path)
    return route.auth.secret_name(capture.request(), path)


def webhook_of(capture: Capture, route: Route) -> Webhook:
    """Return the webhook as if it had been authenticated when it came."""
    _, path = routing.match_route([route], capture.method, capture.path)
    return Webhook.unverified(route, capture.decoded_request(), path, datetime.fromtimestamp(capture.at, UTC))
