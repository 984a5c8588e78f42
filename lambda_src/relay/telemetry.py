"""The log and the metrics: every key and name there is. No body, secret, signature or header is among them.

Each metric is there for the whole service, and again by route (rejections by status too), so that an alarm watches one
number and a dashboard can say whose it is. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import os
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from traceback import extract_tb
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from relay.aws.api import AwsCall, AwsError, CallOptions, Service
from relay.delivery.deliver import Send
from relay.entry import Accepted, Entry, Outcome
from relay.pipeline import responses
from relay.pipeline.accept import HandshakeAnswered, RejectedRequest, RequestResult
from relay.pipeline.relaying import Duplicate, Relayed
from relay.pipeline.retry import Done, MessageResult, Postponed

logger = Logger()
metrics = Metrics()

MAX_TEXT = 256
"""Characters of a text in the log that a sender has chosen, or that quotes what AWS answered."""
MAX_FRAMES = 32
"""Of a trace; the innermost are kept."""


class Metric(StrEnum):
    """Every metric, in the namespace of the environment."""

    WEBHOOKS_RECEIVED = "WebhooksReceived"
    WEBHOOKS_RELAYED = "WebhooksRelayed"
    WEBHOOKS_REPEATED = "WebhooksRepeated"
    WEBHOOKS_REJECTED = "WebhooksRejected"
    WEBHOOKS_FAILED = "WebhooksFailed"
    HANDSHAKES = "Handshakes"
    ENTRIES_ACCEPTED = "EntriesAccepted"
    ENTRIES_QUEUED = "EntriesQueued"
    ENTRIES_DEAD_LETTERED = "EntriesDeadLettered"
    ENTRIES_REDELIVERED = "EntriesRedelivered"
    MESSAGES_POSTPONED = "MessagesPostponed"
    OLDEST_WAITING_SECONDS = "OldestWaitingSeconds"
    PUT_LATENCY = "PutLatency"
    SOURCES_PENDING = "SourcesPending"
    SOURCES_ACTIVE = "SourcesActive"
    SOURCES_DELETED = "SourcesDeleted"
    SOURCES_EXPIRING = "SourcesExpiring"
    SOURCES_VANISHED = "SourcesVanished"


def with_failure_log(call: AwsCall) -> AwsCall:
    """Return `call`, with one line for each call that fails: AWS's support finds a request by its id."""

    def calling(
        service: Service, region: str, operation: str, parameters: Mapping[str, Any], options: CallOptions
    ) -> dict[str, Any]:
        try:
            return call(service, region, operation, parameters, options)
        except AwsError as error:
            which = {"aws_service": service.name, "operation": operation, "aws_region": region}
            extra = {**which, "error_code": error.code, "aws_request_id": error.request_id}
            logger.warning("AWS call failed", extra=extra)
            raise

    return calling


def with_latency_metric(send: Send, clock: Callable[[], float] = time.monotonic) -> Send:
    """`send`, with the time that each request takes as a metric."""

    def put(entries: Sequence[Entry]) -> Sequence[Outcome]:
        begun = clock()
        outcomes = send(entries)
        metrics.add_metric(Metric.PUT_LATENCY, MetricUnit.Milliseconds, round((clock() - begun) * 1000, 1))
        return outcomes

    return put


def record_request(webhook: RequestResult) -> None:
    """One line and the counts for a request."""
    count(Metric.WEBHOOKS_RECEIVED, 1)
    _add_dimensions(route=webhook.route)
    match webhook:
        case Relayed():
            _record_relayed(webhook)
        case HandshakeAnswered():
            logger.info("handshake", extra={"route": webhook.route})
            count(Metric.HANDSHAKES, 1)
        case Duplicate():
            extra = {"route": webhook.route, "webhook_id": webhook.webhook_id[:MAX_TEXT]}
            logger.info("repeated", extra=extra)
            count(Metric.WEBHOOKS_REPEATED, 1)
        case RejectedRequest():
            _record_rejected(webhook)


def record_crash(error: Exception) -> None:
    """Log where `error` was raised. Its message is left out: it may quote what was posted."""
    frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
    trace = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    logger.error("crashed", extra={"error": type(error).__name__, "trace": trace})


