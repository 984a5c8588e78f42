"""The function that receives webhooks, with what it knows of senders: secrets, and the webhooks it has seen."""

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.function import RelayFunction, Release
from infra.queues import Queues
from infra.secrets import Secrets, groups
from relay.auth import secret_ref
from relay.auth.secret_ref import SSM
from relay.config.loader import SECRET_PREFIX

# A little under the 30 s after which API Gateway answers 503 by itself.
TIMEOUT = cdk.Duration.seconds(29)
# All commercial Regions but these have it; those of China and GovCloud are none.
# https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
WITHOUT_SNAP_START = ("ap-east-2", "ap-southeast-6")


class Ingest(RelayFunction):
    """Receives webhooks."""

    def __init__(self, scope: Construct, construct_id: str, *, release: Release, queues: Queues) -> None:
        routes, stage = release.config.routes, release.stage
        super().__init__(
            scope,
            construct_id,
            handler="relay.ingest.handler",
            timeout=TIMEOUT,
            release=release,
            # Anybody can call it, so this is what a flood may take of the account's concurrency.
            concurrency=stage.reserved_concurrency,
            environment={SECRET_PREFIX: stage.secret_prefix} if stage.secret_prefix else {},
        )
        if stage.snap_start:
            self._start_from_snapshot()
        self.put_and_keep(release.config, queues)
        names = sorted(set().union(*(route.secrets() for route in routes)))
        if in_secrets_manager := [name for name in names if not name.startswith(SSM)]:
            self._allow_each("secretsmanager:GetSecretValue", in_secrets_manager)
        enrolled = {route.auth.secret for route in routes if route.enroll}
        if stage.kms_key_arn:
            # Storing a value needs both: https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
            self.allow(["kms:Decrypt", *(["kms:GenerateDataKey"] if enrolled else [])], [stage.kms_key_arn])
        if stage.generate_secrets:
            key = kms.Key.from_key_arn(self, "Key", stage.kms_key_arn) if stage.kms_key_arn else None
            # A secret that arrives in the handshake may have no value before.
            Secrets(self, "Secrets", names=sorted(set(names) - enrolled), key=key, stage=stage)
        if enrolled:
            self._allow_each("secretsmanager:PutSecretValue", sorted(enrolled))
        if in_parameter_store := [name for name in names if name.startswith(SSM)]:
            self._allow_each("ssm:GetParameter", in_parameter_store)
        if any(route.dedupe for route in routes):
            table = SeenWebhooks(self, "SeenWebhooks").table
            self.function.add_environment("DEDUPE_TABLE", table.table_name)
            rows = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]
            self.allow(rows, [table.table_arn])

    def _allow_each(self, action: str, names: list[str]) -> None:
        """Allow the action on each secret, in policies of their own if they are too many for the role's."""
        grouped = list(groups(names))
        if len(grouped) == 1:
            self.allow([action], [self._name_arn(name) for name in names])
            return
        for number, group in enumerate(grouped):
            statement = iam.PolicyStatement(actions=[action], resources=[self._name_arn(name) for name in group])
            policy = iam.ManagedPolicy(self, f"{action.partition(':')[2]}{number}", statements=[statement])
            self.role.add_managed_policy(policy)

    def _start_from_snapshot(self) -> None:
        """Publish versions with SnapStart, where the Region has it: elsewhere the property is refused.

        The other functions do without: a snapshot costs money as long as its version exists, and nobody waits for them.
        """
        stack = cdk.Stack.of(self)
        here = cdk.Fn.condition_equals(stack.partition, "aws")
        missing = [cdk.Fn.condition_equals(stack.region, region) for region in WITHOUT_SNAP_START]
        available = cdk.CfnCondition(
            self,
            "SnapStart",
            expression=cdk.Fn.condition_and(here, cdk.Fn.condition_not(cdk.Fn.condition_or(*missing))),
        )
        template_element = cast("lambda_.CfnFunction", self.function.node.default_child)
        template_element.snap_start = cdk.Fn.condition_if(
            available.logical_id, {"ApplyOn": "PublishedVersions"}, {"Ref": "AWS::NoValue"}
        )

    def _name_arn(self, name: str) -> str:
        return self._parameter_arn(name) if name.startswith(SSM) else self._secret_arn(name)

    def _secret_arn(self, name: str) -> str:
        # Secrets Manager adds six characters of its own to the name.
        # https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
        if name.startswith("arn:"):
            return name
        return self._arn("secretsmanager", "secret", name, "-??????", cdk.ArnFormat.COLON_RESOURCE_NAME)

    def _parameter_arn(self, name: str) -> str:
        path = name.removeprefix(f"{SSM}/")
        return self._arn("ssm", "parameter", path, "", cdk.ArnFormat.SLASH_RESOURCE_NAME)

    def _arn(self, service: str, resource: str, name: str, suffix: str, arn_format: cdk.ArnFormat) -> str:
        """Of one secret, or of all that begin as a name with a part from the request does."""
        resource_name = name + suffix
        if secret_ref.is_template(name):
            resource_name = f"{secret_ref.prefix_of(name)}*"
            here = f"arn:<AWS::Partition>:{service}:<AWS::Region>:<AWS::AccountId>:{resource}"
            separator = ":" if arn_format is cdk.ArnFormat.COLON_RESOURCE_NAME else "/"
            self.acknowledge_wildcard(
                f"{here}{separator}{resource_name}", "Each customer has a secret; the request says whose it is."
            )
        return cdk.Stack.of(self).format_arn(
            service=service, resource=resource, resource_name=resource_name, arn_format=arn_format
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
