"""Read the `event` table of a route: how a webhook becomes entries."""

import re
from collections.abc import Sequence

from relay.config.fields import EACH, EVENT_FIELDS
from relay.config.route import EventTemplate
from relay.config.table import INVALID_TEMPLATE, Table
from relay.entry import MAX_DETAIL_TYPE, MAX_SOURCE, SOURCE
from relay.templates.template import Placeholder, Template, literal_prefix

_ONE_PLACEHOLDER = ("each", "resources", "detail", "claim_check_detail", "when")


def read_event(
    table: Table, bus: str, partner: str, regions: Sequence[str], *, has_customer: bool = False
) -> EventTemplate:
    """Return the templates. `bus` is the route's event bus, empty for partner events.

    With a customer the route's events have no source and Region of their own.
    """
    each = table.value(EACH)
    names, required = ("item",) if each else (), () if has_customer else ("source",)
    event = EventTemplate(each=each, **table.values(EVENT_FIELDS, names=names, required=required))
    table.explain_missing("source", ", or on the route `customer`: whose event it is")
    for key in ("source", "region") if has_customer else ():
        if getattr(event, key):
            table.add_error(key, "expected none: a route with customer sends to the customer's destinations")
    if event.source and event.source is not INVALID_TEMPLATE and not has_customer:
        _check_source(table, event.source, bus, partner)
    detail_type, _ = literal_prefix(event.detail_type)
    if len(detail_type) > MAX_DETAIL_TYPE:
        table.add_error("detail_type", f"expected at most {MAX_DETAIL_TYPE} characters, got {len(detail_type)}")
    if event.region:
        region, is_complete = literal_prefix(event.region)
        if is_complete and region not in regions:
            table.add_error("region", f'expected one of regions, got "{region}"')
    for key in _ONE_PLACEHOLDER:
        template = getattr(event, key)
        if template and not (len(template.parts) == 1 and isinstance(template.parts[0], Placeholder)):
            table.add_error(key, f'expected one placeholder, such as "${{body.{key}}}", got "{template.text}"')
    table.reject_unknown_keys()
    return event


def _check_source(table: Table, template: Template, bus: str, partner: str) -> None:
    source, is_complete = literal_prefix(template)
    if bus:
        if source.startswith("aws."):
            table.add_error("source", f'expected one of your own for an ordinary bus, not aws.*, got "{template.text}"')
    elif partner and not (source.startswith(f"{partner}/") or (not is_complete and f"{partner}/".startswith(source))):
        table.add_error("source", f'expected it to start with "{partner}/", got "{template.text}"')
    elif partner and is_complete and not (re.fullmatch(SOURCE, source) and len(source) <= MAX_SOURCE):
        table.add_error("source", f'expected {SOURCE}, at most {MAX_SOURCE} characters, got "{source}"')
