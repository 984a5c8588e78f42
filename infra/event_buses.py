"""Who may put which events on EventBridge. There is nothing to create: the buses belong to customers, or exist."""

from dataclasses import dataclass

import aws_cdk as cdk

from infra.functions.function import RelayFunction
from relay.config.model import Config


@dataclass(frozen=True)
class EventBuses:
    """The partner event sources, and the event buses of this account, that relay.toml sends events to."""

    partner: str
    regions: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def from_config(cls, config: Config) -> "EventBuses":
        """Return the event buses of a relay.toml."""
        names = sorted({route.bus for route in config.routes if route.bus})
        return cls(config.partner, tuple(config.regions), tuple(names))

    def grant_put(self, function: RelayFunction) -> None:
        """Allow the function to put partner events in the Regions of relay.toml, and events on its event buses."""
        # The action has no resource: the Region bounds it here, the partner prefix bounds it in the function.
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
        condition = {"StringEquals": {"aws:RequestedRegion": list(self.regions)}}
        function.allow(["events:PutPartnerEvents"], ["*"], condition)
        if self.names:
            stack = cdk.Stack.of(function)
            arns = [_bus_arn(stack, name, region) for name in self.names for region in self.regions]
            function.allow(["events:PutEvents"], arns)

    def grant_list_sources(self, function: RelayFunction) -> None:
        """Allow the function to list the partner event sources of this partner, and their accounts."""
        function.allow(["events:ListPartnerEventSources"], ["*"])
        for region in self.regions:
            arn = cdk.Stack.of(function).format_arn(
                service="events", region=region, account="", resource="event-source", resource_name=f"{self.partner}/*"
            )
            function.allow(["events:ListPartnerEventSourceAccounts"], [arn])


def _bus_arn(stack: cdk.Stack, bus: str, region: str) -> str:
    if bus.startswith("arn:"):
        return bus
    return stack.format_arn(service="events", resource="event-bus", resource_name=bus, region=region)
