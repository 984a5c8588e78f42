"""What tells one webhook from every other, where a route accepts each webhook once."""

import hashlib
import json
from typing import Any

from relay.mapping.entries import from_outside
from relay.mapping.parsed_webhook import ParsedWebhook


def idempotency_key(parsed: ParsedWebhook) -> str:
    """Return the key of a webhook, empty if its route accepts duplicates or the sender gave it no id.

    Two customers may give the same id to different webhooks, and whoever has seen one webhook can change what is not
    signed. So everything outside the body that chooses the customer, the kind of the event, or whether there is an
    event, is part of the key. Besides that, an id is enough only if it is signed and belongs to one delivery: an
    order's id is in every webhook about that order, and an unsigned id is whatever a stranger writes. With any other
    id, the path and the body are part of the key too.
    """
    webhook, scope = parsed.webhook, parsed.scope
    route, request, event = webhook.route, webhook.request, webhook.route.event
    if not route.dedupe or not route.delivery_id or parsed.id == request.request_id:
        return ""
    deciding = (route.customer, event.source, event.region, event.detail_type, event.resources, event.when)
    parts: list[Any] = [route.name, webhook.secret_name, parsed.id]
    parts += [from_outside(template, scope) for template in deciding if template]
    if not route.unique_delivery_id or not route.auth.covers(route.delivery_id):
        parts += [hashlib.sha256(request.body).hexdigest(), sorted(webhook.path.items())]
    return json.dumps(parts)
