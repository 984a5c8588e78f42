"""The retry queue and the dead-letter queue, and the bucket for what is too large for them."""

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.stage import Stage

# What redeliver.py may take, six times over, as AWS advises: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
REDELIVER_TIMEOUT = cdk.Duration.seconds(60)
VISIBILITY_TIMEOUT = cdk.Duration.minutes(6)
# The function gives up after 24 hours, about 110 receives. This is the net below it, for a message it cannot survive:
# longer than a day of receives, and at 6 minutes each shorter than the retention.
MAX_RECEIVE_COUNT = 300
RETRY_RETENTION = cdk.Duration.days(4)
LONGEST_RETENTION = cdk.Duration.days(14)


class Queues(Construct):
    """Encrypted, TLS only. Where the stage says so, nothing in them goes with the stack."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=LONGEST_RETENTION,
            removal_policy=stage.removal_policy,
        )
        cdk.Validations.of(self.dead_letters).acknowledge(
            cdk.Acknowledgment(
                id="Serverless::Serverless-SQSRedrivePolicy",
                reason="This is the dead-letter queue; a person redrives it.",
            )
        )
        # Being this queue's dead-letter queue is also what lets the other be redriven into it.
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
        self.retry = sqs.Queue(
            self,
            "Retry",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            visibility_timeout=VISIBILITY_TIMEOUT,
            retention_period=RETRY_RETENTION,
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=MAX_RECEIVE_COUNT),
            removal_policy=stage.removal_policy,
        )
        self.overflow = s3.Bucket(
            self,
            "Overflow",
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            # Longer than a message can wait in both queues.
            lifecycle_rules=[s3.LifecycleRule(expiration=cdk.Duration.days(30))],
            removal_policy=stage.removal_policy,
        )
        cdk.Validations.of(self.overflow).acknowledge(
            cdk.Acknowledgment(
                id="AwsSolutions::AwsSolutions-S1",
                reason="Only the two functions read it; CloudTrail data events say who did, where that is wanted.",
            )
        )
        template_element = cast("s3.CfnBucket", self.overflow.node.default_child)
        self.overflow_id: str = cdk.Stack.of(self).resolve(template_element.logical_id)
