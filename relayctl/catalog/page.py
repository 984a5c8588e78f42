"""The catalog as a folder of static files: a page without scripts, an index in JSON, and a schema for each type."""

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from relay.catalog.event_type import EventType
from relayctl.catalog.writing import file_name

STYLE = Path(__file__).with_name("page.css")
ACCOUNT, REGION = "222222222222", "us-east-1"
"""Of the customer in a sample."""

_TOKEN = re.compile(
    r'(?P<name>"(?:[^"\\]|\\.)*"(?=:))|(?P<text>"(?:[^"\\]|\\.)*")|(?P<value>\b(?:true|false|null)\b|-?\b\d[\d.eE+-]*)'
)


def write(folder: Path, event_types: Sequence[EventType], *, partner: str, title: str, today: date) -> None:
    """Write the page and its files into a folder. Raise OSError."""
    files = _files(event_types)
    (folder / "schemas").mkdir(parents=True, exist_ok=True)
    for each in event_types:
        _write_json(folder / "schemas" / files[each.detail_type], each.schema)
    _write_json(
        folder / "catalog.json", {"event_types": [_index(each, files[each.detail_type]) for each in event_types]}
    )
    (folder / "index.html").write_text(page(event_types, partner=partner, title=title, today=today), "utf-8")


def page(event_types: Sequence[EventType], *, partner: str, title: str, today: date) -> str:
    """Return the page."""
    files = _files(event_types)
    name = html.escape(title)
    links = "".join(_link(each, files[each.detail_type], today) for each in event_types)
    sections = "".join(_section(each, files[each.detail_type], partner, today) for each in event_types)
    contents = f'<nav aria-label="Event types"><ul>{links}</ul></nav>' if event_types else "<p>There are none yet.</p>"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{name}</title>\n<style>\n{STYLE.read_text('utf-8')}</style>\n</head>\n<body>\n"
        f"<main>\n<h1>{name}</h1>\n"
        f"<p>Events that arrive on your Amazon EventBridge partner event bus. "
        'All of this is also in <a href="catalog.json">catalog.json</a>.</p>\n'
        f"{contents}\n{sections}</main>\n</body>\n</html>\n"
    )


def _files(event_types: Sequence[EventType]) -> dict[str, str]:
    """Return the name of each type's schema."""
    names: dict[str, str] = {}
    for each in event_types:
        names[each.detail_type] = file_name(each.detail_type, names.values(), ".json")
    return names


def _index(event_type: EventType, file: str) -> dict[str, Any]:
    return {
        "detail_type": event_type.detail_type,
        "description": event_type.description,
        "since": event_type.since.isoformat(),
        "deprecated": event_type.deprecated.isoformat() if event_type.deprecated else None,
        "schema": f"schemas/{file}",
        "sample": event_type.sample,
    }


def _link(event_type: EventType, file: str, today: date) -> str:
    mark = " (deprecated)" if _is_deprecated(event_type, today) else ""
    return f'<li><a href="#{_anchor(file)}">{html.escape(event_type.detail_type)}</a>{mark}</li>'


def _section(event_type: EventType, file: str, partner: str, today: date) -> str:
    anchor, name = _anchor(file), html.escape(event_type.detail_type)
    event = event_type.sample_event(
        source=f"{partner}/CUSTOMER/DESTINATION",
        account=ACCOUNT,
        region=REGION,
        time=datetime.combine(event_type.since, time(), UTC),
    )
    properties = event_type.schema.get("properties")
    return (
        f'<section aria-labelledby="{anchor}">\n<h2 id="{anchor}">{name}</h2>\n'
        f"<p>{html.escape(event_type.description) or 'Not described yet.'}</p>\n"
        f"<p>Since {_day(event_type.since)}.{_deprecation(event_type, today)} "
        f'<a href="schemas/{html.escape(file)}">JSON Schema of {name}</a></p>\n'
        f"{_table(event_type, properties) if isinstance(properties, dict) and properties else ''}"
        f"<h3>Event pattern</h3>\n{_code({'detail-type': [event_type.detail_type]}, f'Event pattern of {name}')}"
        f"<h3>Sample event</h3>\n{_code(event, f'Sample of {name}')}</section>\n"
    )


def _table(event_type: EventType, properties: Mapping[str, Any]) -> str:
    required = event_type.schema.get("required", ())
    rows = "".join(
        f'<tr><th scope="row"><code>{html.escape(name)}</code></th><td>{html.escape(_type(schema))}</td>'
        f"<td>{'always' if name in required else 'sometimes'}</td><td>{html.escape(_description(schema))}</td></tr>\n"
        for name, schema in properties.items()
    )
    return (
        f"<table>\n<caption>Detail of {html.escape(event_type.detail_type)}</caption>\n"
        '<thead><tr><th scope="col">Property</th><th scope="col">Type</th><th scope="col">There</th>'
        f'<th scope="col">Meaning</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n'
    )


def _type(schema: Any) -> str:
    if not isinstance(schema, dict):
        return "any"
    kinds = schema.get("type")
    if kinds is None:
        inner = [_type(each) for key in ("anyOf", "oneOf") for each in schema.get(key, ())]
        return " or ".join(dict.fromkeys(inner)) or "any"
    return kinds if isinstance(kinds, str) else " or ".join(kinds)


def _description(schema: Any) -> str:
    return str(schema.get("description", "")) if isinstance(schema, dict) else ""


def _is_deprecated(event_type: EventType, today: date) -> bool:
    return event_type.deprecated is not None and event_type.deprecated <= today


def _deprecation(event_type: EventType, today: date) -> str:
    if not event_type.deprecated:
        return ""
    verb = "Deprecated since" if _is_deprecated(event_type, today) else "Will be deprecated on"
    return f" <strong>{verb} {_day(event_type.deprecated)}.</strong>"


def _day(day: date) -> str:
    return f'<time datetime="{day.isoformat()}">{day.isoformat()}</time>'


def _anchor(file: str) -> str:
    return html.escape(file.removesuffix(".json"))


def _code(value: Any, label: str) -> str:
    """Return JSON with its tokens marked. Who uses a keyboard can scroll it: it may be wider than the page."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return f'<pre tabindex="0" role="region" aria-label="{label}"><code>{"".join(_marked(text))}</code></pre>\n'


def _marked(text: str) -> Iterator[str]:
    position = 0
    for match in _TOKEN.finditer(text):
        yield html.escape(text[position : match.start()])
        yield f'<span class="{match.lastgroup}">{html.escape(match[0])}</span>'
        position = match.end()
    yield html.escape(text[position:])


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")
