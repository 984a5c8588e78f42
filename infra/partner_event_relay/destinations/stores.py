"""The registry's table, the bucket of held entries, and the queue of releases."""

import math

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from partner_event_relay.functions.function import RelayFunction
from partner_event_relay.private_bucket import private_bucket
from partner_event_relay.stages import Stage
from relay.config.destinations import Destinations
from relay.destinations import held, items

# Six minutes for a function of five: Lambda refuses a queue whose visibility timeout is shorter than the function's.
# Longer would only keep a destination waiting whose release was killed: at most ten functions work on the queue, so
# there are no batches that wait for one.
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
RELEASER_TIMEOUT = cdk.Duration.minutes(5)
VISIBILITY_TIMEOUT = cdk.Duration.minutes(6)
RELEASED_DAYS = 3
DAYS_AFTER_HOLD = 2
DAY_SECONDS = 86400


class DestinationStores(Construct):
    """Everything that is kept for customers' destinations: encrypted, TLS only, retained if the stage says so."""

    def __init__(self, scope: Construct, construct_id: str, *, destinations: Destinations, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        key = dynamodb.Attribute(name=items.PARTITION, type=dynamodb.AttributeType.STRING)
        self.table = dynamodb.Table(
            self,
            "Table",
            # A name of its own: a stack that was deployed without [destinations] for a while, by a rollback, must not
            # begin with an empty registry. CloudFormation refuses the name until the table is imported.
            table_name=f"{cdk.Stack.of(self).stack_name}-destinations",
            partition_key=key,
            sort_key=dynamodb.Attribute(name=items.SORT, type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=stage.retain,
            removal_policy=stage.removal_policy,
        )
        self.table.add_global_secondary_index(
            index_name=items.ATTENTION_INDEX,
            partition_key=dynamodb.Attribute(name=items.ATTENTION, type=dynamodb.AttributeType.STRING),
        )
        hold_days = math.ceil(destinations.longest_hold / DAY_SECONDS)
        self.bucket = private_bucket(
            self,
            "Held",
            stage=stage,
            # The reconciler ends holding, and reports it: this is only the net.
            lifecycle_rules=[
                s3.LifecycleRule(prefix=held.HELD, expiration=cdk.Duration.days(hold_days + DAYS_AFTER_HOLD)),
                s3.LifecycleRule(prefix=held.RELEASED, expiration=cdk.Duration.days(RELEASED_DAYS)),
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=cdk.Duration.days(1)),
            ],
        )
        # Without a dead-letter queue: a message holds nothing, and the reconciler sends it again every minute.
        self.release_queue = sqs.Queue(
            self,
            "ReleaseQueue",
            fifo=True,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            visibility_timeout=VISIBILITY_TIMEOUT,
            removal_policy=stage.removal_policy,
        )

    def grant_deliver(self, function: RelayFunction) -> None:
        """Allow the function to read destinations, to note that entries were refused, and to hold entries."""
        self._add_environment(function)
        function.allow(["dynamodb:Query", "dynamodb:UpdateItem"], [self.table.table_arn])
        function.allow(["s3:PutObject"], [self._objects(held.HELD)])

    def grant_list(self, function: RelayFunction) -> None:
        """Allow the function to read which sources belong to destinations."""
        function.add_environment("DESTINATIONS_TABLE", self.table.table_name)
        function.allow(["dynamodb:Scan"], [self.table.table_arn])

    def grant_manage(self, function: RelayFunction) -> None:
        """Allow the function to change the registry, to count and delete what is held, and to ask for releases."""
        self._add_environment(function)
        self._grant_change(function, "dynamodb:Query")
        self._grant_delete_held(function)
        self._grant_request_release(function)

    def grant_control(self, function: RelayFunction) -> None:
        """Allow the function to manage destinations, and to read those of all customers."""
        self.grant_manage(function)
        function.allow(["dynamodb:Scan"], [self.table.table_arn])

    def grant_reconcile(self, function: RelayFunction) -> None:
        """Allow the function what the control API may, and to read what needs attention."""
        self.grant_control(function)
        function.allow(["dynamodb:BatchGetItem"], [self.table.table_arn])
        function.allow(["dynamodb:Query"], [f"{self.table.table_arn}/index/{items.ATTENTION_INDEX}"])

    def grant_release(self, function: RelayFunction) -> None:
        """Allow the function to work on the queue of releases: read what is held, move it, and note its progress."""
        self._add_environment(function)
        table = ["dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:UpdateItem"]
        function.allow(table, [self.table.table_arn])
        objects = [self._objects(held.HELD), self._objects(held.RELEASED)]
        function.allow(["s3:GetObject", "s3:PutObject"], objects)
        function.allow(["s3:DeleteObject"], [self._objects(held.HELD)])
        function.allow(["s3:ListBucket"], [self.bucket.bucket_arn])
        function.add_environment("RELEASE_QUEUE_URL", self.release_queue.queue_url)
        queue = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"]
        function.allow(queue, [self.release_queue.queue_arn])

    def _grant_change(self, function: RelayFunction, *more: str) -> None:
        actions = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", *more]
        function.allow(actions, [self.table.table_arn])

    def _grant_delete_held(self, function: RelayFunction) -> None:
        function.allow(["s3:ListBucket"], [self.bucket.bucket_arn])
        function.allow(["s3:DeleteObject"], [self._objects(held.HELD), self._objects(held.RELEASED)])

    def _grant_request_release(self, function: RelayFunction) -> None:
        function.add_environment("RELEASE_QUEUE_URL", self.release_queue.queue_url)
        function.allow(["sqs:SendMessage"], [self.release_queue.queue_arn])

    def _add_environment(self, function: RelayFunction) -> None:
        function.add_environment("DESTINATIONS_TABLE", self.table.table_name)
        function.add_environment("HELD_BUCKET", self.bucket.bucket_name)

    def _objects(self, prefix: str) -> str:
        return self.bucket.arn_for_objects(f"{prefix}*")
