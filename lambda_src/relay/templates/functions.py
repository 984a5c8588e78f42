"""The functions that templates have beside JMESPath's own.

Each takes work linear in its argument, and gives null for null, which is also what a missing field is. Their second
arguments are constants of relay.toml, so that what is wrong with them is found when it is compiled.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from jmespath.exceptions import JMESPathTypeError
from jmespath.functions import TYPES_MAP, Functions, signature

from relay.templates import strict_json
from relay.templates.times import parse_time

MAX_TEXT = 65_536
"""Characters of a text that a function is given: a mapping may call it for each of thousands of items."""
MAX_PARTS = 1000
MASK, MAX_UNMASKED = "****", 4

_DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)
_DIRECTIVES: Mapping[str, Callable[[datetime], str]] = {
    "Y": lambda time: f"{time.year:04}",
    "m": lambda time: f"{time.month:02}",
    "d": lambda time: f"{time.day:02}",
    "H": lambda time: f"{time.hour:02}",
    "M": lambda time: f"{time.minute:02}",
    "S": lambda time: f"{time.second:02}",
    "%": lambda _: "%",
}


class FunctionError(ValueError):
    """A function cannot take this value; the message says why, never the value."""


class RelayFunctions(Functions):
    """JMESPath's functions and ours; `powertools_json` has the name that Powertools for AWS Lambda gave it."""

    @signature({"types": ["string"]})
    def _func_powertools_json(self, text: str) -> Any:
        return strict_json.parse(text)

    @signature({"types": ["string", "null"]})
    def _func_sha256(self, text: str | None) -> str | None:
        return None if text is None else hashlib.sha256(_bounded("sha256", text).encode()).hexdigest()

    @signature({"types": ["string", "null"]})
    def _func_mask(self, text: str | None) -> str | None:
        return None if text is None else MASK + text[len(text) - min(MAX_UNMASKED, len(text) // 4) :]

    @signature({"types": ["object", "array", "null"]}, {"types": ["array", "null"]})
    def _func_omit(self, value: Any, paths: list[str] | None) -> Any:
        # JMESPath makes null of a list that stands in a null: `body.missing | omit(@, ['a'])`.
        return None if paths is None else omit(value, paths)

    @signature({"types": ["string", "null"]})
    def _func_lower(self, text: str | None) -> str | None:
        return None if text is None else _bounded("lower", text).lower()

    @signature({"types": ["string", "null"]}, {"types": ["string"]})
    def _func_split(self, text: str | None, separator: str) -> list[str] | None:
        if text is None:
            return None
        parts = _bounded("split", text).split(separator, MAX_PARTS)
        if len(parts) > MAX_PARTS:
            raise FunctionError(f"split() would make more than {MAX_PARTS} parts")
        return parts

    @signature({"types": ["string", "number", "null"]}, {"types": ["string"]})
    def _func_date(self, value: str | float | None, layout: str) -> str | None:
        if value is None:
            return None
        if (time := parse_time(value)) is None:
            raise FunctionError("date() got no RFC 3339 time with its zone, and no epoch seconds")
        return _DIRECTIVE.sub(lambda match: _DIRECTIVES[match[1]](time), layout)


def omit(value: Any, paths: Collection[str]) -> Any:
    """Return a copy without what stands at `paths`, such as `address.street`, also in each element of a list.

    A name may have dots itself: `a.b` is also the field `a.b`. Raise RecursionError if lists nest too deeply.
    """
    if isinstance(value, list):
        return [omit(item, paths) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {name: item for name, item in value.items() if name not in paths}
    below: dict[str, list[str]] = {}
    for path in paths:
        for dot in re.finditer(r"\.", path):
            if path[: dot.start()] in kept:
                below.setdefault(path[: dot.start()], []).append(path[dot.end() :])
    for name, rest in below.items():
        kept[name] = omit(kept[name], rest)
    return kept


def explain(error: Exception) -> str:
    """Return what an error may say of a payload: the function and types, never a value."""
    if isinstance(error, FunctionError):
        return str(error)
    if isinstance(error, JMESPathTypeError):
        return f"{error.function_name}() got {error.actual_type}, expected {' or '.join(error.expected_types)}"
    return type(error).__name__


def problems(node: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the calls of an expression, whatever the payload. Their functions exist."""
    if node["type"] == "function_expression":
        yield from _call_problems(node["value"], node["children"])
    for child in node["children"]:
        if isinstance(child, dict):  # those of a slice are numbers
            yield from problems(child)


def _call_problems(name: str, arguments: list[Mapping[str, Any]]) -> Iterator[str]:
    expected = RelayFunctions.FUNCTION_TABLE[name]["signature"]
    is_variadic = expected[-1].get("variadic", False)
    if len(arguments) < len(expected) or (len(arguments) > len(expected) and not is_variadic):
        yield f"{name}(): expected {len(expected)}{' or more' if is_variadic else ''} arguments, got {len(arguments)}"
        return
    for place, (argument, one) in enumerate(zip(arguments, expected, strict=False), 1):
        types = [kind.partition("-")[0] for kind in one["types"]]
        if (
            argument["type"] == "literal"
            and types
            and (kind := TYPES_MAP[type(argument["value"]).__name__]) not in types
        ):
            yield f"argument {place} of {name}() is {kind}, expected {' or '.join(types)}"
            return
    if name in _CONSTANTS:
        is_right, what = _CONSTANTS[name]
        if not is_right(_constant(arguments[1])):
            yield f"argument 2 of {name}(): expected {what}"


def _constant(node: Mapping[str, Any]) -> Any:
    """Return the value that an expression has whatever the payload, None if it depends on it."""
    if node["type"] == "multi_select_list":
        return [_constant(child) for child in node["children"]]
    return node["value"] if node["type"] == "literal" else None


def _is_paths(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(path, str) and all(path.split(".")) for path in value)


def _is_layout(value: Any) -> bool:
    return isinstance(value, str) and all(letter in _DIRECTIVES for letter in _DIRECTIVE.findall(value))


_CONSTANTS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "omit": (_is_paths, "a list of paths that are written here, such as ['email', 'address.street']"),
    "split": (lambda value: isinstance(value, str) and bool(value), "a separator that is written here, such as ','"),
    "date": (_is_layout, "a layout that is written here, of %Y %m %d %H %M %S and %%, such as '%Y-%m-%d'"),
}


def _bounded(name: str, text: str) -> str:
    if len(text) > MAX_TEXT:
        raise FunctionError(f"{name}() got more than {MAX_TEXT} characters")
    return text
