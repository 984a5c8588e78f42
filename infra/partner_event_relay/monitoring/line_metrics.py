"""The metrics of every webhook, which CloudWatch Logs counts by the lines that the ingest function writes anyway.

In the function's own line of metrics (the embedded metric format) they would be more than half of what a webhook logs.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
"""

from collections.abc import Iterator
from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from constructs import Construct

from partner_event_relay.functions.function import METRIC_NAMESPACE

_FIRST_LINE = '($.message = "relayed") || (($.message = "entry") && ($.index = 0))'
"""One line of each webhook: that of its first entry, or its own if it has no entries or the delivery log is off."""


@dataclass(frozen=True)
class LineMetric:
    """A metric, the lines that count for it, and what each of them adds: a number, or the value of a key."""

    name: str
    pattern: str
    value: str = "1"
    unit: cloudwatch.Unit = cloudwatch.Unit.COUNT


def line_metrics(*, log_entries: bool) -> Iterator[LineMetric]:
    """Yield the metrics of a relay whose delivery log is on or off."""
    yield LineMetric("WebhooksReceived", f"{{ {_FIRST_LINE} }}")
    yield LineMetric("WebhooksRelayed", f"{{ {_FIRST_LINE} }}")
    if log_entries:
        yield LineMetric("EntriesAccepted", '{ ($.message = "entry") && ($.result = "accepted") }')
        put = '($.message = "entry") && ($.index = 0)'
    else:
        yield LineMetric("EntriesAccepted", '{ ($.message = "relayed") && ($.accepted > 0) }', "$.accepted")
        put = '$.message = "relayed"'
    yield LineMetric("PutLatency", f"{{ {put} && ($.put_ms >= 0) }}", "$.put_ms", cloudwatch.Unit.MILLISECONDS)


class LineMetrics(Construct):
    """Metric filters on the log of the ingest function: each metric for the whole service, and again by route."""

    def __init__(self, scope: Construct, construct_id: str, *, log_group: logs.ILogGroup, log_entries: bool) -> None:
        super().__init__(scope, construct_id)
        for metric in line_metrics(log_entries=log_entries):
            for suffix, dimensions in (("", ("service",)), ("ByRoute", ("service", "route"))):
                logs.MetricFilter(
                    self,
                    f"{metric.name}{suffix}",
                    log_group=log_group,
                    filter_pattern=logs.FilterPattern.literal(metric.pattern),
                    metric_namespace=METRIC_NAMESPACE,
                    metric_name=metric.name,
                    metric_value=metric.value,
                    unit=metric.unit,
                    dimensions={name: f"$.{name}" for name in dimensions},
                )
