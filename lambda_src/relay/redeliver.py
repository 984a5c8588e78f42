"""The Lambda handler behind the retry queue: connects the redelivery to AWS, the log and the metrics."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from relay import config, telemetry
from relay.aws import eventbridge, s3, snapstart, sqs
from relay.aws.transport import choose_transport
from relay.delivery import deliver
from relay.mapping.claim_check import ClaimCheckStore
from relay.pipeline import retry
from relay.pipeline.retry import Ports, Postponed, ReceivedMessage

CONFIG = config.load(config.path())
TRANSPORT = choose_transport(CONFIG.regions, always_boto3=CONFIG.transport == config.BOTO3)
CALL = telemetry.with_failure_log(TRANSPORT.call)
snapstart.reseed_after_restore()
PORTS = Ports(
    send=telemetry.with_latency_metric(partial(eventbridge.put_entries, CALL)),
    store=sqs.store_messages,
    follow=sqs.load_message_text,
    keep_unreadable=sqs.store_unreadable,
    counter=ClaimCheckStore(s3.store_detail, s3.presign, CONFIG.claim_check_ttl),
    jitter=deliver.JITTER,
    report=telemetry.record_unexpected_error,
)


@telemetry.logger.inject_lambda_context
@telemetry.metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return which messages of the batch stay in the queue: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html."""
    records = event["Records"]
    now, budget = datetime.now(UTC), deliver.budget(0, context.get_remaining_time_in_millis() / 1000)
    received = [_received(record) for record in records]
    verdicts = retry.redeliver(received, CONFIG, PORTS, now, budget)
    later = {
        record["messageId"]: (record["receiptHandle"], verdict)
        for record, verdict in zip(records, verdicts, strict=True)
        if isinstance(verdict, Postponed)
    }
    sqs.postpone_messages({handle: verdict.seconds for handle, verdict in later.values()})
    telemetry.record_batch(verdicts, retry.oldest_waiting_seconds(received, verdicts, now))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in later]}


def _received(record: dict[str, Any]) -> ReceivedMessage:
    attributes = record["attributes"]
    sent_at = datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC)
    return ReceivedMessage(record["body"], int(attributes["ApproximateReceiveCount"]), sent_at)
