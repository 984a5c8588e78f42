"""Describe relay.toml as a JSON Schema, by which editors complete, explain and underline its keys.

Draft 7, which every TOML language server knows. Only `relayctl schema` and the tools import this module.
"""

from collections.abc import Iterable
from typing import Any

from relay.config import presets
from relay.config.auth_tables import AUTH_FIELDS
from relay.config.field import (
    FLAG,
    NUMBER,
    TABLE,
    TABLES,
    TEMPLATE,
    TEMPLATES,
    TEXT,
    TEXTS,
    UNITS,
    Field,
)
from relay.config.fields import TOP_FIELDS


def json_schema() -> dict[str, Any]:
    """Return the schema of relay.toml."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "relay.toml of Partner Event Relay",
        **_object(TOP_FIELDS, is_completed=False),
    }


def _object(fields: Iterable[Field], *, is_completed: bool) -> dict[str, Any]:
    fields = tuple(fields)
    properties: dict[str, Any] = {}
    for field in fields:
        properties[field.name] = _merge(properties.get(field.name), _property(field))
    # A preset may give what `auth` and `event` require.
    required = [field.name for field in fields if field.required and not is_completed]
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }


def _merge(one: dict[str, Any] | None, other: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a key that several kinds of `auth` have: what any of them allows."""
    if one is None or one == other:
        return other
    merged = {key: value for key, value in one.items() if other.get(key) == value}
    if one["description"] != other["description"]:
        merged["description"] = f"{one['description']} {other['description']}"
    else:
        merged["description"] = one["description"]
    if "enum" in one and "enum" in other:
        merged["enum"] = [*one["enum"], *(choice for choice in other["enum"] if choice not in one["enum"])]
    return merged


def _property(field: Field) -> dict[str, Any]:
    described: dict[str, Any] = {"description": field.doc, **_type(field)}
    if field.default is not None:
        described["default"] = field.default
    if field.example is not None:
        described["examples"] = [field.example]
    return described


def _type(field: Field) -> dict[str, Any]:
    text = {"type": "string", **_texts(field)}
    if field.type in {TABLE, TABLES}:
        fields = AUTH_FIELDS if field.name == "auth" else field.fields
        table = _object(fields, is_completed=field.name in {"auth", "event"})
        return table if field.type == TABLE else {"type": "array", "items": table}
    if field.type in UNITS:
        spellings = "|".join([f"[0-9]{{1,12}} ?({'|'.join(UNITS[field.type])})", *field.choices])
        return {"type": "string", "pattern": f"^({spellings})$" if field.choices else f"^{spellings}$"}
    return {
        TEXT: text,
        TEMPLATE: text,
        TEXTS: {"anyOf": [text, {"type": "array", "items": text, **({"minItems": 1} if field.required else {})}]},
        FLAG: {"type": "boolean"},
        NUMBER: {"type": "integer", "minimum": field.minimum, "maximum": field.maximum},
        TEMPLATES: {"type": "object", "additionalProperties": {"type": "string"}},
    }[field.type]


def _texts(field: Field) -> dict[str, Any]:
    if field.name == "preset":
        return {"enum": sorted(presets.load())}
    if field.choices:
        return {"enum": list(field.choices)}
    return {"pattern": f"^({field.pattern})$"} if field.pattern else {}
