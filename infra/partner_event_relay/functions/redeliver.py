"""The function that delivers the messages of the retry queue and of the delivery queue."""

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from partner_event_relay import capacity
from partner_event_relay.event_buses import EventBuses
from partner_event_relay.functions.function import FunctionProps, RelayFunction
from partner_event_relay.queues import REDELIVER_TIMEOUT, Queues
from relay.config.choices import CLAIM_CHECK
from relay.config.model import Config

# Of the delivery queue: one request, so that no entry waits for another's.
DELIVERY_BATCH_SIZE = 20


class Redeliver(Construct):
    """The redeliver function, invoked with batches of the retry queue, and of the delivery queue at a pace of its own.

    What waits in one queue takes nothing from the other.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    """

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
        self.function = RelayFunction(
            self,
            "Default",  # adds nothing to the logical ids
            handler="relay.redeliver.handler",
            timeout=REDELIVER_TIMEOUT,
            props=props,
        )
        queues.grant_store(self.function)
        event_buses.grant_put(self.function)
        if any(route.on_oversize == CLAIM_CHECK for route in config.routes):
            queues.grant_claim_checks(self.function)
        queues.grant_consume(self.function)
        quotas, reserved = props.stage.quotas, props.stage.reserved_concurrency
        # So that the backlog of one outage does not cause the next one.
        redelivery, delivery = (
            most(quotas, reserved) for most in (capacity.redelivery_concurrency, capacity.delivery_concurrency)
        )
        self._add_source("RetryQueue", queues.retry, capacity.BATCH_SIZE, redelivery)
        self._add_source("DeliveryQueue", queues.delivery, DELIVERY_BATCH_SIZE, delivery)

    def _add_source(self, construct_id: str, queue: sqs.Queue, batch_size: int, concurrency: int) -> None:
        mapping = lambda_.EventSourceMapping(
            self,
            construct_id,
            target=self.function.live,
            event_source_arn=queue.queue_arn,
            batch_size=batch_size,
            # Without it, a batch has ten messages at most.
            max_batching_window=cdk.Duration.seconds(1),
            max_concurrency=concurrency,
            report_batch_item_failures=True,
        )
        # Lambda checks that the role may receive from the queue when it creates the mapping.
        mapping.node.add_dependency(self.function.role)
