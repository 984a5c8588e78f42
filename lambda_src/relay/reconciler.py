"""The Lambda handler behind a schedule of one minute: what AWS says of every destination's source, in all Regions."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from relay import bootstrap, destination_telemetry, telemetry
from relay.aws import partner_sources, registry_table
from relay.bootstrap_destinations import reconcile_services, reconcile_settings, sweep_services
from relay.config.model import Config
from relay.destinations import held
from relay.destinations.model import Destination
from relay.pipeline.reconcile import ReconcileServices, Report, Settings, reconcile
from relay.pipeline.sweep import sweep

RUN_SECONDS = 50
"""How long a run goes on: the next begins a minute after this one."""

MINUTES_BETWEEN_LISTS = 10
"""How often the names of all sources are listed, and what is held without a reason is looked for."""

TEN_MINUTE_TASKS_SECONDS = 20
"""How much of such a run is for those two: with a thousand sources in a Region, the looks would take all of it."""

Handler = Callable[[dict[str, Any], LambdaContext], None]


def create_handler(config: Config) -> Handler:
    """Return the handler, which looks at all Regions side by side."""
    settings = reconcile_settings(config)

    @telemetry.logger.inject_lambda_context
    @telemetry.metrics.log_metrics
    def handler(_event: dict[str, Any], _context: LambdaContext) -> None:
        looks_end, tasks_end = times(_now())
        destinations = list(registry_table.connect().all())
        services = reconcile_services(config, lambda: destinations)
        regions = regions_of(config, destinations)
        with ThreadPoolExecutor(len(regions)) as threads:
            runs = {region: threads.submit(_reconcile, region, services, settings, looks_end) for region in regions}
            reports = {region: run.result() for region, run in runs.items()}
        destination_telemetry.record_reconciliation(reports)
        if tasks_end:
            sweep_end = tasks_end - timedelta(seconds=TEN_MINUTE_TASKS_SECONDS / 2)
            if not settings.observe:
                released = sweep(sweep_services(), _now(), lambda: _now() < sweep_end, _anywhere(destinations))
                destination_telemetry.record_sweep(released)
            names = takewhile(lambda _: _now() < tasks_end, _source_names(config))
            destination_telemetry.record_orphans(orphans(names, destinations, registry_table.connect().all))

    return handler


def regions_of(config: Config, destinations: Iterable[Destination]) -> set[str]:
    """Return the Regions to reconcile: also those of destinations that relay.toml does not name any more.

    There the looks fail, which is reported, and what is held ends.
    """
    return {*config.regions, *(found.aws_region for found in destinations)}


def times(begun: datetime) -> tuple[datetime, datetime | None]:
    """Return when a run ends its looks, and when it ends what is done every ten minutes, None if it is not now."""
    ends_at = begun + timedelta(seconds=RUN_SECONDS)
    if begun.minute % MINUTES_BETWEEN_LISTS:
        return ends_at, None
    return ends_at - timedelta(seconds=TEN_MINUTE_TASKS_SECONDS), ends_at


def orphans(
    names: Iterable[tuple[str, str]], before: Iterable[Destination], read: Callable[[], Iterable[Destination]]
) -> list[str]:
    """Return the Region and name of each source that belongs to no destination; none is ever deleted.

    `before` are the destinations that were there before the names were listed. `read` reads them again, if any name
    is not theirs: somebody may have connected meanwhile, and a destination is there before its source.
    """
    unknown = set(names) - {(found.aws_region, found.source) for found in before}
    if unknown:
        unknown -= {(found.aws_region, found.source) for found in read()}
    return [f"{region} {name}" for region, name in sorted(unknown)]


def _reconcile(region: str, services: ReconcileServices, settings: Settings, ends_at: datetime) -> Report:
    """Return the report of one Region. A Region that fails whole does not stop the others."""
    try:
        return reconcile(region, services, settings, ends_at)
    except Exception as error:  # noqa: BLE001 - the other Regions' destinations are looked at
        telemetry.record_crash(error)
        return Report(failed=[f"{region}: {type(error).__name__}"])


def _source_names(config: Config) -> Iterator[tuple[str, str]]:
    """Yield the Region and name of each source of ours.

    A route without customer has sources of its own, which nothing here can tell from orphans: there are none then.
    """
    if any(not route.customer and not route.bus for route in config.routes):
        return
    for region in config.regions:
        for name in partner_sources.list_sources(region, f"{config.partner}/"):
            yield region, name


def _anywhere(destinations: Sequence[Destination]) -> str:
    """Return where a sweep begins: another destination each time, so that none is always too late."""
    if not destinations:
        return held.HELD
    found = secrets.choice(destinations)
    return held.prefix(found.customer, found.name, found.id)


def _now() -> datetime:
    return datetime.now(UTC)


handler = create_handler(bootstrap.load_config())
