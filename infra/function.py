"""The two functions, each with its log group and a role that allows exactly what it does."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.package import RUNTIME
from infra.queues import REDELIVER_TIMEOUT, Queues
from relay import secret_name
from relay.secret_name import SSM

# A little under the 30 s after which API Gateway answers 503 by itself.
INGEST_TIMEOUT = cdk.Duration.seconds(29)
# Five PutPartnerEvents requests for each invocation, if the messages are small.
REDELIVERED_AT_ONCE = 100
# So that the backlog of an outage does not become the next one.
REDELIVER_CONCURRENCY = 5


class RelayFunction(Construct):
    """Puts partner events, and keeps in the queues what it could not put."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        handler: str,
        timeout: cdk.Duration,
        code: lambda_.Code,
        architecture: lambda_.Architecture,
        regions: Sequence[str],
        buses: Sequence[str],
        queues: Queues,
        claims: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = logs.LogGroup(
            self, "Log", retention=logs.RetentionDays.ONE_MONTH, removal_policy=cdk.RemovalPolicy.DESTROY
        )
        # Its own role: the default one may write to every log group of the account.
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.function = lambda_.Function(
            self,
            "Function",
            code=code,
            handler=handler,
            runtime=RUNTIME,
            architecture=architecture,
            role=self.role,
            timeout=timeout,
            memory_size=512,
            log_group=self.log_group,
            environment={
                "RETRY_QUEUE_URL": queues.retry.queue_url,
                "DEAD_LETTER_QUEUE_URL": queues.dead_letters.queue_url,
                "OVERFLOW_BUCKET": queues.overflow.bucket_name,
                "POWERTOOLS_SERVICE_NAME": "partner-event-relay",
                "POWERTOOLS_METRICS_NAMESPACE": "PartnerEventRelay",
                "POWERTOOLS_LOG_LEVEL": "INFO",
            },
        )
        self.allow(["logs:CreateLogStream", "logs:PutLogEvents"], [self.log_group.log_group_arn])
        self.allow(["sqs:SendMessage"], [queues.retry.queue_arn, queues.dead_letters.queue_arn])
        self.allow(["s3:PutObject"], [queues.overflow.arn_for_objects("overflow/*")])
        if claims:  # a presigned URL is worth what its maker may do
            self.allow(["s3:PutObject", "s3:GetObject"], [queues.overflow.arn_for_objects("claims/*")])
        # The action takes no resource: the Region bounds it here, the partner prefix bounds it in the function.
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
        self.allow(["events:PutPartnerEvents"], ["*"], {"StringEquals": {"aws:RequestedRegion": list(regions)}})
        if buses:
            self.allow(["events:PutEvents"], [self._bus_arn(bus, region) for bus in buses for region in regions])
        cdk.Validations.of(self.role).acknowledge(
            cdk.Acknowledgment(
                id="AwsSolutions::AwsSolutions-IAM5[Resource::*]",
                reason="events:PutPartnerEvents takes no resource; Region and, in the function, partner bound it.",
            ),
            *(
                cdk.Acknowledgment(
                    id=f"AwsSolutions::AwsSolutions-IAM5[Resource::<{queues.overflow_id}.Arn>/{prefix}/*]",
                    reason="The function makes the keys; the prefix is its own.",
                )
                for prefix in ("overflow", "claims")
            ),
        )
        cdk.Validations.of(self.function).acknowledge(
            cdk.Acknowledgment(
                id="AwsSolutions::AwsSolutions-L1",
                reason="Python 3.13 is supported until June 2029 and is what the tests can run.",
            )
        )

    def _bus_arn(self, bus: str, region: str) -> str:
        if bus.startswith("arn:"):
            return bus
        return cdk.Stack.of(self).format_arn(service="events", resource="event-bus", resource_name=bus, region=region)

    def allow(self, actions: list[str], resources: list[str], conditions: dict[str, object] | None = None) -> None:
        """Let the function do this, and no more."""
        self.role.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources, conditions=conditions))


class Ingest(RelayFunction):
    """Receives webhooks."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        secrets: Sequence[str],
        enrolled: Sequence[str],
        dedupe: bool,
        code: lambda_.Code,
        architecture: lambda_.Architecture,
        regions: Sequence[str],
        buses: Sequence[str],
        queues: Queues,
        claims: bool,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            handler="relay.ingest.handler",
            timeout=INGEST_TIMEOUT,
            code=code,
            architecture=architecture,
            regions=regions,
            buses=buses,
            queues=queues,
            claims=claims,
        )
        in_secrets_manager = [self._secret_arn(name) for name in secrets if not name.startswith(SSM)]
        in_parameter_store = [self._parameter_arn(name) for name in secrets if name.startswith(SSM)]
        if in_secrets_manager:
            self.allow(["secretsmanager:GetSecretValue"], in_secrets_manager)
        if enrolled:
            self.allow(["secretsmanager:PutSecretValue"], [self._secret_arn(name) for name in enrolled])
        if in_parameter_store:
            self.allow(["ssm:GetParameter"], in_parameter_store)
        if dedupe:
            table = SeenWebhooks(self, "SeenWebhooks").table
            self.function.add_environment("DEDUPE_TABLE", table.table_name)
            rows = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]
            self.allow(rows, [table.table_arn])

    def _secret_arn(self, name: str) -> str:
        # Secrets Manager adds six characters of its own to the name.
        # https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
        if name.startswith("arn:"):
            return name
        return cdk.Stack.of(self).format_arn(
            service="secretsmanager",
            resource="secret",
            resource_name=f"{secret_name.prefix_of(name)}*" if secret_name.is_template(name) else f"{name}-??????",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )

    def _parameter_arn(self, name: str) -> str:
        name = f"{secret_name.prefix_of(name)}*" if secret_name.is_template(name) else name
        return cdk.Stack.of(self).format_arn(
            service="ssm", resource="parameter", resource_name=name.removeprefix(f"{SSM}/")
        )


class SeenWebhooks(Construct):
    """Which delivery ids have been seen, and what was answered; each row goes after 24 hours.

    https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/#required-resources
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            time_to_live_attribute="expiration",
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        cdk.Validations.of(self.table).acknowledge(
            cdk.Acknowledgment(
                id="AwsSolutions::AwsSolutions-DDB3",
                reason="Without it a webhook may be taken twice for a day; there is nothing in it to restore.",
            )
        )


class Redeliver(RelayFunction):
    """Delivers what waits in the retry queue."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        code: lambda_.Code,
        architecture: lambda_.Architecture,
        regions: Sequence[str],
        buses: Sequence[str],
        queues: Queues,
        claims: bool,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            handler="relay.redeliver.handler",
            timeout=REDELIVER_TIMEOUT,
            code=code,
            architecture=architecture,
            regions=regions,
            buses=buses,
            queues=queues,
            claims=claims,
        )
        consume = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"]
        self.allow(consume, [queues.retry.queue_arn])
        self.allow(["s3:GetObject"], [queues.overflow.arn_for_objects("overflow/*")])
        lambda_.EventSourceMapping(
            self,
            "RetryQueue",
            target=self.function,
            event_source_arn=queues.retry.queue_arn,
            batch_size=REDELIVERED_AT_ONCE,
            max_batching_window=cdk.Duration.seconds(1),
            max_concurrency=REDELIVER_CONCURRENCY,
            report_batch_item_failures=True,
        ).node.add_dependency(self.role)
