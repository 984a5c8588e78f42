"""The delivery, the retry and the dead-letter queue, and the bucket for messages and details too large for them."""

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from partner_event_relay.functions.function import RelayFunction
from partner_event_relay.private_bucket import private_bucket
from partner_event_relay.stages import Stage

# The redeliver function's timeout, six times over, as AWS advises:
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
REDELIVER_TIMEOUT = cdk.Duration.seconds(60)
VISIBILITY_TIMEOUT = cdk.Duration.minutes(6)
# The function gives up after 24 hours, at most 730 receives. This is the safety net for a message that crashes it:
# longer than a day of receives, and at 6 minutes each four days, much shorter than the retention.
MAX_RECEIVE_COUNT = 900
# The longest that SQS takes. What is older is gone and in no other queue, also if nobody could receive it.
RETENTION = cdk.Duration.days(14)
# Longer than a message can be in both queues.
OVERFLOW_DAYS = 30
# After what an entry may be held for: its claim check has to outlive it by a week.
DAYS_AFTER_HOLD = 7


class Queues(Construct):
    """Everything that holds undelivered events: encrypted, TLS only, and retained if the stage says so.

    There is a delivery queue whether a route uses it or not: a deployment that removed it, because relay.toml has no
    such route any more or because it was rolled back, would lose what is in it.

    `hold_days` is for how many days entries may be held for customers.
    """

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, hold_days: int = 0) -> None:
        super().__init__(scope, construct_id)
        overflow_days = max(OVERFLOW_DAYS, hold_days + DAYS_AFTER_HOLD)
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=RETENTION,
            removal_policy=stage.removal_policy,
        )
        # This redrive policy is also what permits moving dead letters back into the retry queue.
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
        self.retry, self.delivery = (
            sqs.Queue(
                self,
                name,
                encryption=sqs.QueueEncryption.SQS_MANAGED,
                enforce_ssl=True,
                visibility_timeout=VISIBILITY_TIMEOUT,
                retention_period=RETENTION,
                dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=MAX_RECEIVE_COUNT),
                removal_policy=stage.removal_policy,
            )
            for name in ("Retry", "Delivery")
        )
        self.overflow = private_bucket(
            self,
            "Overflow",
            stage=stage,
            lifecycle_rules=[s3.LifecycleRule(expiration=cdk.Duration.days(overflow_days))],
        )

    def grant_store(self, function: RelayFunction) -> None:
        """Allow the function to store undelivered messages, and tell it where."""
        function.add_environment("RETRY_QUEUE_URL", self.retry.queue_url)
        function.add_environment("DEAD_LETTER_QUEUE_URL", self.dead_letters.queue_url)
        function.add_environment("OVERFLOW_BUCKET", self.overflow.bucket_name)
        function.allow(["sqs:SendMessage"], [self.retry.queue_arn, self.dead_letters.queue_arn])
        function.allow(["s3:PutObject"], [self.overflow.arn_for_objects("overflow/*")])

    def grant_leave(self, function: RelayFunction) -> None:
        """Allow the function to leave entries to the delivery queue, and tell it where that is."""
        function.add_environment("DELIVERY_QUEUE_URL", self.delivery.queue_url)
        function.allow(["sqs:SendMessage"], [self.delivery.queue_arn])

    def grant_claim_checks(self, function: RelayFunction) -> None:
        """Allow the function to store details and presign their URLs, which can do only what their signer may do."""
        function.allow(["s3:PutObject", "s3:GetObject"], [self.overflow.arn_for_objects("claims/*")])

    def grant_read_claim_checks(self, function: RelayFunction) -> None:
        """Allow the function to sign URLs of what is stored already, whatever relay.toml says today."""
        function.allow(["s3:GetObject"], [self.overflow.arn_for_objects("claims/*")])

    def grant_consume(self, function: RelayFunction) -> None:
        """Allow the function to receive from the retry and the delivery queue, and to read what was too large for them.

        It knows the queues' URLs, to postpone messages.
        """
        function.add_environment("DELIVERY_QUEUE_URL", self.delivery.queue_url)
        actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"]
        function.allow(actions, [self.retry.queue_arn, self.delivery.queue_arn])
        function.allow(["s3:GetObject"], [self.overflow.arn_for_objects("overflow/*")])

    def grant_remember_sources(self, function: RelayFunction) -> None:
        """Allow the function to store which event sources it saw: an expired one is in no list."""
        function.add_environment("OVERFLOW_BUCKET", self.overflow.bucket_name)
        function.allow(["s3:GetObject", "s3:PutObject"], [self.overflow.arn_for_objects("sources/last-look.json")])
        # Without this, S3 answers 403 for an object that does not exist, as for one that may not be read.
        function.allow(["s3:ListBucket"], [self.overflow.bucket_arn])
