"""The log and the metrics: every key and every name. No body, secret, signature or header is among them.

Each metric is emitted for the whole service, and again by route (rejections by status too), so that an alarm watches
one number and a dashboard shows whose it is.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import os
import sys
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from logging import INFO
from traceback import extract_tb
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from relay.aws.api import AwsCall, AwsError, CallOptions, Service
from relay.delivery.error_codes import CIRCUIT_OPEN, HOLD_FAILED, QUEUED
from relay.delivery.undelivered import Queued
from relay.entry import Accepted
from relay.pipeline import responses
from relay.pipeline.results import (
    Done,
    Duplicate,
    EntryLine,
    HandshakeAnswered,
    MessageResult,
    Postponed,
    RejectedRequest,
    Relayed,
    RequestResult,
)

logger = Logger()
metrics = Metrics()
_compact = json.JSONEncoder(separators=(",", ":")).encode

MAX_TEXT = 256
"""Characters of a text in the log that a sender chose, or that quotes a response of AWS."""
MAX_FRAMES = 32
"""Frames of a trace in the log: the innermost."""


class Metric(StrEnum):
    """Every metric, in the namespace that the environment names."""

    WEBHOOKS_RECEIVED = "WebhooksReceived"
    WEBHOOKS_RELAYED = "WebhooksRelayed"
    WEBHOOKS_DEDUPLICATED = "WebhooksDeduplicated"
    WEBHOOKS_REJECTED = "WebhooksRejected"
    WEBHOOKS_FAILED = "WebhooksFailed"
    HANDSHAKES = "Handshakes"
    ENTRIES_ACCEPTED = "EntriesAccepted"
    ENTRIES_QUEUED = "EntriesQueued"
    ENTRIES_QUEUED_FOR_DELIVERY = "EntriesQueuedForDelivery"
    ENTRIES_FAILED_OVER = "EntriesFailedOver"
    ENTRIES_DEAD_LETTERED = "EntriesDeadLettered"
    ENTRIES_REDELIVERED = "EntriesRedelivered"
    ENTRIES_HELD = "EntriesHeld"
    ENTRIES_UNSUBSCRIBED = "EntriesUnsubscribed"
    ENTRIES_WITHOUT_CUSTOMER = "EntriesWithoutCustomer"
    ENTRIES_DISABLED = "EntriesDisabled"
    ENTRIES_DISCARDED = "EntriesDiscarded"
    ENTRIES_HOLD_FAILED = "EntriesHoldFailed"
    MESSAGES_POSTPONED = "MessagesPostponed"
    OLDEST_WAITING_SECONDS = "OldestWaitingSeconds"
    ARCHIVE_FAILED = "ArchiveFailed"
    PUT_LATENCY = "PutLatency"
    SOURCES_PENDING = "SourcesPending"
    SOURCES_ACTIVE = "SourcesActive"
    SOURCES_DELETED = "SourcesDeleted"
    SOURCES_EXPIRING = "SourcesExpiring"
    SOURCES_VANISHED = "SourcesVanished"
    RELEASER_RUNS = "ReleaserRuns"
    ENTRIES_RELEASED = "EntriesReleased"
    WEBHOOKS_EXPIRED = "WebhooksExpired"
    WEBHOOKS_EXPIRING = "WebhooksExpiring"
    DESTINATIONS_ACTIVE = "DestinationsActive"
    DESTINATIONS_PENDING = "DestinationsPending"
    DESTINATIONS_MISSING = "DestinationsMissing"
    DESTINATIONS_UNKNOWN = "DestinationsUnknown"
    OLDEST_LOOK_SECONDS = "OldestLookSeconds"
    RELEASE_STUCK_SECONDS = "ReleaseStuckSeconds"
    POSSIBLY_DROPPED_SECONDS = "PossiblyDroppedSeconds"
    RECONCILER_RUNS = "ReconcilerRuns"
    RECONCILER_FAILURES = "ReconcilerFailures"
    SOURCES_ORPHANED = "SourcesOrphaned"
    CONTROL_REQUESTS = "ControlRequests"
    CONTROL_FAILURES = "ControlFailures"


def with_failure_log(call: AwsCall) -> AwsCall:
    """Return `call` with a log line for each call that fails: AWS Support finds a request by its id."""

    def logged_call(
        service: Service, region: str, operation: str, parameters: Mapping[str, Any], options: CallOptions
    ) -> dict[str, Any]:
        try:
            return call(service, region, operation, parameters, options)
        except AwsError as error:
            record_failed_call(service, region, operation, error)
            raise

    return logged_call


def record_failed_call(service: Service, region: str, operation: str, error: AwsError) -> None:
    """Write one log line for a call that failed."""
    which = {"aws_service": service.name, "operation": operation, "aws_region": region}
    extra = {**which, "error_code": error.code, "aws_request_id": error.request_id}
    logger.warning("AWS call failed", extra=extra)


def record_start() -> None:
    """Log that a function has started, and its processor time until then: Lambda's own line of it is not written."""
    logger.info("started", extra={"init_ms": round(time.process_time() * 1000)})


