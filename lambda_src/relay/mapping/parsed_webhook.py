"""A webhook whose body has been read: the names that its route's templates use."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from relay.entry import rfc3339
from relay.errors import MappingError
from relay.http import body_formats
from relay.webhook import Webhook

Scope = Mapping[str, Any]
"""The names that templates use: `body`, `headers`, `path`, `query`, `received_at`, `delivery_id`."""


class ParsedWebhook(NamedTuple):
    """A webhook, its body as JSON text, and the names that templates use."""

    webhook: Webhook
    text: str
    scope: Scope

    @property
    def id(self) -> str:
        """Return the sender's delivery id, or API Gateway's request id if there is none."""
        return str(self.scope["delivery_id"])


def parse_webhook(webhook: Webhook, webhook_id: str | None = None) -> ParsedWebhook:
    """Read the body in the route's format. `webhook_id` is the id it had when it was received, if it is redriven.

    Raise BadRequest if the body is not of that format.
    """
    text, body = body_formats.parse(webhook.request, webhook.route.body_format)
    scope = {
        "body": body,
        "headers": webhook.request.named_headers,
        "path": webhook.path,
        "query": webhook.request.parameters,
        "received_at": rfc3339(webhook.received_at),
    }
    delivery_id = _delivery_id(webhook, scope) if webhook_id is None else webhook_id
    return ParsedWebhook(webhook, text, scope | {"delivery_id": delivery_id})


def _delivery_id(webhook: Webhook, scope: Scope) -> str:
    try:
        delivery_id = webhook.route.delivery_id.render(scope) if webhook.route.delivery_id else ""
    except MappingError:
        delivery_id = ""
    # What cannot be printed cannot be logged either; no sender has such ids.
    return delivery_id if delivery_id.isprintable() and delivery_id else webhook.request.request_id
