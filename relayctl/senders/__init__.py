"""What people ask about a sender beside its preset: an event of it, its settings, and what proves the preset."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from relay.config import presets
from relay.config.route import Route
from relay.http.body_formats import FORM, JSON, MULTIPART, media_type
from relayctl import output

FOLDER = Path(__file__).parent
GENERIC_SETUP = "Paste the route's URL into the sender's webhook settings, and store the secret that it shows."

_BOUNDARY = "relayctl"
_PATH = re.compile(r"(body|headers)\.([A-Za-z0-9_.]+)")


@dataclass(frozen=True, slots=True)
class Sample:
    """An event of a sender without what proves it: `source` is the page with its shape, empty if nobody compared it.

    `is_minimal` means that it was made from what the preset's templates read, and shows nothing else.
    """

    body: bytes
    headers: Mapping[str, str]
    query: str = ""
    source: str = ""
    is_minimal: bool = False

    @property
    def origin(self) -> str:
        """Return where the sample comes from, as the end of a sentence that begins with it."""
        if self.is_minimal:
            return "minimal: made from what the preset reads, not the sender's event"
        return (
            f"of the shape of {self.source}" if self.source else "written by hand, not compared with the sender's own"
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves a preset: one of the words that docs/reference/senders.md explains, and by whom."""

    proof: str
    by: str


@cache
def evidence() -> Mapping[str, Evidence]:
    """Return what proves each preset, by its name."""
    tables = tomllib.loads((FOLDER / "evidence.toml").read_text("utf-8"))
    return {name: Evidence(**table) for name, table in tables.items()}


def setup(name: str) -> str:
    """Return where the URL and the secret belong in the sender's settings."""
    return str(_tables().get(name, {}).get("setup", GENERIC_SETUP))


def sample(name: str) -> Sample:
    """Return the sample of a preset. Raise KeyError if there is no such preset."""
    preset = resolve(name)
    body_format, table = preset["body_format"], _tables().get(name)
    if table is None:
        fields, headers = _minimal(preset)
        content_type, body = _encode(body_format, fields)
        return Sample(body, {"content-type": content_type} | headers, is_minimal=True)
    content_type, body = _encode(body_format, table.get("form") or table["body"])
    headers = {"content-type": content_type} | table.get("headers", {})
    return Sample(body, headers, table.get("query", ""), table.get("source", ""))


def sample_of(route: Route) -> Sample:
    """Return the sample of a route's preset, and print where it is from. Exit with code 2 if it has no preset."""
    if not route.preset:
        output.fail(f'Give a PAYLOAD: route "{route.name}" has no preset, so there is no sample.', output.MISTAKE)
    found = sample(route.preset)
    output.print_message(f"The sample of {route.preset} is {found.origin}.")
    return found


def resolve(name: str) -> dict[str, Any]:
    """Return a preset with what it inherits. Raise KeyError if there is no such preset."""
    tables = presets.load()
    return presets.inherit(tables[name], tables.get(tables[name].get("extends", ""), {}))


@cache
def _tables() -> Mapping[str, dict[str, Any]]:
    return tomllib.loads((FOLDER / "samples.toml").read_text("utf-8"))


def _encode(body_format: str, content: str | Mapping[str, str]) -> tuple[str, bytes]:
    """Return the Content-Type and the body of a text, or of the fields of a form."""
    if isinstance(content, str):
        return media_type(body_format), content.encode()
    if body_format == FORM:
        return media_type(FORM), urlencode(content).encode()
    if body_format == MULTIPART:
        parts = "".join(
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in content.items()
        )
        return f"{media_type(MULTIPART)}; boundary={_BOUNDARY}", f"{parts}--{_BOUNDARY}--\r\n".encode()
    return media_type(JSON), json.dumps(content).encode()


def _minimal(preset: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the fields and headers that the detail-type and the delivery id are made of."""
    body: dict[str, Any] = {"sample": "minimal"}
    headers: dict[str, str] = {}
    for template in (preset["event"]["detail_type"], preset.get("delivery_id", "")):
        match = _PATH.search(template)
        if not match:
            continue
        place, path = match.groups()
        if place == "headers":
            headers[path.replace("_", "-")] = "sample"
        else:
            *tables, last = path.split(".")
            table = body
            for key in tables:
                table = table.setdefault(key, {})
            table[last] = "sample"
    return body, headers