def record_request(result: RequestResult, entries: Iterable[EntryLine] = ()) -> None:
    """Write the log line and the metrics of a request.

    `entries` are the lines of the delivery log for a webhook that was relayed. They say all that the line `relayed`
    says, so it is written only where there are none: what is logged of each webhook is most of what the log costs.
    """
    if isinstance(result, Relayed):
        _record_relayed(result, entries)
        return
    count(Metric.WEBHOOKS_RECEIVED, 1)
    _add_dimensions(route=result.route)
    match result:
        case HandshakeAnswered():
            logger.info("handshake", extra={"route": result.route})
            count(Metric.HANDSHAKES, 1)
        case Duplicate():
            extra = {"route": result.route, "webhook_id": result.webhook_id[:MAX_TEXT]}
            logger.info("duplicate", extra=extra)
            count(Metric.WEBHOOKS_DEDUPLICATED, 1)
        case RejectedRequest():
            _record_rejected(result)


def record_entries(lines: Iterable[EntryLine]) -> bool:
    """Write the lines of the delivery log. Return whether there were any."""
    return _write("entry", lines)


def _write(message: str, lines: Iterable[Mapping[str, Any]]) -> bool:
    """Write the lines of a webhook, all at once, since there may be thousands. Return whether there were any.

    They are written beside Powertools' logger, which takes seven times as long for each line, and makes it longer.
    """
    if logger.log_level > INFO:
        return False
    timestamp = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
    shared = {"message": message, "timestamp": timestamp, "service": metrics.service or ""}
    if correlation_id := logger.get_correlation_id():
        shared["correlation_id"] = correlation_id
    texts = [_compact({**shared, **line}) for line in lines]
    if texts:
        sys.stdout.write("\n".join(texts) + "\n")
        sys.stdout.flush()
    return bool(texts)


def record_crash(error: Exception) -> None:
    """Log where `error` was raised, without its message, which may quote a body."""
    frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
    trace = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    logger.error("crashed", extra={"error": type(error).__name__, "trace": trace})


def record_batch(results: Sequence[MessageResult], oldest_seconds: float | None) -> None:
    """Write one log line and the metrics for a batch of the retry queue, with the age of the oldest that stays.

    SQS has no such metric: its ApproximateAgeOfOldestMessage ignores messages that were received three times.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """
    done = [result for result in results if isinstance(result, Done)]
    postponed = [result for result in results if isinstance(result, Postponed)]
    counts = {
        "accepted": sum(result.accepted for result in done),
        "dead_lettered": sum(result.dead_lettered for result in done),
        "postponed": len(postponed),
    }
    places = {
        name: number
        for name in ("queued", "held", "unsubscribed", "without_customer", "disabled", "discarded")
        if (number := sum(getattr(result, name) for result in done))
    }
    codes = sorted({result.code for result in postponed})
    logger.info("redelivered", extra={"messages": len(results), **counts, **places, "error_codes": codes})
    _count_nonzero(Metric.ENTRIES_REDELIVERED, counts["accepted"])
    _count_nonzero(Metric.ENTRIES_QUEUED, places.get("queued", 0))
    _count_nonzero(Metric.ENTRIES_DEAD_LETTERED, counts["dead_lettered"])
    _count_nonzero(Metric.MESSAGES_POSTPONED, counts["postponed"])
    _count_places(places)
    _count_nonzero(Metric.ENTRIES_HOLD_FAILED, sum(result.code == HOLD_FAILED for result in postponed))
    if oldest_seconds is not None:
        metrics.add_metric(Metric.OLDEST_WAITING_SECONDS, MetricUnit.Seconds, round(oldest_seconds))


def record_unexpected_error(error: Exception) -> None:
    """Log where an unexpected error postponed a message, and nothing of the payload."""
    where = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in extract_tb(error.__traceback__)]
    logger.error("unexpected", extra={"error": type(error).__name__, "where": where})