def record_batch(verdicts: Sequence[MessageResult], oldest_seconds: float | None) -> None:
    """One line and the counts for a batch of the retry queue, with the age of the oldest that stays, if any does.

    SQS has no such age: its ApproximateAgeOfOldestMessage leaves out what has been received three times.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """
    settled = [verdict for verdict in verdicts if isinstance(verdict, Done)]
    later = [verdict for verdict in verdicts if isinstance(verdict, Postponed)]
    counts = {
        "accepted": sum(verdict.accepted for verdict in settled),
        "dead_lettered": sum(verdict.dead_lettered for verdict in settled),
        "postponed": len(later),
    }
    codes = sorted({verdict.code for verdict in later})
    logger.info("redelivered", extra={"messages": len(verdicts), **counts, "error_codes": codes})
    _count_nonzero(Metric.ENTRIES_REDELIVERED, counts["accepted"])
    _count_nonzero(Metric.ENTRIES_DEAD_LETTERED, counts["dead_lettered"])
    _count_nonzero(Metric.MESSAGES_POSTPONED, counts["postponed"])
    if oldest_seconds is not None:
        metrics.add_metric(Metric.OLDEST_WAITING_SECONDS, MetricUnit.Seconds, round(oldest_seconds))


def record_unexpected_error(error: Exception) -> None:
    """One line for what has postponed a message and should not have: where in the code, and nothing of the payload."""
    where = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in extract_tb(error.__traceback__)]
    logger.error("unforeseen", extra={"error": type(error).__name__, "where": where})


def record_source_states(states: Sequence[str], expiring: Sequence[str], vanished: Sequence[str]) -> None:
    """One line and the counts for the partner event sources: their states, those that expire, those that are gone."""
    found = Counter(states)
    names = {"expiring": sorted(expiring), "vanished": sorted(vanished)}
    logger.info("sources", extra={"states": dict(found), **names})
    count(Metric.SOURCES_PENDING, found["PENDING"])
    count(Metric.SOURCES_ACTIVE, found["ACTIVE"])
    count(Metric.SOURCES_DELETED, found["DELETED"])
    count(Metric.SOURCES_EXPIRING, len(expiring))
    count(Metric.SOURCES_VANISHED, len(vanished))


def record_lost_memory(why: str) -> None:
    """One line for a look whose predecessor's memory cannot be read: what vanished since then is not known."""
    logger.error("forgot", extra={"reason": why[:MAX_TEXT]})


def count(metric: Metric, number: int) -> None:
    """Add to a count."""
    metrics.add_metric(metric, MetricUnit.Count, number)


def _count_nonzero(metric: Metric, number: int) -> None:
    """Add to a sum, unless that changes nothing: every line costs time to write and money to keep."""
    if number:
        count(metric, number)


def _add_dimensions(**dimensions: str) -> None:
    """Each metric of this request is there once more, by these dimensions."""
    metrics.add_dimensions(service=metrics.service or "", **dimensions)


def _record_relayed(webhook: Relayed) -> None:
    counts = responses.counts(webhook.fates)
    errors = sorted({fate.failed.code for fate in webhook.fates if not isinstance(fate, Accepted)})
    webhook_id = webhook.webhook_id[:MAX_TEXT]
    extra = {"route": webhook.route, "webhook_id": webhook_id, **counts, "error_codes": errors}
    logger.info("relayed", extra=extra)
    count(Metric.WEBHOOKS_RELAYED, 1)
    _count_nonzero(Metric.ENTRIES_ACCEPTED, counts["accepted"])
    _count_nonzero(Metric.ENTRIES_QUEUED, counts["queued"])
    _count_nonzero(Metric.ENTRIES_DEAD_LETTERED, counts["dead_lettered"])


def _record_rejected(webhook: RejectedRequest) -> None:
    """`reason` is what the sender is not told."""
    rejection = webhook.rejection
    log = logger.error if rejection.status >= HTTPStatus.INTERNAL_SERVER_ERROR else logger.warning
    reason = rejection.reason[:MAX_TEXT]
    log("rejected", extra={"route": webhook.route, "status": rejection.status, "reason": reason})
    status = str(int(rejection.status))
    _add_dimensions(status=status)
    _add_dimensions(route=webhook.route, status=status)
    count(Metric.WEBHOOKS_REJECTED, 1)
    if rejection.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # By version, so that a canary is judged by its own failures.
        if version := os.environ.get("AWS_LAMBDA_FUNCTION_VERSION"):
            _add_dimensions(version=version)
        count(Metric.WEBHOOKS_FAILED, 1)
