"""The function that delivers the messages of the retry queue."""

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from partner_event_relay import capacity
from partner_event_relay.event_buses import EventBuses
from partner_event_relay.functions.function import FunctionProps, RelayFunction
from partner_event_relay.queues import REDELIVER_TIMEOUT, Queues
from relay.config.fields import CLAIM_CHECK
from relay.config.model import Config

# Five PutPartnerEvents requests for each invocation, if the messages are small.
BATCH_SIZE = 100


class Redeliver(Construct):
    """The redeliver function, invoked with batches of the retry queue."""

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
        queues.grant_consume_retries(self.function)
        mapping = lambda_.EventSourceMapping(
            self,
            "RetryQueue",
            target=self.function.live,
            event_source_arn=queues.retry.queue_arn,
            batch_size=BATCH_SIZE,
            max_batching_window=cdk.Duration.seconds(1),
            # So that the backlog of one outage does not cause the next one.
            max_concurrency=capacity.redelivery_concurrency(props.stage.quotas),
            report_batch_item_failures=True,
        )
        # Lambda checks that the role may receive from the queue when it creates the mapping.
        mapping.node.add_dependency(self.function.role)