def record_damage(key: str, why: str) -> None:
    """Log that something in the archive cannot be read."""
    logger.error("archive damaged", extra={"key": key[:MAX_TEXT], "reason": why[:MAX_TEXT]})
    count(Metric.ARCHIVE_FAILED, 1)


def count(metric: Metric, number: int) -> None:
    """Add `number` to a metric."""
    metrics.add_metric(metric, MetricUnit.Count, number)


def _count_nonzero(metric: Metric, number: int) -> None:
    """Add `number` to a metric, unless it is 0: every line costs time to write and money to store."""
    if number:
        count(metric, number)


def _add_dimensions(**dimensions: str) -> None:
    """Also emit the metrics of this request with these dimensions."""
    metrics.add_dimensions(service=metrics.service or "", **dimensions)


def _record_relayed(result: Relayed, entries: Iterable[EntryLine]) -> None:
    """Log a webhook, and count what became of it.

    Metric filters count what every webhook has by its lines (infra/partner_event_relay/monitoring/line_metrics.py),
    unless the function's log level leaves the lines out: then it is counted here.
    """
    counts = responses.counts(result.results)
    codes = [entry.failed.code for entry in result.results if isinstance(entry, Queued)]
    failures = [code for code in codes if code != QUEUED]
    for_delivery = len(codes) - len(failures)
    webhook_id = result.webhook_id[:MAX_TEXT]
    line = {"route": result.route, "webhook_id": webhook_id, **counts, "error_codes": sorted(set(failures))}
    put = {"put_ms": result.put_ms} if counts["accepted"] or {*failures} - {CIRCUIT_OPEN} else {}
    if not record_entries(entries) and not _write("relayed", [{**line, **put}]):
        count(Metric.WEBHOOKS_RECEIVED, 1)
        count(Metric.WEBHOOKS_RELAYED, 1)
        _count_nonzero(Metric.ENTRIES_ACCEPTED, counts["accepted"])
        for milliseconds in put.values():
            metrics.add_metric(Metric.PUT_LATENCY, MetricUnit.Milliseconds, milliseconds)
    _count_nonzero(Metric.ENTRIES_QUEUED, counts["queued"] - for_delivery)
    _count_nonzero(Metric.ENTRIES_QUEUED_FOR_DELIVERY, for_delivery)
    _count_nonzero(
        Metric.ENTRIES_FAILED_OVER, sum(isinstance(each, Accepted) and each.region != "" for each in result.results)
    )
    _count_nonzero(Metric.ENTRIES_DEAD_LETTERED, counts["dead_lettered"])
    _count_places(counts)
    _count_nonzero(Metric.ENTRIES_HOLD_FAILED, failures.count(HOLD_FAILED))
    if result.archive_error:
        extra = {"route": result.route, "webhook_id": webhook_id, "reason": result.archive_error[:MAX_TEXT]}
        logger.error("not archived", extra=extra)
        count(Metric.ARCHIVE_FAILED, 1)
    if metrics.metric_set:
        _add_dimensions(route=result.route)


def emit_metrics() -> None:
    """Write the metrics of an invocation, if it has any: Powertools' own decorator warns where there are none."""
    if metrics.metric_set:
        metrics.flush_metrics()


def _count_places(counts: Mapping[str, int]) -> None:
    """Count the entries of customers that are neither in EventBridge nor in a queue."""
    for place, metric in _PLACES.items():
        _count_nonzero(metric, counts.get(place, 0))


_PLACES = {
    "held": Metric.ENTRIES_HELD,
    "unsubscribed": Metric.ENTRIES_UNSUBSCRIBED,
    "without_customer": Metric.ENTRIES_WITHOUT_CUSTOMER,
    "disabled": Metric.ENTRIES_DISABLED,
    "discarded": Metric.ENTRIES_DISCARDED,
}


def _record_rejected(result: RejectedRequest) -> None:
    """Log a rejection with its reason, which the response leaves out."""
    rejection = result.rejection
    log = logger.error if rejection.status >= HTTPStatus.INTERNAL_SERVER_ERROR else logger.warning
    reason = rejection.reason[:MAX_TEXT]
    log("rejected", extra={"route": result.route, "status": rejection.status, "reason": reason})
    status = str(int(rejection.status))
    _add_dimensions(status=status)
    _add_dimensions(route=result.route, status=status)
    count(Metric.WEBHOOKS_REJECTED, 1)
    if rejection.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # By version, so that a canary deployment is judged by its own failures.
        if version := os.environ.get("AWS_LAMBDA_FUNCTION_VERSION"):
            _add_dimensions(version=version)
        count(Metric.WEBHOOKS_FAILED, 1)
