"""As Powertools' documentation would have it: logger, metrics, resolver, parameters, every client at import."""

import hashlib
import hmac
import json
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
metrics = Metrics()
app = APIGatewayHttpResolver()
events: Any = boto3.client("events")
queue: Any = boto3.client("sqs")


@app.post("/github")
def github() -> Response[str]:
    """Verify and put."""
    event = app.current_event
    body = event.decoded_body or ""
    secret = str(parameters.get_secret("bench/github"))
    expected = "sha256=" + hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, event.headers["x-hub-signature-256"]):
        return Response(401, "application/json", "{}")
    answer = events.put_partner_events(
        Entries=[
            {
                "Source": "aws.partner/acme.example/bench",
                "DetailType": event.headers["x-github-event"],
                "Detail": json.dumps(json.loads(body)),
            }
        ]
    )
    metrics.add_metric("Webhooks", MetricUnit.Count, 1)
    logger.info("relayed", extra={"failed": answer["FailedEntryCount"]})
    return Response(202, "application/json", json.dumps({"failed": answer["FailedEntryCount"]}))


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return the resolver's response."""
    return app.resolve(event, context)
