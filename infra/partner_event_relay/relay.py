"""The relay, composed: API, functions, queues and monitoring for one configuration."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from partner_event_relay import nag
from partner_event_relay.archive import Archive
from partner_event_relay.canary import Canary
from partner_event_relay.destinations.destinations import CustomerDestinations
from partner_event_relay.destinations.stores import DAY_SECONDS
from partner_event_relay.event_buses import EventBuses
from partner_event_relay.front import Front, limits
from partner_event_relay.front.function_url import FunctionUrlFront
from partner_event_relay.front.http_api import HttpApiFront
from partner_event_relay.front.rest_api import RestApiFront
from partner_event_relay.functions.function import FunctionProps
from partner_event_relay.functions.ingest import Ingest
from partner_event_relay.functions.redeliver import Redeliver
from partner_event_relay.functions.source_health import SourceHealth
from partner_event_relay.monitoring.insights import EntryInsights
from partner_event_relay.monitoring.line_metrics import LineMetrics
from partner_event_relay.monitoring.monitoring import Monitoring
from partner_event_relay.outputs import Outputs
from partner_event_relay.queues import Queues
from partner_event_relay.stages import HTTP, REST, URL, Stage
from relay.config.choices import CLAIM_CHECK
from relay.config.model import Config

FRONTS: Mapping[str, Callable[..., Front]] = {HTTP: HttpApiFront, REST: RestApiFront, URL: FunctionUrlFront}


class Relay(Construct):
    """Everything of one relay, with the stack's outputs. It takes values: what reads files is in prepare.py.

    `config` is the relay.toml that `code` contains; `control_code` is the package of the control API, which only a
    relay.toml with `[destinations]` needs. `config_path` is the relay.toml, which is kept beside the functions' code.
    Raise ValueError for `[destinations]` without `control_code`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: Config,
        stage: Stage,
        code: lambda_.Code,
        architecture: lambda_.Architecture,
        control_code: lambda_.Code | None = None,
        config_path: Path | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        if config.destinations and control_code is None:
            raise ValueError("relay.toml has [destinations]: pass control_code, the package of the control API")
        props = FunctionProps(code, architecture, stage)
        event_buses = EventBuses.from_config(config)
        self.queues = Queues(self, "Queues", stage=stage, hold_days=_hold_days(config))
        self.ingest = Ingest(
            self, "Ingest", config=config, props=props, queues=self.queues, event_buses=event_buses
        ).function
        self.redeliver = Redeliver(
            self, "Redeliver", config=config, props=props, queues=self.queues, event_buses=event_buses
        ).function
        self.source_health = SourceHealth(
            self, "SourceHealth", props=props, queues=self.queues, event_buses=event_buses
        ).function
        self.destinations: CustomerDestinations | None = None
        if config.destinations and control_code:
            self.destinations = CustomerDestinations(
                self,
                "Destinations",
                destinations=config.destinations,
                props=props,
                control_code=control_code,
                queues=self.queues,
                event_buses=event_buses,
            )
            self.destinations.stores.grant_deliver(self.ingest)
            self.destinations.stores.grant_deliver(self.redeliver)
            self.destinations.stores.grant_list(self.source_health)
            self.queues.grant_read_claim_checks(self.redeliver)
        # What a new version leaves in a queue, or holds, is for a Region or in a form that the old ones may not know.
        readers = [self.redeliver, *([self.destinations.releaser] if self.destinations else [])]
        self.ingest.live.node.add_dependency(*(reader.live for reader in readers))
        self.archive: Archive | None = None
        if config.archive:
            self.archive = Archive(self, "Archive", settings=config.archive, stage=stage)
            self.archive.grant_write(self.ingest)
            if self.destinations:
                self.archive.grant_read(self.destinations.releaser)
                if any(route.on_oversize == CLAIM_CHECK for route in config.routes):
                    self.queues.grant_claim_checks(self.destinations.releaser)
        self.front: Front = FRONTS[stage.front](self, "Front", config=config, function=self.ingest.live, stage=stage)
        self.monitoring = Monitoring(
            self,
            "Monitoring",
            stage=stage,
            front=self.front,
            functions={
                "Ingest": self.ingest.resource,
                "Redeliver": self.redeliver.resource,
                "SourceHealth": self.source_health.resource,
                **(self.destinations.functions if self.destinations else {}),
            },
            queues=self.queues,
            routes=[route.name for route in config.routes],
            has_destinations=self.destinations is not None,
            archive_freshness=self.archive.metric_freshness() if self.archive else None,
            has_failover=any(route.failover_region for route in config.routes),
        )
        LineMetrics(self, "LineMetrics", log_group=self.ingest.log_group, log_entries=config.log_entries)
        if config.log_entries:
            EntryInsights(
                self,
                "EntryInsights",
                ingest=self.ingest.log_group,
                later=[function.log_group for function in readers],
            )
        if stage.canary:
            Canary(self, "Canary", function=self.ingest, monitoring=self.monitoring)
        if stage.retain and not stage.reserved_concurrency:
            text = (
                "without reserved_concurrency a flood of webhooks can use all of the account's Lambda concurrency:"
                " set it (docs/how-to/stages-and-releases.md)"
            )
            cdk.Annotations.of(self).add_warning_v2("no-reserved-concurrency", text)
        for number, text in enumerate(limits.overloaded(config, stage)):
            cdk.Annotations.of(self).add_warning_v2(f"overloaded-{number}", text)
        nag.suppress(self, config, self.queues.overflow, self.destinations, self.archive)
        cdk.Tags.of(self).add("service", "partner-event-relay")
        cdk.Tags.of(self).add("stage", stage.name)
        self._add_outputs(config, stage, config_path)

    def _add_outputs(self, config: Config, stage: Stage, config_path: Path | None) -> None:
        outputs = Outputs(self)
        outputs.add_urls(config.routes, self.front, stage)
        outputs.add_resources(self.front, self.monitoring, self.queues, self.ingest, self.redeliver)
        if self.archive:
            outputs.add_archive(self.archive)
        if config_path:
            outputs.add_relay_toml(config_path)
        if self.destinations:
            outputs.add_destinations(self.destinations)
        outputs.add("Partner", config.partner, "`relayctl doctor` compares stages by it")


def _hold_days(config: Config) -> int:
    """Return for how many days entries may be held for customers."""
    return math.ceil(config.destinations.longest_hold / DAY_SECONDS) if config.destinations else 0
