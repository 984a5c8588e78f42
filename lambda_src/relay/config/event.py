"""Reads the `event` table of a route: how a webhook becomes entries."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from relay.config.table import INVALID_TEMPLATE, Table
from relay.entry import MAX_DETAIL_TYPE, MAX_SOURCE, SOURCE
from relay.templates.template import Placeholder, Template, literal_prefix

NAMES = ("body", "headers", "path", "query", "delivery_id", "received_at")


@dataclass(frozen=True, slots=True)
class EventTemplate:
    """`[route.event]`: how a webhook becomes entries. What is None has the default of relay.toml."""

    source: Template
    detail_type: Template
    time: Template | None
    resources: Template | None
    detail: Template | None
    region: Template | None
    each: Template | None
    claim_check_detail: Template | None
    when: Template | None


def read(table: Table, bus: str, partner: str, regions: Sequence[str]) -> EventTemplate:
    """The templates. `bus` is the route's event bus, empty for partner events."""
    each = table.template("each", NAMES)
    names = (*NAMES, "item") if each else NAMES
    event = EventTemplate(
        source=table.template("source", names, None) or INVALID_TEMPLATE,
        detail_type=table.template("detail_type", names, None) or INVALID_TEMPLATE,
        time=table.template("time", names),
        resources=table.template("resources", names),
        detail=table.template("detail", names),
        region=table.template("region", names),
        each=each,
        claim_check_detail=table.template("claim_check_detail", names),
        when=table.template("when", names),
    )
    if event.source is not INVALID_TEMPLATE:
        _note_wrong_source(table, event.source, bus, partner)
    detail_type, complete = literal_prefix(event.detail_type)
    if len(detail_type) > MAX_DETAIL_TYPE:
        table.problem("detail_type", f"expected at most {MAX_DETAIL_TYPE} characters, got {len(detail_type)}")
    if event.region:
        region, complete = literal_prefix(event.region)
        if complete and region not in regions:
            table.problem("region", f'expected one of regions, got "{region}"')
    for key, template in (
        ("each", event.each),
        ("resources", event.resources),
        ("detail", event.detail),
        ("claim_check_detail", event.claim_check_detail),
        ("when", event.when),
    ):
        if template and not (len(template.parts) == 1 and isinstance(template.parts[0], Placeholder)):
            table.problem(key, f'expected one placeholder, such as "${{body.{key}}}", got "{template.text}"')
    table.end()
    return event


def _note_wrong_source(table: Table, template: Template, bus: str, partner: str) -> None:
    source, complete = literal_prefix(template)
    if bus:
        if source.startswith("aws."):
            table.problem("source", f'expected one of your own for an ordinary bus, not aws.*, got "{template.text}"')
    elif partner and not (source.startswith(f"{partner}/") or (not complete and f"{partner}/".startswith(source))):
        table.problem("source", f'expected it to start with "{partner}/", got "{template.text}"')
    elif partner and complete and not (re.fullmatch(SOURCE, source) and len(source) <= MAX_SOURCE):
        table.problem("source", f'expected {SOURCE}, at most {MAX_SOURCE} characters, got "{source}"')
