"""The Lambda handler behind the retry queue and the delivery queue: one batch of messages of one of them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from relay import bootstrap, telemetry
from relay.delivery.deliver import budget
from relay.delivery.pace import paced
from relay.pipeline.results import Done, Postponed
from relay.pipeline.retry import redeliver
from relay.pipeline.services import Services
from relay.pipeline.waiting import ReceivedMessage, oldest_waiting_seconds

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def create_handler(services: Services) -> Handler:
    """Return a handler that names the messages that stay in the queue.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """

    @telemetry.logger.inject_lambda_context
    @telemetry.metrics.log_metrics
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        records = event["Records"]
        batch = [_received(record) for record in records]
        now, seconds_left = datetime.now(UTC), context.get_remaining_time_in_millis() / 1000
        results = redeliver(batch, services, now, budget(0, seconds_left))
        postponed = [
            (record, result) for record, result in zip(records, results, strict=True) if isinstance(result, Postponed)
        ]
        handles = {record["receiptHandle"]: result.seconds for record, result in postponed}
        services.postpone(records[0]["eventSourceARN"], handles)
        telemetry.record_batch(results, oldest_waiting_seconds(batch, results, now))
        if services.config.log_entries:
            telemetry.record_entries(line for result in results if isinstance(result, Done) for line in result.lines)
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record, _ in postponed]}

    return handler


def _received(record: dict[str, Any]) -> ReceivedMessage:
    attributes = record["attributes"]
    sent_at = datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC)
    return ReceivedMessage(record["body"], int(attributes["ApproximateReceiveCount"]), sent_at, record["messageId"])


bootstrap.import_boto3()
SERVICES = bootstrap.start()
handler = create_handler(replace(SERVICES, send=paced(SERVICES.send)))
