"""The Lambda handler behind API Gateway: connects the pipeline to AWS, the log and the metrics."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from relay import config, documents, partner_bus, pipeline, queues, secrets, telemetry, timing
from relay.pipeline import Greeted, Ports, Relayed

CONFIG = config.load(config.path())
PORTS = Ports(
    read_secret=secrets.read,
    refresh_secret=secrets.refresh,
    send=partner_bus.send,
    store=queues.store,
    fetch=documents.fetch,
    enrol=secrets.enrol,
)


@telemetry.logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
@telemetry.metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """The answer to one webhook."""
    response, outcome = pipeline.answer(event, CONFIG, PORTS, datetime.now(UTC), partial(timing.budget, context))
    if isinstance(outcome, Relayed):
        telemetry.relayed(outcome)
    elif isinstance(outcome, Greeted):
        telemetry.greeted(outcome)
    else:
        telemetry.refused(outcome)
    return response
