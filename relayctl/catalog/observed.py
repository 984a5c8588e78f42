"""The events of webhooks, as the catalog describes them: whole details, also of those that travel as claim checks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from relay.archive.mapping import map_webhook
from relay.archive.record import ArchivedWebhook
from relay.config.model import Config
from relay.config.route import Route
from relay.delivery.undelivered import NotSent
from relay.entry import Entry, refusal
from relay.errors import MappingError, Rejected
from relay.mapping.entries import MAX_BYTES
from relay.templates import strict_json
from relay.templates.strict_json import NotJSON
from relayctl import preview
from relayctl.catalog.placeholders import Path

DECIDING = ("detail_type", "when", "region")
"""Templates of an event whose values decide how it is mapped, so that placeholders would make another event of it."""


class NoEvents(Exception):
    """A webhook that cannot be mapped; the message says why."""


@dataclass(frozen=True, slots=True)
class Observed:
    """An event: its detail-type and its detail."""

    detail_type: str
    detail: Mapping[str, Any]


def events(webhook: ArchivedWebhook, config: Config) -> Iterator[Observed]:
    """Yield the events that a webhook becomes, without those that EventBridge would refuse. Raise NoEvents.

    Every customer is taken to have one destination that wants everything.
    """
    whole = replace(config, limits=config.limits._replace(entry=MAX_BYTES))
    try:
        mapped = map_webhook(webhook, whole, partial(preview.sample_destinations, config), lambda entry, _: entry)
    except (MappingError, Rejected) as error:
        raise NoEvents(str(error)) from error
    for each in mapped:
        if isinstance(each, NotSent):
            continue
        entry = each if isinstance(each, Entry) else each.entry
        if refusal(entry, config.partner):
            continue
        try:
            detail = strict_json.parse(entry.detail)
            strict_json.dump(detail)  # a number may be too large to be one
        except NotJSON as error:
            raise NoEvents(f'route "{webhook.route}": the detail is not JSON: {error}') from error
        yield Observed(entry.detail_type, detail)


def deciding_paths(route: Route) -> frozenset[Path]:
    """Return the paths inside details whose values decide how a webhook of a route is mapped."""
    detail = route.event.detail
    roots = detail.paths() if detail else {("body",)}
    if len(roots) != 1:
        return frozenset()
    [root] = roots
    templates = [template for name in DECIDING if (template := getattr(route.event, name))]
    paths = {path for template in templates for path in template.paths()}
    return frozenset(path[len(root) :] for path in paths if path[: len(root)] == root)
