"""The log lines and metrics of what looks after destinations: control API, reconciler and releaser."""

from collections import Counter
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from relay.control.grant import Grant
from relay.destinations.model import Destination, SourceStatus
from relay.pipeline.reconcile import Report
from relay.pipeline.release import Released
from relay.telemetry import MAX_TEXT, Metric, count, logger, metrics

_AUDITED = ("aws_account_id", "aws_region", "source", "status", "status_reason", "detail_types", "version", "deleting")
_STATUS_METRICS = {
    SourceStatus.ACTIVE: Metric.DESTINATIONS_ACTIVE,
    SourceStatus.PENDING: Metric.DESTINATIONS_PENDING,
    SourceStatus.MISSING: Metric.DESTINATIONS_MISSING,
    SourceStatus.UNKNOWN: Metric.DESTINATIONS_UNKNOWN,
}
_MOST_NAMES = 20
"""How many failures, or names of sources, a log line has."""


def record_control(operation: str, actor: str, before: Destination | None, after: Destination | None) -> None:
    """Write the audit line of one change: who did what, and the configuration before and after."""
    destination = after or before
    label = destination.label if destination else ""
    _audit(operation, actor, {"destination": label, "before": _audited(before), "after": _audited(after)})


def record_access(operation: str, actor: str, grant: Grant) -> None:
    """Write the audit line of a link to the customer's page, or of a session: who got it, and what it grants."""
    _audit(operation, actor, {"customer": grant.customer, "scope": grant.scope.value, "actor": grant.actor})


def record_revocation(actor: str, customer: str) -> None:
    """Write the audit line of the end of all links and sessions of a customer's page."""
    _audit("Access Revoked", actor, {"customer": customer})


def record_control_request(status: int) -> None:
    """Count a request to the control API or to the customer's page, and its failure if it is ours."""
    count(Metric.CONTROL_REQUESTS, 1)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        count(Metric.CONTROL_FAILURES, 1)


def record_reconciliation(reports: Mapping[str, Report]) -> None:
    """Write one log line and the metrics for one run of the reconciler, whose reports are given by Region."""
    states = Counter[str]()
    for report in reports.values():
        states.update(report.states)
    failed = [failure[:MAX_TEXT] for report in reports.values() for failure in report.failed]
    numbers = {
        name: sum(getattr(report, name) for report in reports.values())
        for name in (
            "looks",
            "throttled",
            "sources_created",
            "destinations_deleted",
            "releases",
            "expired_webhooks",
            "expiring_webhooks",
        )
    }
    extra = {**numbers, "states": dict(states), "failures": len(failed), "failed": failed[:_MOST_NAMES]}
    logger.info("reconciled", extra=extra)
    count(Metric.RECONCILER_RUNS, 1)
    count(Metric.RECONCILER_FAILURES, len(failed))
    count(Metric.WEBHOOKS_EXPIRED, numbers["expired_webhooks"])
    count(Metric.WEBHOOKS_EXPIRING, numbers["expiring_webhooks"])
    for status, metric in _STATUS_METRICS.items():
        count(metric, states[status.value])
    for metric, name in (
        (Metric.OLDEST_LOOK_SECONDS, "oldest_look_seconds"),
        (Metric.RELEASE_STUCK_SECONDS, "stuck_seconds"),
        (Metric.POSSIBLY_DROPPED_SECONDS, "dropped_seconds"),
    ):
        seconds = max((getattr(report, name) for report in reports.values()), default=0)
        metrics.add_metric(metric, MetricUnit.Seconds, round(seconds))


def record_orphans(names: Sequence[str]) -> None:
    """Write one log line and the metric for the sources that belong to no destination."""
    logger.info("orphans", extra={"orphans": len(names), "sources": list(names[:_MOST_NAMES])})
    count(Metric.SOURCES_ORPHANED, len(names))


def record_sweep(labels: Sequence[str]) -> None:
    """Write one log line for the destinations for which entries were held without a reason."""
    logger.info("swept", extra={"releases": len(labels), "destinations": list(labels[:_MOST_NAMES])})


def record_releaser_run() -> None:
    """Count a run of the releaser, whatever comes of it."""
    count(Metric.RELEASER_RUNS, 1)


def record_release(label: str, released: Released) -> None:
    """Write one log line and the metrics for one run of the releaser."""
    places: dict[str, Any] = {
        "accepted": released.accepted,
        "queued": released.queued,
        "dead_lettered": released.dead_lettered,
        "refused": released.refused,
        "recovered": released.recovered,
    }
    logger.info("released", extra={"destination": label, **places, "is_cut_off": released.is_cut_off})
    count(Metric.ENTRIES_RELEASED, released.accepted)
    if released.dead_lettered:
        count(Metric.ENTRIES_DEAD_LETTERED, released.dead_lettered)


def _audit(operation: str, actor: str, more: Mapping[str, Any]) -> None:
    logger.info("control", extra={"operation": operation, "caller": actor[:MAX_TEXT], **more})


def _audited(destination: Destination | None) -> dict[str, Any] | None:
    return {name: getattr(destination, name) for name in _AUDITED} if destination else None
