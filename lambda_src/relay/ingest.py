"""The Lambda handler behind API Gateway: puts the steps in order and decides nothing itself."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from relay import config, dead_letter, mapping, partner_bus, queues, request, response, routing, secrets, telemetry
from relay.delivery import deliver
from relay.entry import Failed, Outcome
from relay.errors import MappingError, Rejected, Unavailable
from relay.webhook import Webhook, authenticate

CONFIG = config.load(Path(os.environ.get("RELAY_CONFIG", Path(__file__).parents[1] / "relay.toml")))
DEAD_LETTER_QUEUE_URL = os.environ["DEAD_LETTER_QUEUE_URL"]


@telemetry.logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
@telemetry.metrics.log_metrics
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """The answer to one webhook; 202 only if every entry is in EventBridge or in the dead-letter queue."""
    route_name = "none"
    try:
        posted = request.parse(event, CONFIG.max_body_bytes)
        route, path = routing.match(CONFIG.routes, posted.method, posted.path)
        route_name = route.name
        webhook = authenticate(posted, route, path, secrets.read(route.auth.secret), datetime.now(UTC))
        return response.accepted(relay(webhook))
    except Rejected as rejection:
        telemetry.rejected(route_name, rejection)
        return response.problem(rejection, request.request_id(event))


def relay(webhook: Webhook) -> list[Outcome]:
    """What became of each entry. Raises Rejected if the webhook could not be taken."""
    text, payload = mapping.parse_payload(webhook)
    scope = mapping.scope_of(webhook, payload)
    try:
        entries = mapping.entries(webhook.route, scope, text, CONFIG)
    except MappingError as error:
        failed = Failed("MappingError", str(error))
        outcomes: list[Outcome] = [failed]
        letters = [dead_letter.of_webhook(webhook, scope["id"], failed)]
    else:
        outcomes = deliver(entries, CONFIG, partner_bus.send)
        letters = [
            dead_letter.of_entry(webhook, scope["id"], entry, outcome)
            for entry, outcome in zip(entries, outcomes, strict=True)
            if isinstance(outcome, Failed)
        ]
    if why_not := queues.store(DEAD_LETTER_QUEUE_URL, letters):
        raise Unavailable("The webhook could not be stored.", reason=f"dead-letter queue: {why_not}")
    telemetry.relayed(webhook.route.name, scope["id"], outcomes)
    return outcomes
