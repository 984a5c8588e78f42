"""The function that receives webhooks."""

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from partner_event_relay.event_buses import EventBuses
from partner_event_relay.functions.function import FunctionProps, RelayFunction
from partner_event_relay.idempotency_table import IdempotencyTable
from partner_event_relay.queues import Queues
from partner_event_relay.secrets import Secrets
from relay.config.choices import CLAIM_CHECK
from relay.config.model import SECRET_PREFIX, Config

# A little under the 30 seconds after which API Gateway responds 503 by itself.
TIMEOUT = cdk.Duration.seconds(29)
# Commercial Regions without SnapStart; neither have the Regions of China and GovCloud.
# https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
WITHOUT_SNAP_START = ("ap-east-2", "ap-southeast-6")


class Ingest(Construct):
    """The ingest function with its secrets and, for routes with `dedupe`, its idempotency table."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: Config,
        props: FunctionProps,
        queues: Queues,
        event_buses: EventBuses,
    ) -> None:
        super().__init__(scope, construct_id)
        stage = props.stage
        self.function = RelayFunction(
            self,
            "Default",  # adds nothing to the logical ids
            handler="relay.ingest.handler",
            timeout=TIMEOUT,
            props=props,
            # Anybody can call the API, so this bounds what a flood may use of the account's concurrency.
            concurrency=stage.reserved_concurrency,
            environment={SECRET_PREFIX: stage.secret_prefix} if stage.secret_prefix else {},
        )
        if stage.snap_start:
            _enable_snap_start(self.function)
        queues.grant_store(self.function)
        if any(route.is_queued for route in config.routes):
            queues.grant_leave(self.function)
        event_buses.grant_put(self.function)
        if any(route.on_oversize == CLAIM_CHECK for route in config.routes):
            queues.grant_claim_checks(self.function)
        secrets = Secrets(self, "Secrets", routes=config.routes, stage=stage)
        secrets.grant_use(self.function)
        if any(route.dedupe for route in config.routes):
            IdempotencyTable(self, "SeenWebhooks").grant_read_write(self.function)


def _enable_snap_start(function: RelayFunction) -> None:
    """Publish versions with SnapStart in Regions that have it; elsewhere Lambda refuses the property.

    The other functions do without: a snapshot costs money as long as its version exists, and nobody waits for them.
    """
    stack = cdk.Stack.of(function)
    is_commercial = cdk.Fn.condition_equals(stack.partition, "aws")
    is_without = [cdk.Fn.condition_equals(stack.region, region) for region in WITHOUT_SNAP_START]
    condition = cdk.CfnCondition(
        function,
        "SnapStart",
        expression=cdk.Fn.condition_and(is_commercial, cdk.Fn.condition_not(cdk.Fn.condition_or(*is_without))),
    )
    cfn_function = cast("lambda_.CfnFunction", function.resource.node.default_child)
    cfn_function.snap_start = cdk.Fn.condition_if(
        condition.logical_id, {"ApplyOn": "PublishedVersions"}, {"Ref": "AWS::NoValue"}
    )
