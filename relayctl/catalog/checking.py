"""Everything that `relayctl catalog check` looks at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from relay.catalog.event_type import EventType
from relay.config.model import Config
from relayctl.catalog import mapped, validation
from relayctl.catalog.compatibility import breaking_changes

SCHEMA, SAMPLE, MAPPING, MISSING, BREAKING = "schema", "sample", "mapping", "missing", "breaking"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an event type, and which of the checks has found it."""

    detail_type: str
    check: str
    message: str


def problems(event_types: Sequence[EventType], config: Config) -> Iterator[Problem]:
    """Yield what is wrong with the catalog by itself, and beside relay.toml."""
    for each in event_types:
        if mistake := validation.schema_mistake(each.schema):
            yield Problem(each.detail_type, SCHEMA, mistake)
        else:
            for mistake in validation.mistakes(each.sample, each.schema):
                yield Problem(each.detail_type, SAMPLE, mistake)
        for reason in mapped.problems(each, config):
            yield Problem(each.detail_type, MAPPING, reason)
    known = {each.detail_type for each in event_types}
    for detail_type, route in mapped.literal_detail_types(config).items():
        if detail_type not in known:
            yield Problem(detail_type, MISSING, f'route "{route}" sends it, and the catalog does not describe it')


def breaking(old: Sequence[EventType], new: Sequence[EventType], today: date) -> Iterator[Problem]:
    """Yield what breaks the consumers of the event types of before. A schema that is none cannot be compared."""
    broken = {each.detail_type for each in (*old, *new) if validation.schema_mistake(each.schema)}
    comparable = [each for each in old if each.detail_type not in broken]
    try:
        for change in breaking_changes(comparable, new, today):
            yield Problem(change.detail_type, BREAKING, str(change))
    except ValueError as error:
        yield Problem("", SCHEMA, str(error))
    for detail_type in sorted(broken & {each.detail_type for each in old}):
        yield Problem(detail_type, SCHEMA, "cannot be compared: one of its schemas is none")
