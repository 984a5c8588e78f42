"""Learn the catalog from webhooks: which event types there are, and what each looks like."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from relay.archive.record import ArchivedWebhook
from relay.catalog.event_type import EventType
from relay.config.model import Config
from relayctl.catalog import observed, writing
from relayctl.catalog.inference import Inference
from relayctl.catalog.observed import NoEvents, Observed
from relayctl.catalog.placeholders import Path as Inside
from relayctl.catalog.placeholders import replace_values

MOST_TYPES = 1000
"""More detail-types than these are those of a template that makes one of each webhook."""


@dataclass(slots=True)
class Learned:
    """What each event type looks like, and how many webhooks could not be learned from, by the reason."""

    types: dict[str, Inference] = field(default_factory=dict)
    kept: dict[str, frozenset[Inside]] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)

    def add(self, event: Observed, schema: Mapping[str, Any] | None, kept: frozenset[Inside]) -> None:
        """Learn from an event, whose type may have a schema. Raise NoEvents, or ValueError if it is too deep."""
        name = event.detail_type
        if name not in self.types and len(self.types) >= MOST_TYPES:
            raise NoEvents(f"there are more than {MOST_TYPES} detail-types")
        self.types.setdefault(name, Inference(schema)).add(event.detail)
        self.kept[name] = self.kept.get(name, frozenset()) | kept


def learn(webhooks: Iterable[ArchivedWebhook], config: Config, known: Iterable[EventType]) -> Learned:
    """Return what webhooks become by relay.toml; the schemas of types that are `known` are gone on from."""
    schemas = {each.detail_type: each.schema for each in known}
    kept = {route.name: observed.deciding_paths(route) for route in config.routes}
    learned = Learned()
    for webhook in webhooks:
        try:
            for event in observed.events(webhook, config):
                learned.add(event, schemas.get(event.detail_type), kept[webhook.route])
        except (NoEvents, ValueError) as error:
            learned.skipped[str(error)] += 1
    return learned


@dataclass(frozen=True, slots=True)
class Written:
    """A file of the catalog, what was done with it, and of how many events it was learned."""

    detail_type: str
    file: Path
    what: str
    events: int


NEW, EXTENDED, UNCHANGED, MISFIT = "new", "schema extended", "unchanged", "does not fit"


def write(
    learned: Learned, folder: Path, files: Mapping[Path, EventType], since: date, *, keep_values: bool
) -> list[Written]:
    """Write what was learned into the folder of the catalog, whose `files` are given, and return what was done.

    A new type begins on `since` and has no description. Of a known one only the schema is ever written, and only where
    it has to be extended. Raise OSError.
    """
    paths = {event_type.detail_type: path for path, event_type in files.items()}
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, inference in sorted(learned.types.items()):
        if path := paths.get(name):
            what = _extend(path, files[path], inference)
        else:
            path = folder / writing.file_name(name, [each.name for each in paths.values()])
            paths[name], what = path, NEW
            sample = inference.sample or {}
            sample = sample if keep_values else replace_values(sample, learned.kept[name])
            event_type = EventType(name, "", since, None, sample, inference.schema())
            path.write_text(writing.text_of(event_type, path.stem), "utf-8")
        written.append(Written(name, path, what, inference.count))
    return written


def _extend(path: Path, event_type: EventType, inference: Inference) -> str:
    if inference.misfits:
        return f"{MISFIT}: {inference.misfits[0]}"
    if (schema := inference.schema()) == event_type.schema:
        return UNCHANGED
    writing.replace_schema(path, schema)
    return EXTENDED
