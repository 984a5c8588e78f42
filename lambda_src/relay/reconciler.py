"""The Lambda handler behind a schedule of one minute: what AWS says of every destination's source, in all Regions."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from relay import bootstrap, destination_telemetry, telemetry
from relay.aws import partner_sources, registry_table
from relay.bootstrap_destinations import reconcile_services, reconcile_settings, sweep_services
from relay.config.model import Config
from relay.destinations.model import Destination
from relay.pipeline.reconcile import ReconcileServices, Report, Settings, reconcile
from relay.pipeline.sweep import sweep

RUN_SECONDS = 50
"""How long a run goes on: the next begins a minute after this one."""

MINUTES_BETWEEN_LISTS = 10
"""How often the names of all sources are listed, and what is held without a reason is looked for."""

Handler = Callable[[dict[str, Any], LambdaContext], None]


def create_handler(config: Config) -> Handler:
    """Return the handler, which looks at all Regions side by side."""
    settings = reconcile_settings(config)

    @telemetry.logger.inject_lambda_context
    @telemetry.metrics.log_metrics
    def handler(_event: dict[str, Any], _context: LambdaContext) -> None:
        ends_at = datetime.now(UTC) + timedelta(seconds=RUN_SECONDS)
        destinations = list(registry_table.connect().all())
        services = reconcile_services(config, lambda: destinations)
        with ThreadPoolExecutor(len(config.regions)) as threads:
            runs = {
                region: threads.submit(_reconcile, region, services, settings, ends_at) for region in config.regions
            }
            reports = {region: run.result() for region, run in runs.items()}
        destination_telemetry.record_reconciliation(reports)
        if datetime.now(UTC).minute % MINUTES_BETWEEN_LISTS == 0:
            destination_telemetry.record_orphans(_orphans(config, destinations))
            if not settings.observe:
                released = sweep(sweep_services(), datetime.now(UTC), lambda: datetime.now(UTC) < ends_at)
                destination_telemetry.record_sweep(released)

    return handler


def _reconcile(region: str, services: ReconcileServices, settings: Settings, ends_at: datetime) -> Report:
    """Return the report of one Region. A Region that fails whole does not stop the others."""
    try:
        return reconcile(region, services, settings, ends_at)
    except Exception as error:  # noqa: BLE001 - the other Regions' destinations are looked at
        telemetry.record_crash(error)
        return Report(failed=[f"{region}: {type(error).__name__}"])


def _orphans(config: Config, destinations: Sequence[Destination]) -> list[str]:
    """Return the Region and name of each source of ours that belongs to no destination; none is ever deleted.

    A route without customer has sources of its own, which nothing here can tell from orphans: there are none then.
    """
    if any(not route.customer and not route.bus for route in config.routes):
        return []
    owned = {(destination.aws_region, destination.source) for destination in destinations}
    return [
        f"{region} {name}"
        for region in config.regions
        for name in partner_sources.list_sources(region, f"{config.partner}/")
        if (region, name) not in owned
    ]


handler = create_handler(bootstrap.load_config())
