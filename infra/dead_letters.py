"""The dead-letter queue, and the alarm that says somebody has to look at it."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from constructs import Construct


class DeadLetters(Construct):
    """Encrypted, TLS only, kept for 14 days: the longest SQS can."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        cdk.Validations.of(self.queue).acknowledge(
            cdk.Acknowledgment(id="AwsSolutions::AwsSolutions-SQS3", reason="This is the dead-letter queue.")
        )
        self.alarm = cloudwatch.Alarm(
            self,
            "Alarm",
            metric=self.queue.metric_approximate_number_of_messages_visible(
                period=cdk.Duration.minutes(1), statistic="Maximum"
            ),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description="Entries could not be delivered: see docs/operations.md, Dead letters.",
        )
