"""What every function has: a log group, a role that allows exactly what it does, tracing, a live version."""

from collections.abc import Mapping
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.package import RUNTIME
from infra.queues import Queues
from infra.stage import Stage
from relay.config.loader import Config
from relay.config.route import CLAIM_CHECK

NAMESPACE = "PartnerEventRelay"
MEMORY_MB = 512
LIVE = "live"


@dataclass(frozen=True)
class Release:
    """What is deployed: the code with its relay.toml, for which processor, and the stage."""

    config: Config
    code: lambda_.Code
    architecture: lambda_.Architecture
    stage: Stage


class RelayFunction(Construct):
    """One Lambda function. Callers use `live`, which CodeDeploy moves from version to version."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        handler: str,
        timeout: cdk.Duration,
        release: Release,
        concurrency: int = 0,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        stage = release.stage
        self.log_group = logs.LogGroup(self, "Log", retention=stage.log_retention, removal_policy=stage.removal_policy)
        # Its own role: the default one may write to every log group of the account.
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.function = lambda_.Function(
            self,
            "Function",
            code=release.code,
            handler=handler,
            runtime=RUNTIME,
            architecture=release.architecture,
            role=self.role,
            timeout=timeout,
            memory_size=MEMORY_MB,
            log_group=self.log_group,
            tracing=lambda_.Tracing.ACTIVE,
            reserved_concurrent_executions=concurrency or None,
            environment={
                "POWERTOOLS_SERVICE_NAME": cdk.Stack.of(self).stack_name,
                "POWERTOOLS_METRICS_NAMESPACE": NAMESPACE,
                "POWERTOOLS_LOG_LEVEL": "INFO",
                **(environment or {}),
            },
        )
        self.allow(["logs:CreateLogStream", "logs:PutLogEvents"], [self.log_group.log_group_arn])
        cdk.Validations.of(self.role).acknowledge(
            cdk.Acknowledgment(
                id="AwsSolutions::AwsSolutions-IAM5[Resource::*]",
                reason="X-Ray's actions, events:PutPartnerEvents and events:ListPartnerEventSources take no resource;"
                " where there is a Region or a partner to bound them by, it does.",
            )
        )
        cdk.Validations.of(self.function).acknowledge(
            cdk.Acknowledgment(
                id="AwsSolutions::AwsSolutions-L1",
                reason="Python 3.13 is supported until June 2029 and is what the tests can run.",
            ),
            cdk.Acknowledgment(
                id="Serverless::Serverless-LambdaLatestVersion",
                reason="Python 3.13 is supported until June 2029 and is what the tests can run.",
            ),
            cdk.Acknowledgment(
                id="Serverless::Serverless-LambdaDefaultMemorySize",
                reason="512 MB, set on purpose: four times the default share of a processor.",
            ),
            cdk.Acknowledgment(
                id="Serverless::Serverless-LambdaDLQ",
                reason="It is invoked synchronously; what cannot be delivered goes to the queues it writes to itself.",
            ),
            cdk.Acknowledgment(
                id="Serverless::Serverless-LambdaAsyncFailureDestination",
                reason="It is invoked synchronously, or looks again in an hour.",
            ),
        )

    @property
    def live(self) -> lambda_.Alias:
        """The version that answers."""
        existing = self.node.try_find_child("Live")
        if isinstance(existing, lambda_.Alias):
            return existing
        return lambda_.Alias(self, "Live", alias_name=LIVE, version=self.function.current_version)

    def allow(self, actions: list[str], resources: list[str], conditions: dict[str, object] | None = None) -> None:
        """Let the function do this, and no more."""
        self.role.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources, conditions=conditions))

    def put_and_keep(self, config: Config, queues: Queues) -> None:
        """Let the function put events, and keep in the queues what it could not put."""
        regions = config.regions
        for name, value in (
            ("RETRY_QUEUE_URL", queues.retry.queue_url),
            ("DEAD_LETTER_QUEUE_URL", queues.dead_letters.queue_url),
            ("OVERFLOW_BUCKET", queues.overflow.bucket_name),
        ):
            self.function.add_environment(name, value)
        self.allow(["sqs:SendMessage"], [queues.retry.queue_arn, queues.dead_letters.queue_arn])
        self.allow(["s3:PutObject"], [queues.overflow.arn_for_objects("overflow/*")])
        # The action takes no resource: the Region bounds it here, the partner prefix bounds it in the function.
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
        self.allow(["events:PutPartnerEvents"], ["*"], {"StringEquals": {"aws:RequestedRegion": list(regions)}})
        if buses := sorted({route.bus for route in config.routes if route.bus}):
            self.allow(["events:PutEvents"], [self._bus_arn(bus, region) for bus in buses for region in regions])
        if any(route.on_oversize == CLAIM_CHECK for route in config.routes):  # a presigned URL may what its maker may
            self.allow(["s3:PutObject", "s3:GetObject"], [queues.overflow.arn_for_objects("claims/*")])
        for prefix in ("overflow", "claims"):
            self.acknowledge_wildcard(
                f"<{queues.overflow_id}.Arn>/{prefix}/*", "The function makes the keys; the prefix is its own."
            )

    def acknowledge_wildcard(self, resource: str, reason: str) -> None:
        """Say to cdk-nag why a resource ends with a star."""
        cdk.Validations.of(self.role).acknowledge(
            cdk.Acknowledgment(id=f"AwsSolutions::AwsSolutions-IAM5[Resource::{resource}]", reason=reason)
        )

    def _bus_arn(self, bus: str, region: str) -> str:
        if bus.startswith("arn:"):
            return bus
        return cdk.Stack.of(self).format_arn(service="events", resource="event-bus", resource_name=bus, region=region)
