"""The ingest function, its log group, and a role that allows exactly what it does."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.package import RUNTIME
from relay.config import SSM

# A little under the 30 s after which API Gateway answers 503 by itself.
TIMEOUT = cdk.Duration.seconds(29)


class Ingest(Construct):
    """Receives webhooks and puts partner events."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        code: lambda_.Code,
        architecture: lambda_.Architecture,
        regions: Sequence[str],
        secrets: Sequence[str],
        enrolled: Sequence[str],
        dead_letters: sqs.IQueue,
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
            handler="relay.ingest.handler",
            runtime=RUNTIME,
            architecture=architecture,
            role=self.role,
            timeout=TIMEOUT,
            memory_size=512,
            log_group=self.log_group,
            environment={
                "DEAD_LETTER_QUEUE_URL": dead_letters.queue_url,
                "POWERTOOLS_SERVICE_NAME": "partner-event-relay",
                "POWERTOOLS_METRICS_NAMESPACE": "PartnerEventRelay",
                "POWERTOOLS_LOG_LEVEL": "INFO",
            },
        )
        self._allow(["logs:CreateLogStream", "logs:PutLogEvents"], [f"{self.log_group.log_group_arn}"])
        self._allow(["sqs:SendMessage"], [dead_letters.queue_arn])
        # The action takes no resource: the Region bounds it here, the partner prefix bounds it in the function.
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
        self._allow(["events:PutPartnerEvents"], ["*"], {"StringEquals": {"aws:RequestedRegion": list(regions)}})
        cdk.Validations.of(self.role).acknowledge(
            cdk.Acknowledgment(
                id="AwsSolutions::AwsSolutions-IAM5[Resource::*]",
                reason="events:PutPartnerEvents takes no resource; Region and, in the function, partner bound it.",
            )
        )
        cdk.Validations.of(self.function).acknowledge(
            cdk.Acknowledgment(
                id="AwsSolutions::AwsSolutions-L1",
                reason="Python 3.13 is supported until June 2029 and is what the tests can run.",
            )
        )
        in_secrets_manager = [self._secret_arn(name) for name in secrets if not name.startswith(SSM)]
        in_parameter_store = [self._parameter_arn(name) for name in secrets if name.startswith(SSM)]
        if in_secrets_manager:
            self._allow(["secretsmanager:GetSecretValue"], in_secrets_manager)
        if enrolled:
            self._allow(["secretsmanager:PutSecretValue"], [self._secret_arn(name) for name in enrolled])
        if in_parameter_store:
            self._allow(["ssm:GetParameter"], in_parameter_store)

    def _allow(self, actions: list[str], resources: list[str], conditions: dict[str, object] | None = None) -> None:
        self.role.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources, conditions=conditions))

    def _secret_arn(self, name: str) -> str:
        # Secrets Manager adds six characters of its own to the name.
        # https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
        if name.startswith("arn:"):
            return name
        return cdk.Stack.of(self).format_arn(
            service="secretsmanager",
            resource="secret",
            resource_name=f"{name}-??????",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )

    def _parameter_arn(self, name: str) -> str:
        return cdk.Stack.of(self).format_arn(
            service="ssm", resource="parameter", resource_name=name.removeprefix(f"{SSM}/")
        )
