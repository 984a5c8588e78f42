"""The metrics that the functions emit, as alarms and graphs need them."""

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

from partner_event_relay.functions.function import METRIC_NAMESPACE

MINUTE, FIVE_MINUTES, HOUR = cdk.Duration.minutes(1), cdk.Duration.minutes(5), cdk.Duration.hours(1)


@dataclass(frozen=True)
class RelayMetrics:
    """The metrics of one relay; `service` is the dimension that all of them have."""

    service: str

    def metric(
        self, name: str, *, period: cdk.Duration = FIVE_MINUTES, statistic: str = "Sum", **dimensions: str
    ) -> cloudwatch.Metric:
        """Return a metric of the whole relay, or of a part of it with more dimensions."""
        return cloudwatch.Metric(
            namespace=METRIC_NAMESPACE,
            metric_name=name,
            dimensions_map={"service": self.service, **dimensions},
            period=period,
            statistic=statistic,
        )

    def search_by_route(self, name: str) -> cloudwatch.MathExpression:
        """Return the metric by route, for up to a hundred routes: those with the newest data."""
        query = f'{{{METRIC_NAMESPACE},service,route}} MetricName="{name}" service="{self.service}"'
        return cloudwatch.MathExpression(expression=f"SEARCH('{query}', 'Sum', 300)", using_metrics={}, label="")
