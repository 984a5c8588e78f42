"""Customers' destinations as one construct: stores, control API, customers' page, reconciler and releaser."""

from collections.abc import Mapping
from dataclasses import replace

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from partner_event_relay.destinations.control_api import PAGE_PATH, ControlApi
from partner_event_relay.destinations.page_key import PageKey
from partner_event_relay.destinations.stores import RELEASER_TIMEOUT, DestinationStores
from partner_event_relay.event_buses import EventBuses
from partner_event_relay.functions.function import FunctionProps, RelayFunction
from partner_event_relay.queues import Queues
from partner_event_relay.stages import Stage
from relay.bootstrap_page import URL
from relay.config.destinations import Destinations

# A little under the 30 seconds after which API Gateway responds 503 by itself.
CONTROL_TIMEOUT = cdk.Duration.seconds(29)
RECONCILER_TIMEOUT = cdk.Duration.seconds(60)
RECONCILER_INTERVAL = cdk.Duration.minutes(1)
PAGE_CONCURRENCY = 10
"""How many requests to the customers' page are handled at once: anybody can send them."""
MAX_RELEASES = 10
"""How many destinations are released at the same time."""


class CustomerDestinations(Construct):
    """The functions that look after destinations. `control_code` is the package with the control API's libraries."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        destinations: Destinations,
        props: FunctionProps,
        control_code: lambda_.Code,
        queues: Queues,
        event_buses: EventBuses,
    ) -> None:
        super().__init__(scope, construct_id)
        self.stores = DestinationStores(self, "Stores", destinations=destinations, stage=props.stage)
        control_props = replace(props, code=control_code)
        self.control = self._add_control(control_props, event_buses)
        self.page = self._add_page(control_props, event_buses) if destinations.page else None
        self.reconciler = self._add_reconciler(props, event_buses)
        self.releaser = self._add_releaser(props, queues, event_buses)
        self.api = ControlApi(
            self,
            "ControlApi",
            function=self.control.live,
            page=self.page.live if self.page else None,
            callers=destinations.callers,
            stage=props.stage,
        )
        self.page_key = self._add_page_key(self.page, props.stage) if self.page else None

    @property
    def functions(self) -> Mapping[str, lambda_.IFunction]:
        """Return the functions by the names that alarms have."""
        return {
            "Control": self.control.resource,
            **({"Page": self.page.resource} if self.page else {}),
            "Reconciler": self.reconciler.resource,
            "Releaser": self.releaser.resource,
        }

    def _add_control(self, props: FunctionProps, event_buses: EventBuses) -> RelayFunction:
        function = RelayFunction(
            self, "Control", handler="relay.control_api.handler", timeout=CONTROL_TIMEOUT, props=props
        )
        self.stores.grant_control(function)
        event_buses.grant_manage_sources(function)
        event_buses.grant_put_partner_events(function)
        event_buses.grant_notify(function)
        return function

    def _add_page(self, props: FunctionProps, event_buses: EventBuses) -> RelayFunction:
        function = RelayFunction(
            self,
            "Page",
            handler="relay.customer_page.handler",
            timeout=CONTROL_TIMEOUT,
            props=props,
            # As for the reconciler; without it, the throttle of the page's routes bounds a flood.
            concurrency=PAGE_CONCURRENCY if props.stage.reserved_concurrency else 0,
        )
        self.stores.grant_manage(function)
        event_buses.grant_manage_sources(function)
        event_buses.grant_put_partner_events(function)
        event_buses.grant_notify(function)
        return function

    def _add_page_key(self, page: RelayFunction, stage: Stage) -> PageKey:
        key = PageKey(self, "PageKey", stage=stage)
        key.grant_read(page)
        key.grant_read(self.control)
        self.control.add_environment(URL, f"{self.api.url}{PAGE_PATH}")
        return key

    def _add_reconciler(self, props: FunctionProps, event_buses: EventBuses) -> RelayFunction:
        function = RelayFunction(
            self,
            "Reconciler",
            handler="relay.reconciler.handler",
            timeout=RECONCILER_TIMEOUT,
            props=props,
            # An account with little concurrency cannot reserve any; two runs at once only look twice.
            concurrency=1 if props.stage.reserved_concurrency else 0,
        )
        # The next minute's run does what a failed one has not done.
        function.live.configure_async_invoke(retry_attempts=0, max_event_age=RECONCILER_INTERVAL)
        self.stores.grant_reconcile(function)
        event_buses.grant_manage_sources(function)
        event_buses.grant_list_sources(function)
        event_buses.grant_notify(function)
        rule = events.Rule(self, "EveryMinute", schedule=events.Schedule.rate(RECONCILER_INTERVAL))
        rule.add_target(targets.LambdaFunction(function.live, retry_attempts=0))
        return function

    def _add_releaser(self, props: FunctionProps, queues: Queues, event_buses: EventBuses) -> RelayFunction:
        function = RelayFunction(
            self, "Releaser", handler="relay.releaser.handler", timeout=RELEASER_TIMEOUT, props=props
        )
        self.stores.grant_release(function)
        queues.grant_store(function)
        event_buses.grant_put_partner_events(function)
        event_buses.grant_notify(function)
        # What is held for weeks may have claim checks that no route of today would make.
        queues.grant_read_claim_checks(function)
        mapping = lambda_.EventSourceMapping(
            self,
            "ReleaseRequests",
            target=function.live,
            event_source_arn=self.stores.release_queue.queue_arn,
            batch_size=1,
            max_concurrency=MAX_RELEASES,
            report_batch_item_failures=True,
        )
        # Lambda checks that the role may receive from the queue when it creates the mapping.
        mapping.node.add_dependency(function.role)
        return function
