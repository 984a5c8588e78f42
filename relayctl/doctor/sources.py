"""Whether partner event sources, destinations and routes fit: none is missing, pending, or nobody's."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from relay.config.model import Config
from relay.config.route import Route
from relay.destinations.model import SourceStatus
from relay.templates.template import Template, literal_prefix
from relayctl.doctor.destinations import LOOKED_AT, Row, age, label
from relayctl.doctor.finding import RUNBOOK, Check, Finding, Unread, not_checked, ok, wrong

Source = tuple[str, str]
"""The Region and the name of a partner event source."""
Names = Mapping[str, Collection[str] | Unread]
"""The names of the sources of each Region."""
States = Mapping[Source, Collection[str] | Unread]
"""The states of sources, in the accounts that they are shared with."""

_STATES = {
    "PENDING": ("no event bus is attached: EventBridge accepts its events and drops them", "sourcespending"),
    "DELETED": ("it was deleted, and the customer's bus is there: its events are rejected", "sourcesdeleted"),
}


def regions_of(destinations: Sequence[Row] | Unread) -> set[str]:
    """Return the Regions of the destinations: relay.toml may not name all of them any more."""
    return set() if isinstance(destinations, Unread) else {row["aws_region"] for row in destinations}


def sources_of_routes(config: Config, names: Names, destinations: Sequence[Row] | Unread) -> list[Source]:
    """Return the sources that belong to a route's own template: those whose state nobody else looks at."""
    templates = [template for _, template in _own_sources(config)]
    return [
        source
        for source in sorted(_listed(names) - _owned(destinations))
        if any(_can_be(template, source[1]) for template in templates)
    ]


def check_sources(
    config: Config, names: Names, destinations: Sequence[Row] | Unread, states: States, now: datetime
) -> list[Finding]:
    """Compare the sources that exist with those that destinations and routes put entries to.

    The names have to be listed before the destinations: a destination is there before its source.
    """
    findings = [
        *_unread(names, destinations),
        *_missing(config, names, destinations, now),
        *_orphaned(config, names, destinations),
        *_of_routes(states),
    ]
    return findings or [ok(Check.SOURCES, f"{len(_listed(names))}, and each is a destination's or a route's")]


def _unread(names: Names, destinations: Sequence[Row] | Unread) -> Iterator[Finding]:
    for region, found in names.items():
        if isinstance(found, Unread):
            yield not_checked(Check.SOURCES, region, found)
    if isinstance(destinations, Unread):
        unread = replace(destinations, reason=f"whose sources these are is not known: {destinations.reason}")
        yield not_checked(Check.SOURCES, "destinations", unread)


def _missing(config: Config, names: Names, destinations: Sequence[Row] | Unread, now: datetime) -> Iterator[Finding]:
    for row in () if isinstance(destinations, Unread) else destinations:
        # What the registry knows to be missing is a finding of the destinations.
        if row["source_status"] == SourceStatus.MISSING or age(row, now) < LOOKED_AT:
            continue
        if _is_absent(names, row["aws_region"], row["source"]):
            message = f"the source of {label(row)} does not exist, and the registry takes it for {row['source_status']}"
            yield _wrong((row["aws_region"], row["source"]), message, f"{RUNBOOK}#reconcilersilent")
    for route, template in _own_sources(config):
        name, is_complete = literal_prefix(template)
        region = _region(route, config)
        if is_complete and region and _is_absent(names, region, name):
            message = f"route {route.name} puts its events to it, and it does not exist: they are rejected"
            yield _wrong((region, name), message, f"relayctl sources create {name} ACCOUNT --region {region}")
        for name in _names_of(template, names.get(region or "", ())) if route.failover_region else ():
            if _is_absent(names, route.failover_region, name):
                message = f"route {route.name} fails over to it, and it does not exist: no event arrives there"
                create = f"relayctl sources create {name} ACCOUNT --region {route.failover_region}"
                yield _wrong((route.failover_region, name), message, create)


def _orphaned(config: Config, names: Names, destinations: Sequence[Row] | Unread) -> Iterator[Finding]:
    if isinstance(destinations, Unread):
        return
    known = _owned(destinations) | set(sources_of_routes(config, names, destinations))
    for source in sorted(_listed(names) - known):
        yield _wrong(source, "it belongs to no destination and to no route of this stage", f"{RUNBOOK}#sourcesorphaned")


def _of_routes(states: States) -> Iterator[Finding]:
    for source, found in states.items():
        if isinstance(found, Unread):
            yield not_checked(Check.SOURCES, " ".join(source), found)
            continue
        for state in sorted(set(found)):
            if state in _STATES:
                message, section = _STATES[state]
                yield _wrong(source, f"{state}: {message}", f"relayctl sources status {source[1]}; {RUNBOOK}#{section}")


def _wrong(source: Source, message: str, action: str) -> Finding:
    return wrong(Check.SOURCES, " ".join(source), message, action)


def _listed(names: Names) -> set[Source]:
    return {(region, name) for region, found in names.items() if not isinstance(found, Unread) for name in found}


def _is_absent(names: Names, region: str, name: str) -> bool:
    found = names.get(region)
    return found is not None and not isinstance(found, Unread) and name not in found


def _owned(destinations: Sequence[Row] | Unread) -> set[Source]:
    rows = () if isinstance(destinations, Unread) else destinations
    return {(row["aws_region"], row["source"]) for row in rows}


def _own_sources(config: Config) -> list[tuple[Route, Template]]:
    """Return the routes that put partner events to sources of their own, with the templates of these."""
    return [(route, route.event.source) for route in config.routes if route.event.source and not route.bus]


def _region(route: Route, config: Config) -> str | None:
    """Return the Region of a route's entries, None if the webhook says it."""
    if not route.event.region:
        return config.regions[0]
    region, is_complete = literal_prefix(route.event.region)
    return region if is_complete else None


def _names_of(template: Template, found: Collection[str] | Unread) -> list[str]:
    """Return the sources of a Region that a webhook could choose, and the one that the template names."""
    name, is_complete = literal_prefix(template)
    if is_complete:
        return [name]
    return [] if isinstance(found, Unread) else [each for each in sorted(found) if _can_be(template, each)]


def _can_be(template: Template, name: str) -> bool:
    """Return whether a webhook could choose this source."""
    pattern = "".join(re.escape(part) if isinstance(part, str) else ".+" for part in template.parts)
    return re.fullmatch(pattern, name) is not None
