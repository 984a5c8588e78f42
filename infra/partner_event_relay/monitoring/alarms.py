"""The alarms, as a table: what each one watches, from which value on, and where the runbook continues."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_

from partner_event_relay.front import Front
from partner_event_relay.monitoring.metrics import HOUR, MINUTE, RelayMetrics
from partner_event_relay.queues import Queues

# Senders give up after 3 to 10 seconds: Slack after 3, Shopify after 5, GitHub after 10 (https://docs.github.com/en/webhooks).
SLOW_MILLISECONDS = 4000
LONG_WAIT_SECONDS = 15 * 60
# With nothing in its way, an entry is there for a second.
SLOW_DELIVERY_SECONDS = 60
REJECTED_IN_FIVE_MINUTES = 50
BLOCKED_IN_FIVE_MINUTES = 50


@dataclass(frozen=True)
class AlarmDefinition:
    """An alarm at `threshold` or more, in `datapoints` of the last `periods` (0: in each of them).

    With `is_silence` it is an alarm below `threshold`, and where there is no data; elsewhere missing data is not a
    breach, because most metrics have data only when something happens. `section` is the heading in the runbook, if it
    is not the alarm's own name.
    """

    name: str
    metric: cloudwatch.IMetric
    threshold: float
    description: str
    periods: int = 1
    datapoints: int = 0
    section: str = ""
    is_silence: bool = False


def relay_alarms(
    metrics: RelayMetrics, front: Front, queues: Queues, functions: Mapping[str, lambda_.IFunction]
) -> Iterator[AlarmDefinition]:
    """Yield the alarms of the whole relay, the most urgent first: the dashboard has them in this order."""
    dead_letters = queues.dead_letters.metric_approximate_number_of_messages_visible(period=MINUTE, statistic="Maximum")
    yield AlarmDefinition("DeadLetters", dead_letters, 1, "entries could not be delivered and need attention")
    # SQS reports a queue that was idle up to fifteen minutes late; the functions report at once.
    yield AlarmDefinition(
        "DeadLettered",
        metrics.metric("EntriesDeadLettered", period=MINUTE),
        1,
        "entries were dead-lettered in the last minute",
        section="DeadLetters",
    )
    # Each message of the retry queue is received every 4 minutes at the latest, and its age is reported then. SQS's
    # own age leaves out messages that were received three times: after half a minute, everything that is postponed.
    yield AlarmDefinition(
        "Waiting",
        metrics.metric("OldestWaitingSeconds", statistic="Maximum"),
        LONG_WAIT_SECONDS,
        "an entry has been in the retry queue for 15 minutes",
        periods=4,
        datapoints=1,
    )
    # What fails leaves this queue at once, so that SQS's own age is right here.
    yield AlarmDefinition(
        "DeliveryDelayed",
        queues.delivery.metric_approximate_age_of_oldest_message(period=MINUTE),
        SLOW_DELIVERY_SECONDS,
        'an entry of a route with delivery = "queued" has waited for a minute to be delivered',
        periods=3,
    )
    yield AlarmDefinition("ServerErrors", front.server_errors(), 1, "senders received 5xx responses")
    yield AlarmDefinition(
        "Slow",
        front.latency("p99"),
        SLOW_MILLISECONDS,
        "responses are so slow that senders may time out",
        periods=2,
    )
    yield AlarmDefinition(
        "Rejected",
        metrics.metric("WebhooksRejected", status="401"),
        REJECTED_IN_FIVE_MINUTES,
        "many webhooks failed authentication: an attack, or a secret that was rotated on one side only",
    )
    for name, function in functions.items():
        errors, throttles = function.metric_errors(period=MINUTE), function.metric_throttles(period=MINUTE)
        yield AlarmDefinition(f"{name}Errors", errors, 1, f"the {name} function failed")
        yield AlarmDefinition(f"{name}Throttles", throttles, 1, f"the {name} function was throttled")
    if blocked := front.blocked_requests():
        yield AlarmDefinition(
            "Blocked",
            blocked,
            BLOCKED_IN_FIVE_MINUTES,
            "AWS WAF blocked many requests: an attack, or a sender that matches a rule",
        )
    yield from _source_alarms(metrics)


def destination_alarms(metrics: RelayMetrics) -> Iterator[AlarmDefinition]:
    """Yield the alarms of what looks after customers' destinations: what an operator can mend."""
    yield AlarmDefinition(
        "HoldFailed",
        metrics.metric("EntriesHoldFailed", period=MINUTE),
        1,
        "entries could not be held for their customers, and wait in the retry queue",
    )
    yield AlarmDefinition(
        "ReleaseStuck",
        metrics.metric("ReleaseStuckSeconds", statistic="Maximum"),
        LONG_WAIT_SECONDS,
        "what is held for a customer who can receive it has not been released for 15 minutes",
    )
    yield AlarmDefinition(
        "ReconcilerSilent",
        metrics.metric("ReconcilerRuns"),
        1,
        "the reconciler has not run for five minutes: nobody sees whether customers can receive",
        is_silence=True,
    )
    yield AlarmDefinition(
        "ReconcilerFailures",
        metrics.metric("ReconcilerFailures"),
        1,
        "the reconciler cannot look after a destination",
        periods=3,
    )
    yield AlarmDefinition(
        "HeldExpiring",
        metrics.metric("WebhooksExpiring", statistic="Maximum"),
        1,
        "webhooks that are held for a customer are deleted within a day",
    )
    # Listed every ten minutes.
    yield AlarmDefinition(
        "SourcesOrphaned",
        metrics.metric("SourcesOrphaned", period=HOUR, statistic="Maximum"),
        1,
        "a partner event source belongs to no destination",
    )
    yield AlarmDefinition(
        "ControlFailures", metrics.metric("ControlFailures"), 1, "the control API or the customers' page answered 5xx"
    )


def failover_alarms(metrics: RelayMetrics) -> Iterator[AlarmDefinition]:
    """Yield the alarm of routes with a failover Region: nothing else tells that it is used."""
    yield AlarmDefinition(
        "FailedOver",
        metrics.metric("EntriesFailedOver", period=MINUTE),
        1,
        "EventBridge in a Region did not take entries, and they went to the failover Region",
    )


def archive_alarms(metrics: RelayMetrics, freshness: cloudwatch.IMetric) -> Iterator[AlarmDefinition]:
    """Yield the alarms of the archive. `freshness` is the age of what Firehose has not written yet, in seconds."""
    yield AlarmDefinition(
        "ArchiveFailed",
        metrics.metric("ArchiveFailed", period=MINUTE),
        1,
        "a webhook was delivered and is not in the archive",
    )
    yield AlarmDefinition(
        "ArchiveStuck", freshness, LONG_WAIT_SECONDS, "Firehose has not written webhooks to the bucket for 15 minutes"
    )


def _source_alarms(metrics: RelayMetrics) -> Iterator[AlarmDefinition]:
    for state, description in (
        ("Pending", "EventBridge drops events of a customer: no event bus is attached to the partner event source"),
        ("Deleted", "EventBridge rejects events of a customer: the partner event source was deleted"),
        ("Expiring", "a partner event source expires within three days: no event bus is attached to it"),
        ("Vanished", "a partner event source is gone and its events are rejected: it expired or was deleted"),
    ):
        metric = metrics.metric(f"Sources{state}", period=HOUR, statistic="Maximum")
        # One of the last two hours, because the hourly check may come a second late.
        yield AlarmDefinition(f"Sources{state}", metric, 1, description, periods=2, datapoints=1)
