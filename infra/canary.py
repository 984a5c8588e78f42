"""A new version of a function gets a tenth of the calls for ten minutes, and none if it fails or is slow.

Its alarms watch the new version alone, by metrics that are there while the alias points to two versions. So nothing
that the old version does stops a deployment, and none is stopped before it has begun.
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.dashboard import MINUTE
from infra.function import LIVE
from infra.monitoring import SLOW_MILLISECONDS, Monitoring

FAILED_PERCENT = 5


class Canary(Construct):
    """https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.Function,
        alias: lambda_.Alias,
        monitoring: Monitoring,
    ) -> None:
        super().__init__(scope, construct_id)
        self._function = function
        version = function.current_version.version
        crashed = self._rate(self._of_version("Errors", "Sum"))
        answered = self._rate(monitoring.metric("WebhooksFailed", period=MINUTE, version=version))
        slow = self._of_version("Duration", "p99")
        alarms = [
            monitoring.alarm(name, metric, threshold, meaning, periods=3, to_alarm=2, page=page)
            for name, metric, threshold, meaning, page in (
                ("CanaryErrors", answered, FAILED_PERCENT, "the new version answers 5xx", "CanaryErrors"),
                ("CanaryCrashes", crashed, FAILED_PERCENT, "the new version fails without an answer", "CanaryErrors"),
                ("CanarySlow", slow, SLOW_MILLISECONDS, "the new version is too slow for senders", "CanarySlow"),
            )
        ]
        group = codedeploy.LambdaDeploymentGroup(
            self,
            "Group",
            alias=alias,
            alarms=list(alarms),
            deployment_config=codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_10_MINUTES,
        )
        # The alarms have to watch the new version before it gets its first call.
        alias.node.add_dependency(*alarms)
        managed = "arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited"
        cdk.Validations.of(group).acknowledge(
            cdk.Acknowledgment(
                id=f"AwsSolutions::AwsSolutions-IAM4[Policy::{managed}]",
                reason="AWS's own policy for exactly this: CodeDeploy moves the alias.",
            )
        )

    def _rate(self, failed: cloudwatch.IMetric) -> cloudwatch.MathExpression:
        """Return the percentage of the new version's calls; without a failure, or a call, there is no data."""
        calls = self._of_version("Invocations", "Sum")
        return cloudwatch.MathExpression(
            expression="100 * failed / calls", using_metrics={"failed": failed, "calls": calls}, period=MINUTE
        )

    def _of_version(self, name: str, statistic: str) -> cloudwatch.Metric:
        function = self._function
        return cloudwatch.Metric(
            namespace="AWS/Lambda",
            metric_name=name,
            dimensions_map={
                "FunctionName": function.function_name,
                "Resource": f"{function.function_name}:{LIVE}",
                "ExecutedVersion": function.current_version.version,
            },
            period=MINUTE,
            statistic=statistic,
        )
