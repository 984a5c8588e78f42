"""Compare two JSON Schemas: whether every value that the new one allows was allowed by the old one."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from relayctl.catalog import validation
from relayctl.catalog.branches import Branch, branches, resolved

Change = tuple[str, str]
"""Where, as `detail.items[].sku`, and what has changed."""
MISSING = object()

LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
HELD = ("pattern", "format", "multipleOf", "uniqueItems", "contentEncoding", "contentMediaType")
"""Promises that stay only if they stay the same."""
UNCOMPARED = (
    "allOf", "not", "if", "then", "else", "patternProperties", "propertyNames", "dependentRequired",
    "dependentSchemas", "dependencies", "prefixItems", "additionalItems", "contains", "minContains", "maxContains",
    "unevaluatedItems", "unevaluatedProperties", "$dynamicRef", "$recursiveRef",
)  # fmt: skip
"""Keywords that are not understood here: to change one is taken for breaking, to add one is not."""


class Comparison:
    """Two schemas, and what of the new one the old one did not allow."""

    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self._old_root, self._new_root = old, new
        self._open: set[str] = set()

    def changes(self) -> Iterator[Change]:
        """Yield what breaks a consumer of the old schema. Raise ValueError for a reference that leads nowhere."""
        yield from dict.fromkeys(self._compare(self._old_root, self._new_root, "detail"))

    def _compare(self, old: Any, new: Any, where: str) -> Iterator[Change]:
        pair = _text([old, new])
        if pair in self._open:  # schemas that refer to themselves are compared once
            return
        self._open.add(pair)
        before, after = branches(old, self._old_root), branches(new, self._new_root)
        gone: list[str] = []
        for branch in after:
            alike = [each for each in before if _may_hold(each, branch)]
            if not alike:
                gone.append(branch.get("type", "anything"))
            else:
                yield from min((list(self._of_branch(each, branch, (old, new), where)) for each in alike), key=len)
        if gone:
            yield where, f"can be {' or '.join(gone)}, was {' or '.join(_types(before)) or 'never there'}"
        self._open.discard(pair)

    def _of_branch(self, old: Branch, new: Branch, whole: tuple[Any, Any], where: str) -> Iterator[Change]:
        values = _values(new)
        if values is not None:
            allowed_before = validation.validator(self._old_root).evolve(schema=whole[0])
            allowed_now = validation.validator(self._new_root).evolve(schema=whole[1])
            for value in values:
                if allowed_now.is_valid(value) and not allowed_before.is_valid(value):
                    yield where, f"can be {json.dumps(value)}"
            return
        if (allowed := _values(old)) is not None:
            yield where, f"can be another value than {', '.join(map(json.dumps, allowed))}"
        yield from self._of_keywords(old, new, where)
        if new.get("type") in {"array", None} and "items" in old:
            yield from self._compare(old["items"], new.get("items", True), f"{where}[]")
        if new.get("type") in {"object", None}:
            yield from self._of_properties(old, new, where)

    def _of_keywords(self, old: Branch, new: Branch, where: str) -> Iterator[Change]:
        for key in (key for key in (*LOWER, *UPPER) if key in old):
            bound, now = old[key], new.get(key)
            is_kept = now is not None and (now >= bound if key in LOWER else now <= bound)
            if not is_kept:
                yield where, f"{key} was {bound}, is {'not limited' if now is None else now}"
        for key in (key for key in HELD if key in old and old[key] is not False):
            if new.get(key) != old[key]:
                yield where, f"{key} {json.dumps(old[key])} is not promised any more"
        for key in (key for key in UNCOMPARED if key in old):
            if self._text(old[key], self._old_root) != self._text(new.get(key), self._new_root):
                yield where, f"{key} has changed, which cannot be compared here: look at it yourself"

    def _of_properties(self, old: Branch, new: Branch, where: str) -> Iterator[Change]:
        properties, now = old.get("properties", {}), new.get("properties", {})
        always = set(new.get("required", ()))
        others, others_now = old.get("additionalProperties", True), new.get("additionalProperties", True)
        for name in sorted(set(old.get("required", ())) - always):
            is_there = name in now or name not in properties
            yield f"{where}.{name}", "is not always there any more" if is_there else "was removed"
        for name, schema in properties.items():
            after = now.get(name, others_now if name in always or others_now is not True else MISSING)
            if after is not MISSING:
                yield from self._compare(schema, after, f"{where}.{name}")
        for name in (name for name in now if name not in properties):
            if others is False:
                yield f"{where}.{name}", "is new, where no other property was allowed"
            else:
                yield from self._compare(others, now[name], f"{where}.{name}")
        if others is False and resolved(others_now, self._new_root) is not False:
            yield where, "can have other properties"
        elif others not in (True, False):
            yield from self._compare(others, others_now, f"{where}.*")

    def _text(self, value: Any, root: Mapping[str, Any]) -> str:
        """Return a value of a keyword that is compared as text, with what it may refer to."""
        text = _text(value)
        return text + _text(_definitions(root)) if "$ref" in text else text


def _may_hold(old: Branch, new: Branch) -> bool:
    """Return whether a branch of the old schema is for the types of one of the new."""
    before, after = old.get("type"), new.get("type")
    values = _values(new)
    if before is not None and after is None and values is not None:
        return True
    return before is None or before == after or (before, after) == ("number", "integer")


def _values(branch: Branch) -> Sequence[Any] | None:
    """Return the values that a branch names, None if they are not counted."""
    if "const" in branch:
        return [branch["const"]]
    if "enum" in branch:
        return list(branch["enum"])
    return {"null": (None,), "boolean": (True, False)}.get(str(branch.get("type")))


def _types(old: Sequence[Branch]) -> list[str]:
    return list(dict.fromkeys(str(branch.get("type", "anything")) for branch in old))


def _definitions(root: Mapping[str, Any]) -> dict[str, Any]:
    return {key: root[key] for key in ("$defs", "definitions") if key in root}


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
