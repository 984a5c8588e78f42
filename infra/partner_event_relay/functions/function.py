"""What every function of the relay has: a log group, a role that allows exactly what it does, and a live version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from partner_event_relay.functions.bundling import RUNTIME
from partner_event_relay.stages import Stage

METRIC_NAMESPACE = "PartnerEventRelay"
MEMORY_MB = 512
LIVE_ALIAS = "live"
# START, END and REPORT would be a third of what a webhook logs. What fails, such as a timeout, is logged as WARN:
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
WITHOUT_REPORTS: Mapping[str, Any] = {
    "logging_format": lambda_.LoggingFormat.JSON,
    "system_log_level_v2": lambda_.SystemLogLevel.WARN,
    "application_log_level_v2": lambda_.ApplicationLogLevel.INFO,
}


@dataclass(frozen=True)
class FunctionProps:
    """What all functions of one relay have in common. The code includes its relay.toml."""

    code: lambda_.Code
    architecture: lambda_.Architecture
    stage: Stage


class RelayFunction(Construct):
    """One Lambda function. Callers invoke `live`, the alias that CodeDeploy moves from version to version."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        handler: str,
        timeout: cdk.Duration,
        props: FunctionProps,
        concurrency: int = 0,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        stage = props.stage
        self.log_group = logs.LogGroup(self, "Log", retention=stage.log_retention, removal_policy=stage.removal_policy)
        # The default role could write to every log group of the account.
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.resource = lambda_.Function(
            self,
            "Function",
            code=props.code,
            handler=handler,
            runtime=RUNTIME,
            architecture=props.architecture,
            role=self.role,
            timeout=timeout,
            memory_size=MEMORY_MB,
            log_group=self.log_group,
            **({} if stage.lambda_reports else WITHOUT_REPORTS),
            # Lambda samples by itself: the first request of a second, and 5 % of the others.
            tracing=lambda_.Tracing.ACTIVE if stage.tracing else lambda_.Tracing.DISABLED,
            reserved_concurrent_executions=concurrency or None,
            environment={
                "POWERTOOLS_SERVICE_NAME": cdk.Stack.of(self).stack_name,
                "POWERTOOLS_METRICS_NAMESPACE": METRIC_NAMESPACE,
                "POWERTOOLS_LOG_LEVEL": "INFO",
                **(environment or {}),
            },
        )
        self.live = lambda_.Alias(self, "Live", alias_name=LIVE_ALIAS, version=self.resource.current_version)
        self.allow(["logs:CreateLogStream", "logs:PutLogEvents"], [self.log_group.log_group_arn])

    def add_environment(self, name: str, value: str) -> None:
        """Set an environment variable of the function."""
        self.resource.add_environment(name, value)

    def allow(self, actions: list[str], resources: list[str], conditions: Mapping[str, object] | None = None) -> None:
        """Allow the function these actions on these resources."""
        self.role.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources, conditions=conditions))
