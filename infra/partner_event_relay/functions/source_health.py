"""The function that checks the partner event sources every hour: EventBridge drops the events of a PENDING one."""

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from partner_event_relay.event_buses import EventBuses
from partner_event_relay.functions.function import FunctionProps, RelayFunction
from partner_event_relay.queues import Queues

# Each source takes one request of about 30 ms, so this is enough for some 30,000 of them.
TIMEOUT = cdk.Duration.minutes(15)
INTERVAL = cdk.Duration.hours(1)


class SourceHealth(Construct):
    """The function that counts the event sources by state, and its schedule.

    https://docs.aws.amazon.com/eventbridge/latest/onboarding/onboarding_tasks.html
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, props: FunctionProps, queues: Queues, event_buses: EventBuses
    ) -> None:
        super().__init__(scope, construct_id)
        self.function = RelayFunction(
            self,
            "Default",  # adds nothing to the logical ids
            handler="relay.source_health.handler",
            timeout=TIMEOUT,
            props=props,
        )
        queues.grant_remember_sources(self.function)
        event_buses.grant_list_sources(self.function)
        rule = events.Rule(self, "Hourly", schedule=events.Schedule.rate(INTERVAL))
        rule.add_target(targets.LambdaFunction(self.function.live, retry_attempts=0))
