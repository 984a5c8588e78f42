"""A dashboard for three in the morning."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_

from infra.api import Api
from infra.function import NAMESPACE
from infra.queues import Queues
from infra.rest_api import RestApi

if TYPE_CHECKING:
    from infra.monitoring import Monitoring

MINUTE, FIVE_MINUTES, HOUR = cdk.Duration.minutes(1), cdk.Duration.minutes(5), cdk.Duration.hours(1)
# A graph takes 500 metrics, and nobody reads fifty.
MAX_LINES = 50


def add_dashboard(
    monitoring: "Monitoring",
    *,
    api: Api | RestApi,
    functions: Mapping[str, lambda_.IFunction],
    queues: Queues,
    routes: Sequence[str],
) -> None:
    """Add the dashboard: from the top, whether anything is wrong, and then where."""
    dashboard = cloudwatch.Dashboard(monitoring, "Dashboard", default_interval=cdk.Duration.hours(3))
    dashboard.add_widgets(
        cloudwatch.AlarmStatusWidget(
            title="Is anything wrong?", alarms=list(monitoring.alarms.values()), width=24, height=6
        )
    )
    dashboard.add_widgets(
        _graph("What came in", *_received(monitoring, routes)),
        _graph("What went out", *(monitoring.metric(f"Entries{what}") for what in ("Accepted", "Redelivered"))),
        _graph(
            "What was refused",
            *(monitoring.metric("WebhooksRejected", status=str(code)) for code in (400, 401, 404, 413, 503)),
        ),
    )
    # What has been postponed is hidden until its time comes.
    waiting = [
        getattr(queues.retry, f"metric_approximate_number_of_messages_{state}")(period=MINUTE, statistic="Maximum")
        for state in ("visible", "not_visible")
    ]
    dead = queues.dead_letters.metric_approximate_number_of_messages_visible(period=MINUTE, statistic="Maximum")
    dashboard.add_widgets(
        _graph("What waits", *waiting, right=[monitoring.metric("OldestWaitingSeconds", statistic="Maximum")]),
        _graph("What failed", dead, *(monitoring.metric(f"Entries{what}") for what in ("Queued", "DeadLettered"))),
        _graph(
            "How fast (ms)", api.latency("p50"), api.latency("p99"), monitoring.metric("PutLatency", statistic="p99")
        ),
    )
    dashboard.add_widgets(
        # EventBridge's own: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
        _graph(
            "EventBridge says",
            *(
                cloudwatch.Metric(namespace="AWS/Events", metric_name=f"PutPartnerEvents{what}", statistic="Sum")
                for what in ("EntriesCount", "FailedEntriesCount", "ApproximateThrottledCount")
            ),
        ),
        _graph("The functions", *(one.metric_errors() for one in functions.values())),
        _graph(
            "The customers' sources",
            *(
                monitoring.metric(f"Sources{state}", period=HOUR, statistic="Maximum")
                for state in ("Active", "Pending", "Deleted", "Expiring", "Vanished")
            ),
        ),
    )


def _received(monitoring: "Monitoring", routes: Sequence[str]) -> list[cloudwatch.IMetric]:
    if len(routes) <= MAX_LINES:
        return [monitoring.metric("WebhooksReceived", route=route) for route in routes]
    # The search finds a hundred routes, those with the newest data.
    query = f'{{{NAMESPACE},service,route}} MetricName="WebhooksReceived" service="{monitoring.service}"'
    return [cloudwatch.MathExpression(expression=f"SEARCH('{query}', 'Sum', 300)", using_metrics={}, label="")]


def _graph(title: str, *left: cloudwatch.IMetric, right: Sequence[cloudwatch.IMetric] = ()) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(left), right=list(right), width=8)
