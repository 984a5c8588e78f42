"""Write relay.schema.json and the tables of docs/reference/relay-toml.md from the fields: `python -m tools.relay_toml`.

A test says when one of them is out of date.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from relay.config.archive import ARCHIVE_FIELDS
from relay.config.auth_tables import AUTH_TABLES
from relay.config.customer_page import PAGE_FIELDS
from relay.config.destinations import DESTINATION_FIELDS
from relay.config.field import DURATION, FLAG, NUMBER, SIZE, TABLE, TABLES, TEMPLATE, TEMPLATES, TEXT, TEXTS, Field
from relay.config.fields import EACH, EVENT_FIELDS, LIMIT_FIELDS, LOG_FIELDS, NOTIFY_FIELDS, ROUTE_FIELDS, TOP_FIELDS
from relay.config.handshake_fields import HANDSHAKE_FIELDS
from relay.config.json_schema import json_schema

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT / "relay.schema.json"
PAGE = ROOT / "docs" / "reference" / "relay-toml.md"
BEGIN, END = "<!-- Written by tools/relay_toml.py: -->\n", "<!-- end -->"

TABLES_OF_THE_PAGE = {
    "The top of the file": TOP_FIELDS,
    "`[limits]`": LIMIT_FIELDS,
    "`[destinations]`": DESTINATION_FIELDS,
    "`[destinations.page]`": PAGE_FIELDS,
    "`[archive]`": ARCHIVE_FIELDS,
    "`[notify]`": NOTIFY_FIELDS,
    "`[log]`": LOG_FIELDS,
    "`[[route]]`": ROUTE_FIELDS,
    "`[route.event]`": (*EVENT_FIELDS, EACH),
    **{f"`[route.auth]`: {kind}": fields for kind, fields in AUTH_TABLES.items()},
    "`[[route.handshake]]`": HANDSHAKE_FIELDS,
}
TYPES = {
    TEXT: "text",
    TEXTS: "text or list",
    FLAG: "`true` or `false`",
    TEMPLATE: "template",
    TEMPLATES: "table of templates",
    TABLE: "table",
    TABLES: "tables",
}


def schema() -> str:
    """Return the text of relay.schema.json."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"


def page(text: str) -> str:
    """Return the text of the page with its tables written anew."""
    tables = "\n".join(f"### {title}\n\n{_table(fields)}" for title, fields in TABLES_OF_THE_PAGE.items())
    return re.sub(f"(?s){re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: f"{BEGIN}\n{tables}\n{END}", text)


def _table(fields: Iterable[Field]) -> str:
    rows = ["| key | value | default | |", "|---|---|---|---|"]
    rows += [f"| `{field.name}` | {_value(field)} | {_default(field)} | {_escape(field.doc)} |" for field in fields]
    return "\n".join(rows) + "\n"


def _value(field: Field) -> str:
    choices = ", ".join(f"`{choice}`" for choice in field.choices)
    if field.type in {NUMBER, SIZE, DURATION}:
        bounds = f"`{_toml(field.minimum)}` to `{_toml(field.maximum)}`"
        return f"{bounds}, or {choices}" if choices else bounds
    if choices:
        return choices
    example = f", such as `{_escape(_toml(field.example))}`" if field.example is not None else ""
    return TYPES[field.type] + example


def _default(field: Field) -> str:
    if field.note:
        return field.note
    if field.default is not None:
        return f"`{_escape(_toml(field.default))}`"
    return "required" if field.required else ""


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _escape(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Write both files."""
    SCHEMA.write_text(schema(), "utf-8")
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
