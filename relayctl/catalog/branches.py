"""Split a JSON Schema into branches that each have one type, so that two schemas can be compared."""

from collections.abc import Mapping
from typing import Any

Branch = dict[str, Any]
"""A schema without `anyOf`, `oneOf` and `$ref`, with one type or none, and only the keywords that are for its type."""

ANNOTATIONS = frozenset({
    "$schema", "$id", "$anchor", "$comment", "$defs", "definitions", "title", "description", "default", "examples",
    "deprecated", "readOnly", "writeOnly",
})  # fmt: skip
OF_TYPE: Mapping[str, tuple[str, ...]] = {
    "object": (
        "properties", "required", "additionalProperties", "patternProperties", "propertyNames", "dependentRequired",
        "dependentSchemas", "dependencies", "minProperties", "maxProperties", "unevaluatedProperties",
    ),
    "array": (
        "items", "prefixItems", "additionalItems", "contains", "minContains", "maxContains", "minItems", "maxItems",
        "uniqueItems", "unevaluatedItems",
    ),
    "string": ("minLength", "maxLength", "pattern", "contentEncoding", "contentMediaType"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}  # fmt: skip
"""Keywords that say nothing about values of other types."""
MAX_REFERENCES = 100


def branches(schema: Any, root: Mapping[str, Any]) -> list[Branch]:
    """Return the branches of a schema, of which a value fits at least one; none if no value fits it."""
    schema = resolved(schema, root)
    if schema is True:
        return [{}]
    if schema is False:
        return []
    rest = {key: value for key, value in schema.items() if key not in {"anyOf", "oneOf", *ANNOTATIONS}}
    found = [rest]
    for key in ("anyOf", "oneOf"):
        if key in schema:
            inner = [branch for each in schema[key] for branch in branches(each, root)]
            found = [merged for base in found for branch in inner if (merged := _both(base, branch)) is not None]
    return [_of_type(branch, kind) for branch in found for kind in _types(branch)]


def resolved(schema: Any, root: Mapping[str, Any]) -> Any:
    """Return the schema that a reference refers to; what stands beside the reference holds as well.

    Raise ValueError for a reference that leads nowhere.
    """
    for _ in range(MAX_REFERENCES):
        if not (isinstance(schema, dict) and "$ref" in schema):
            return schema
        beside = {key: value for key, value in schema.items() if key not in {"$ref", *ANNOTATIONS}}
        target = _target(str(schema["$ref"]), root)
        schema = target if not beside else _both(beside, target if isinstance(target, dict) else {"not": not target})
    raise ValueError(f"{schema['$ref']} refers to itself")


def _target(reference: str, root: Mapping[str, Any]) -> Any:
    """Return what a reference inside the schema refers to. Raise ValueError for any other."""
    pointer, target = reference.removeprefix("#"), root
    if pointer == reference or (pointer and not pointer.startswith("/")):
        raise ValueError(f"{reference} is not inside the schema")
    try:
        for part in pointer.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            target = target[int(name)] if isinstance(target, list) else target[name]
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{reference} leads nowhere in the schema") from error
    return target


def _both(one: Branch, other: Branch) -> Branch | None:
    """Return a schema for what fits both, None if nothing can."""
    merged = {**one, **other}
    if "type" in one and "type" in other:
        kinds = [kind for kind in _types(one) if kind in _types(other)]
        if not kinds:
            return None
        merged["type"] = kinds
    clash = [key for key in one if key in other and key != "type" and one[key] != other[key]]
    if clash:
        merged = {key: value for key, value in merged.items() if key not in clash}
        merged["allOf"] = [*merged.get("allOf", ()), *({key: each[key] for key in clash} for each in (one, other))]
    return merged


def _types(branch: Branch) -> list[str | None]:
    kinds = branch.get("type")
    return kinds if isinstance(kinds, list) else [kinds]


def _of_type(branch: Branch, kind: str | None) -> Branch:
    """Return the branch for one of its types."""
    if kind is None:
        return branch
    mine = "number" if kind == "integer" else kind
    foreign = {key for name, keys in OF_TYPE.items() if name != mine for key in keys}
    return {key: value for key, value in branch.items() if key not in foreign} | {"type": kind}
