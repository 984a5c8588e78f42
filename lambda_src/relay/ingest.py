"""The Lambda handler behind API Gateway: connects the pipeline to AWS, the log and the metrics."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from relay import bucket, config, documents, partner_bus, pipeline, queues, secrets, telemetry
from relay.claims import Counter
from relay.ports import Ports


def _once(key: str, seconds_left: float, work: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], bool]:
    from relay import dedupe  # with a library and a client of its own, which no other route needs

    return dedupe.once(key, seconds_left, work)


CONFIG = config.load(config.path())
PORTS = Ports(
    read_secret=secrets.read,
    refresh_secret=secrets.refresh,
    send=telemetry.timed(partner_bus.send),
    store=queues.store,
    fetch=documents.fetch,
    enrol=secrets.enrol,
    counter=Counter(bucket.leave, bucket.presign, CONFIG.claim_seconds),
    once=_once,
)


@telemetry.logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
@telemetry.metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """The answer to one webhook."""
    seconds_left = context.get_remaining_time_in_millis() / 1000
    response, outcome = pipeline.answer(event, CONFIG, PORTS, datetime.now(UTC), seconds_left)
    telemetry.told(outcome)
    return response
