"""Read the catalog: a folder with a TOML file for each detail-type; all mistakes are reported at once."""

import json
import os
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from relay.catalog.event_type import EventType
from relay.config.suggestions import similar_names
from relay.entry import MAX_DETAIL_TYPE
from relay.errors import ConfigError
from relay.templates import strict_json
from relay.templates.strict_json import NotJSON

MAX_BYTES = 2 * 1024 * 1024
"""Of descriptions and samples together, in JSON. The customers' page gets them in one answer, and Lambda sends 6 MB: as
text within JSON, each quotation mark has two characters.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""
FOLDER = "events"
"""The folder of the catalog, which stands beside relay.toml."""
KEYS = ("detail_type", "description", "since", "deprecated", "sample", "schema")


def catalog_path(config: Path) -> Path:
    """Return the folder of the catalog that belongs to a relay.toml."""
    return config.parent / FOLDER


def load(folder: Path) -> tuple[EventType, ...]:
    """Return the event types of a folder in the order of their detail-types, none if there is no folder.

    Raise ConfigError with one sentence for every mistake: its file and key, what was expected, and what is there.
    """
    types = {event_type.detail_type: event_type for event_type in load_files(folder).values()}
    return tuple(types[name] for name in sorted(types))


def load_files(folder: Path) -> dict[Path, EventType]:
    """Return the event type of each file of a folder. Raise ConfigError as `load` does."""
    problems: list[str] = []
    types: dict[Path, EventType] = {}
    names: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        name = f"{folder.name}/{path.name}"
        event_type = _read(path, name, problems)
        if event_type is None:
            continue
        types[path] = event_type
        first = names.setdefault(event_type.detail_type, name)
        if first != name:
            problems.append(f'{name}: detail_type: {first} already describes "{event_type.detail_type}"')
    size = sum(len(json.dumps([each.description, each.sample])) for each in types.values())
    if size > MAX_BYTES:
        problems.append(f"{folder.name}: expected at most {MAX_BYTES} bytes of descriptions and samples, got {size}")
    if problems:
        raise ConfigError(problems)
    return types


def _read(path: Path, name: str, problems: list[str]) -> EventType | None:
    """Return the event type of a file, or None after its mistakes were added to `problems`."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        problems.append(f"{name}: cannot be read: {os.strerror(error.errno or 0)}")
        return None
    except ValueError as error:
        problems.append(f"{name}: is not TOML: {error}")
        return None
    reader = _Reader(table, path.stem)
    event_type = reader.event_type()
    problems.extend(f"{name}: {mistake}" for mistake in reader.mistakes)
    return None if reader.mistakes else event_type


class _Reader:
    """Reads the keys of one file; `mistakes` has a sentence for each that is wrong."""

    def __init__(self, table: Mapping[str, Any], stem: str) -> None:
        self.mistakes: list[str] = []
        self._table = table
        self._stem = stem

    def event_type(self) -> EventType:
        """Return the event type; it is of no use if there are mistakes."""
        for key in sorted(self._table.keys() - set(KEYS)):
            close = similar_names(key, KEYS)
            hint = f'did you mean "{close[0]}"?' if close else f"expected one of {', '.join(KEYS)}"
            self.mistakes.append(f"{key}: unknown key; {hint}")
        detail_type, description = self._text("detail_type", self._stem), self._text("description", "").strip()
        if not 0 < len(detail_type) <= MAX_DETAIL_TYPE:
            self._expect("detail_type", f"expected 1 to {MAX_DETAIL_TYPE} characters", detail_type)
        since = self._date("since") or date.min
        if "since" not in self._table:
            self.mistakes.append("since: missing; expected the day of the first event, such as 2026-11-22")
        deprecated = self._date("deprecated")
        if deprecated and deprecated < since:
            self._expect("deprecated", "expected no day before since", deprecated)
        return EventType(detail_type, description, since, deprecated, self._object("sample"), self._object("schema"))

    def _text(self, key: str, default: str) -> str:
        value = self._table.get(key, default)
        if isinstance(value, str):
            return value
        self._expect(key, "expected text", value)
        return default

    def _date(self, key: str) -> date | None:
        value = self._table.get(key)
        # A datetime is a date to Python.
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        self._expect(key, "expected a day without quotes, such as 2026-11-22", value)
        return None

    def _object(self, key: str) -> dict[str, Any]:
        """Return the object of a JSON text: TOML has no null, which webhooks are full of."""
        text = self._table.get(key)
        if text is None:
            self.mistakes.append(f"{key}: missing; expected a JSON object between ''' and '''")
        elif not isinstance(text, str):
            self._expect(key, "expected a JSON object as text, between ''' and '''", text)
        else:
            try:
                value = strict_json.parse(text)
            except NotJSON as error:
                self.mistakes.append(f"{key}: is not JSON: {error}")
                return {}
            if isinstance(value, dict):
                return value
            self._expect(key, "expected a JSON object", value)
        return {}

    def _expect(self, key: str, expected: str, value: object) -> None:
        self.mistakes.append(f"{key}: {expected}, got {value!r:.60}")
