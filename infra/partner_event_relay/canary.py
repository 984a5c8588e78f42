"""A canary release: a new version gets a tenth of the webhooks for ten minutes, and is rolled back if it fails.

Its alarms watch the new version alone, by metrics that exist while the alias points to two versions. So nothing that
the old version does stops a deployment, and none is stopped before it has begun.
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from collections.abc import Iterator

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from partner_event_relay.functions.function import LIVE_ALIAS, RelayFunction
from partner_event_relay.monitoring.alarms import SLOW_MILLISECONDS, AlarmDefinition
from partner_event_relay.monitoring.metrics import MINUTE, RelayMetrics
from partner_event_relay.monitoring.monitoring import Monitoring

MAX_FAILED_PERCENT = 5


class Canary(Construct):
    """The deployment group that moves a function's live alias, with the alarms that roll it back.

    https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
    """

    def __init__(self, scope: Construct, construct_id: str, *, function: RelayFunction, monitoring: Monitoring) -> None:
        super().__init__(scope, construct_id)
        alarms = monitoring.add_alarms(_alarms(function.resource, monitoring.metrics))
        codedeploy.LambdaDeploymentGroup(
            self,
            "Group",
            alias=function.live,
            alarms=list(alarms),
            deployment_config=codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_10_MINUTES,
        )
        # The alarms have to watch the new version before it gets its first call.
        function.live.node.add_dependency(*alarms)


def _alarms(function: lambda_.Function, metrics: RelayMetrics) -> Iterator[AlarmDefinition]:
    version = function.current_version.version
    failed = metrics.metric("WebhooksFailed", period=MINUTE, version=version)
    crashed = _version_metric(function, "Errors", "Sum")
    slow = _version_metric(function, "Duration", "p99")
    for name, metric, threshold, description, section in (
        ("CanaryErrors", _percentage(function, failed), MAX_FAILED_PERCENT, "the new version responds 5xx", ""),
        (
            "CanaryCrashes",
            _percentage(function, crashed),
            MAX_FAILED_PERCENT,
            "the new version fails without a response",
            "CanaryErrors",
        ),
        ("CanarySlow", slow, SLOW_MILLISECONDS, "the new version is so slow that senders may time out", ""),
    ):
        yield AlarmDefinition(name, metric, threshold, description, periods=3, datapoints=2, section=section)


def _percentage(function: lambda_.Function, failed: cloudwatch.IMetric) -> cloudwatch.MathExpression:
    """Return the percentage of the new version's calls that failed; without a failure, or a call, there is no data."""
    calls = _version_metric(function, "Invocations", "Sum")
    return cloudwatch.MathExpression(
        expression="100 * failed / calls", using_metrics={"failed": failed, "calls": calls}, period=MINUTE
    )


def _version_metric(function: lambda_.Function, name: str, statistic: str) -> cloudwatch.Metric:
    """Return Lambda's metric of the new version, as the live alias invokes it."""
    return cloudwatch.Metric(
        namespace="AWS/Lambda",
        metric_name=name,
        dimensions_map={
            "FunctionName": function.function_name,
            "Resource": f"{function.function_name}:{LIVE_ALIAS}",
            "ExecutedVersion": function.current_version.version,
        },
        period=MINUTE,
        statistic=statistic,
    )
