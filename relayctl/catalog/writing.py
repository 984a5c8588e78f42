"""Write event types into files, and leave what people have written there as it is."""

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Item

from relay.catalog.event_type import EventType

_SPELLED = re.compile(r"\x7f|[\ud800-\udfff]|(?<='')'")
"""What a TOML text between three apostrophes cannot have; JSON can spell all of it."""


def file_name(detail_type: str, taken: Collection[str], suffix: str = ".toml") -> str:
    """Return the name of a detail-type's file, `orders-create.toml` for `orders/create`; none of `taken`.

    Some file systems take capitals for small letters.
    """
    used = {name.casefold() for name in taken}
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", detail_type).strip("-.") or "event"
    names = (f"{stem}{number}{suffix}" for number in ("", *(f"-{number}" for number in range(2, len(used) + 3))))
    return next(name for name in names if name.casefold() not in used)


def text_of(event_type: EventType, stem: str) -> str:
    """Return the content of a new file, whose name is `stem`."""
    document = tomlkit.document()
    if event_type.detail_type != stem:
        document.add("detail_type", tomlkit.string(event_type.detail_type))
    document.add("description", tomlkit.string(event_type.description))
    document.add("since", tomlkit.date(event_type.since.isoformat()))
    if event_type.deprecated:
        document.add("deprecated", tomlkit.date(event_type.deprecated.isoformat()))
    document.add("sample", _json(event_type.sample))
    document.add("schema", _json(event_type.schema))
    return tomlkit.dumps(document)


def replace_schema(path: Path, schema: Mapping[str, Any]) -> None:
    """Give the event type in a file another schema, and change nothing else of it."""
    document = tomlkit.parse(path.read_text("utf-8"))
    document["schema"] = _json(schema)
    path.write_text(tomlkit.dumps(document), "utf-8")


def _json(value: Mapping[str, Any]) -> Item:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    spelled = _SPELLED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return tomlkit.value(f"'''\n{spelled}\n'''")
