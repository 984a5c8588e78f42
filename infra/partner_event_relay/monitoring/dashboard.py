"""The dashboard: from the top, whether anything is wrong, and then where."""

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from partner_event_relay.front import Front
from partner_event_relay.monitoring.metrics import HOUR, MINUTE, RelayMetrics
from partner_event_relay.queues import Queues

# A graph can have 500 metrics, but nobody can read fifty lines.
MAX_LINES = 50


def add_dashboard(
    scope: Construct,
    *,
    metrics: RelayMetrics,
    alarms: Sequence[cloudwatch.IAlarm],
    front: Front,
    functions: Mapping[str, lambda_.IFunction],
    queues: Queues,
    routes: Sequence[str],
) -> cloudwatch.Dashboard:
    """Add the dashboard to the scope and return it."""
    dashboard = cloudwatch.Dashboard(scope, "Dashboard", default_interval=cdk.Duration.hours(3))
    dashboard.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms), width=24, height=6))
    statuses = (400, 401, 404, 413, 503)
    dashboard.add_widgets(
        _graph("Webhooks received", *_received_by_route(metrics, routes)),
        _graph("Entries delivered", metrics.metric("EntriesAccepted"), metrics.metric("EntriesRedelivered")),
        _graph(
            "Webhooks rejected, by status",
            *(metrics.metric("WebhooksRejected", status=str(status)) for status in statuses),
        ),
    )
    dead_letters = queues.dead_letters.metric_approximate_number_of_messages_visible(period=MINUTE, statistic="Maximum")
    dashboard.add_widgets(
        _graph(
            "Retry queue",
            # A message that was postponed is not visible until its time comes.
            queues.retry.metric_approximate_number_of_messages_visible(period=MINUTE, statistic="Maximum"),
            queues.retry.metric_approximate_number_of_messages_not_visible(period=MINUTE, statistic="Maximum"),
            right=[metrics.metric("OldestWaitingSeconds", statistic="Maximum")],
        ),
        _graph(
            "Dead-letter queue and undelivered entries",
            dead_letters,
            metrics.metric("EntriesQueued"),
            metrics.metric("EntriesDeadLettered"),
        ),
        _graph(
            "Latency (ms)", front.latency("p50"), front.latency("p99"), metrics.metric("PutLatency", statistic="p99")
        ),
    )
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    quiet_age = queues.delivery.metric(
        "ApproximateAgeOfOldestMessageInQuietGroups", period=MINUTE, statistic="Maximum", label="age, others"
    )
    dashboard.add_widgets(
        _graph(
            "Delivery queue",
            queues.delivery.metric_approximate_number_of_messages_visible(period=MINUTE, statistic="Maximum"),
            metrics.metric("EntriesQueuedForDelivery"),
            right=[queues.delivery.metric_approximate_age_of_oldest_message(period=MINUTE), quiet_age],
        ),
        _graph(
            "Customers with more than their share of a queue",
            *(
                queue.metric(
                    "ApproximateNumberOfNoisyGroups", period=MINUTE, statistic="Maximum", label=f"{name} queue"
                )
                for name, queue in (("delivery", queues.delivery), ("retry", queues.retry))
            ),
        ),
    )
    dashboard.add_widgets(
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
        _graph(
            "EventBridge API",
            *(
                cloudwatch.Metric(namespace="AWS/Events", metric_name=f"PutPartnerEvents{name}", statistic="Sum")
                for name in ("EntriesCount", "FailedEntriesCount", "ApproximateThrottledCount")
            ),
        ),
        _graph("Function errors", *(function.metric_errors() for function in functions.values())),
        _graph(
            "Partner event sources, by state",
            *(
                metrics.metric(f"Sources{state}", period=HOUR, statistic="Maximum")
                for state in ("Active", "Pending", "Deleted", "Expiring", "Vanished")
            ),
        ),
    )

    return dashboard


def add_destination_widgets(dashboard: cloudwatch.Dashboard, metrics: RelayMetrics) -> None:
    """Add what tells of customers' destinations."""
    dashboard.add_widgets(
        _graph(
            "Destinations, by state of their sources",
            *(
                metrics.metric(f"Destinations{state}", statistic="Maximum")
                for state in ("Active", "Pending", "Missing", "Unknown")
            ),
        ),
        _graph(
            "Entries held and released",
            *(metrics.metric(f"Entries{what}") for what in ("Held", "Released", "HoldFailed", "Unsubscribed")),
        ),
        _graph(
            "Looks at sources (seconds)",
            metrics.metric("OldestLookSeconds", statistic="Maximum"),
            metrics.metric("ReleaseStuckSeconds", statistic="Maximum"),
            metrics.metric("PossiblyDroppedSeconds", statistic="Maximum"),
        ),
    )


def _received_by_route(metrics: RelayMetrics, routes: Sequence[str]) -> list[cloudwatch.IMetric]:
    if len(routes) <= MAX_LINES:
        return [metrics.metric("WebhooksReceived", route=route) for route in routes]
    return [metrics.search_by_route("WebhooksReceived")]


def _graph(title: str, *left: cloudwatch.IMetric, right: Sequence[cloudwatch.IMetric] = ()) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(left), right=list(right), width=8)
