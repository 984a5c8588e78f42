"""The table that remembers each webhook's first response, for routes with `dedupe`."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from partner_event_relay.functions.function import RelayFunction


class IdempotencyTable(Construct):
    """Which delivery ids have been seen, and what was answered; each item expires after 24 hours.

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

    def grant_read_write(self, function: RelayFunction) -> None:
        """Allow the function to read and write items, and tell it the table's name."""
        function.add_environment("DEDUPE_TABLE", self.table.table_name)
        actions = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]
        function.allow(actions, [self.table.table_arn])
