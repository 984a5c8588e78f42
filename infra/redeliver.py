"""The function that delivers what waits in the retry queue."""

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.function import RelayFunction, Release
from infra.queues import REDELIVER_TIMEOUT, Queues

# Five PutPartnerEvents requests for each invocation, if the messages are small.
AT_ONCE = 100
# So that the backlog of an outage does not become the next one.
CONCURRENCY = 5


class Redeliver(RelayFunction):
    """Delivers what waits in the retry queue."""

    def __init__(self, scope: Construct, construct_id: str, *, release: Release, queues: Queues) -> None:
        super().__init__(
            scope, construct_id, handler="relay.redeliver.handler", timeout=REDELIVER_TIMEOUT, release=release
        )
        self.put_and_keep(release.config, queues)
        consume = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"]
        self.allow(consume, [queues.retry.queue_arn])
        self.allow(["s3:GetObject"], [queues.overflow.arn_for_objects("overflow/*")])
        mapping = lambda_.EventSourceMapping(
            self,
            "RetryQueue",
            target=self.live,
            event_source_arn=queues.retry.queue_arn,
            batch_size=AT_ONCE,
            max_batching_window=cdk.Duration.seconds(1),
            max_concurrency=CONCURRENCY,
            report_batch_item_failures=True,
        )
        mapping.node.add_dependency(self.role)
        cdk.Validations.of(mapping).acknowledge(
            cdk.Acknowledgment(
                id="Serverless::Serverless-LambdaEventSourceMappingDestination",
                reason="SQS has no failure destinations: the retry queue has a dead-letter queue of its own.",
            )
        )
