"""Who may put which events on EventBridge. There is nothing to create: the buses belong to customers, or exist."""

from dataclasses import dataclass

import aws_cdk as cdk

from partner_event_relay.functions.function import RelayFunction
from relay.config.model import Config


@dataclass(frozen=True)
class EventBuses:
    """The partner event sources, and the event buses of this account, that relay.toml sends events to.

    `notify_bus` receives the relay's own operational events, if it is not empty.
    """

    partner: str
    regions: tuple[str, ...]
    names: tuple[str, ...]
    notify_bus: str = ""

    @classmethod
    def from_config(cls, config: Config) -> "EventBuses":
        """Return the event buses of a relay.toml."""
        names = sorted({route.bus for route in config.routes if route.bus})
        return cls(config.partner, tuple(config.regions), tuple(names), config.notify_bus)

    def grant_put(self, function: RelayFunction) -> None:
        """Allow the function to put partner events in the Regions of relay.toml, and events on its event buses."""
        self.grant_put_partner_events(function)
        if self.names:
            stack = cdk.Stack.of(function)
            arns = [_bus_arn(stack, name, region) for name in self.names for region in self.regions]
            function.allow(["events:PutEvents"], arns)

    def grant_put_partner_events(self, function: RelayFunction) -> None:
        """Allow the function to put partner events in the Regions of relay.toml."""
        # The action has no resource: the Region bounds it here, the partner prefix bounds it in the function.
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
        condition = {"StringEquals": {"aws:RequestedRegion": list(self.regions)}}
        function.allow(["events:PutPartnerEvents"], ["*"], condition)

    def grant_notify(self, function: RelayFunction) -> None:
        """Allow the function to put operational events on the bus that receives them, in the relay's Region."""
        if self.notify_bus:
            stack = cdk.Stack.of(function)
            function.allow(["events:PutEvents"], [_bus_arn(stack, self.notify_bus, stack.region)])

    def grant_manage_sources(self, function: RelayFunction) -> None:
        """Allow the function to create, delete and look at the partner event sources of this partner."""
        actions = ["CreatePartnerEventSource", "DeletePartnerEventSource", "ListPartnerEventSourceAccounts"]
        function.allow([f"events:{action}" for action in actions], self._source_arns(function))

    def grant_list_sources(self, function: RelayFunction) -> None:
        """Allow the function to list the partner event sources of this partner, and their accounts."""
        function.allow(["events:ListPartnerEventSources"], ["*"])
        for arn in self._source_arns(function):
            function.allow(["events:ListPartnerEventSourceAccounts"], [arn])

    def _source_arns(self, function: RelayFunction) -> list[str]:
        stack, name = cdk.Stack.of(function), f"{self.partner}/*"
        return [
            stack.format_arn(service="events", region=region, account="", resource="event-source", resource_name=name)
            for region in self.regions
        ]


def _bus_arn(stack: cdk.Stack, bus: str, region: str) -> str:
    if bus.startswith("arn:"):
        return bus
    return stack.format_arn(service="events", resource="event-bus", resource_name=bus, region=region)
