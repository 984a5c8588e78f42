"""The log and the metrics: every key and name there is. No body, secret, signature or header is among them."""

from collections.abc import Sequence

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from relay import response
from relay.entry import Accepted
from relay.pipeline import Greeted, Refused, Told
from relay.redelivery import Later, Settled, Verdict
from relay.relaying import Relayed, Repeated

logger = Logger()
metrics = Metrics()


def told(webhook: Told) -> None:
    """One line and the counts for a request."""
    match webhook:
        case Relayed():
            relayed(webhook)
        case Greeted():
            greeted(webhook)
        case Repeated():
            repeated(webhook)
        case Refused():
            refused(webhook)


def relayed(webhook: Relayed) -> None:
    """One line and the counts for a webhook that was taken."""
    route, counts = webhook.route, response.counts(webhook.fates)
    errors = sorted({fate.failed.code for fate in webhook.fates if not isinstance(fate, Accepted)})
    logger.info("relayed", extra={"route": route, "webhook_id": webhook.webhook_id, **counts, "error_codes": errors})
    metrics.add_dimension("route", route)
    metrics.add_metric("WebhooksRelayed", MetricUnit.Count, 1)
    metrics.add_metric("EntriesAccepted", MetricUnit.Count, counts["accepted"])
    metrics.add_metric("EntriesQueued", MetricUnit.Count, counts["queued"])
    metrics.add_metric("EntriesDeadLettered", MetricUnit.Count, counts["dead_lettered"])


def greeted(webhook: Greeted) -> None:
    """One line and the count for a handshake."""
    logger.info("handshake", extra={"route": webhook.route})
    metrics.add_dimension("route", webhook.route)
    metrics.add_metric("Handshakes", MetricUnit.Count, 1)


def repeated(webhook: Repeated) -> None:
    """One line and the count for a webhook that had been taken before."""
    logger.info("repeated", extra={"route": webhook.route, "webhook_id": webhook.webhook_id})
    metrics.add_dimension("route", webhook.route)
    metrics.add_metric("WebhooksRepeated", MetricUnit.Count, 1)


def refused(webhook: Refused) -> None:
    """One line and the count for a webhook that was not taken. `reason` is what the sender is not told."""
    route, rejection = webhook.route, webhook.rejection
    log = logger.error if rejection.status >= 500 else logger.warning
    log("rejected", extra={"route": route, "status": rejection.status, "reason": rejection.reason})
    metrics.add_dimension("route", route)
    metrics.add_dimension("status", str(rejection.status))
    metrics.add_metric("WebhooksRejected", MetricUnit.Count, 1)


def redelivered(verdicts: Sequence[Verdict]) -> None:
    """One line and the counts for a batch of the retry queue."""
    settled = [verdict for verdict in verdicts if isinstance(verdict, Settled)]
    later = [verdict for verdict in verdicts if isinstance(verdict, Later)]
    counts = {
        "accepted": sum(verdict.accepted for verdict in settled),
        "dead_lettered": sum(verdict.dead_lettered for verdict in settled),
        "postponed": len(later),
    }
    codes = sorted({verdict.code for verdict in later})
    logger.info("redelivered", extra={"messages": len(verdicts), **counts, "error_codes": codes})
    metrics.add_metric("EntriesRedelivered", MetricUnit.Count, counts["accepted"])
    metrics.add_metric("EntriesDeadLettered", MetricUnit.Count, counts["dead_lettered"])
    metrics.add_metric("MessagesPostponed", MetricUnit.Count, counts["postponed"])
