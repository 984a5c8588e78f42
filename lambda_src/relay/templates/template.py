"""The template language of relay.toml: text with `${...}`, and inside the braces JMESPath.

A template that is one placeholder keeps the value's type; otherwise values become text. `$${` is a literal `${`.
JMESPath is the AWS CLI's own query language: https://jmespath.org/specification.html, here with more functions.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from relay.errors import MappingError

_QUOTES = "\"'`"
_PLACES = "(?:body|item|headers|path|query)"
_ELSEWHERE = (
    r"\{\{([^{}]+)\}\}"
    rf"|\{{({_PLACES}\b[^{{}}]*)\}}"
    rf"|\$({_PLACES}[.\[][^\s/]*)"
    r"|\$\.([A-Za-z_][^\s/]*)"
)
"""A placeholder as other languages write it: `{{body.x}}`, `{body.x}`, `$body.x`, `$.x`."""
_BARE = r"(?:body|headers)(?:\.[A-Za-z_][A-Za-z_0-9]*)+"
"""A text that is all of it a path, and was meant to be a placeholder."""


class TemplateError(ValueError):
    """A template that cannot be compiled; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One `${expression}`. `names` are those of an expression that is names alone, as most are: `body.data.id`.

    Only other expressions need JMESPath, which is imported for the first of them.
    """

    expression: str
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Compile the expression now, not for the first webhook."""
        if not self.names:
            from relay.templates import interpreter

            interpreter.parse(self.expression)

    def search(self, scope: Mapping[str, Any]) -> Any:
        """Return the value with its type, or None where the path leads nowhere. Raise MappingError if it fails."""
        if self.names:
            value: Any = scope
            for name in self.names:
                if not hasattr(value, "get"):
                    return None
                value = value.get(name)
            return value
        from relay.templates import interpreter

        return interpreter.search(self.expression, scope)

    def paths(self) -> set[tuple[str, ...]]:
        """Return what it reads: `("body", "data", "id")`; the empty path is the whole scope."""
        return {self.names} if self.names else set(_paths(self.tree()))

    def tree(self) -> Mapping[str, Any]:
        """Return JMESPath's syntax tree of the expression."""
        from relay.templates import interpreter

        tree: Mapping[str, Any] = interpreter.parse(self.expression)
        return tree


@dataclass(frozen=True, slots=True)
class Template:
    """Literal text and placeholders, in order."""

    text: str
    parts: tuple[str | Placeholder, ...]

    def placeholders(self) -> list[Placeholder]:
        """Return its placeholders, in order."""
        return [part for part in self.parts if isinstance(part, Placeholder)]

    def expressions(self) -> list[str]:
        """Return the expressions of its placeholders, in order."""
        return [part.expression for part in self.placeholders()]

    def paths(self) -> set[tuple[str, ...]]:
        """Return what its placeholders read: `("body", "data", "id")`; the empty path is the whole scope."""
        return {path for part in self.placeholders() for path in part.paths()}

    def value(self, scope: Mapping[str, Any]) -> Any:
        """Return the value of a placeholder that is alone, with its type; of anything else, the text."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Placeholder):
            return self.parts[0].search(scope)
        return self.render(scope)

    def truth(self, scope: Mapping[str, Any]) -> bool:
        """Return whether the value is true to JMESPath: null, false and what is empty are not; 0 is."""
        value = self.value(scope)
        return value is not None and value is not False and value not in ("", [], {})

    def render(self, scope: Mapping[str, Any]) -> str:
        """Return text: strings as they are, numbers and booleans as JSON. Raise MappingError for anything else."""
        return "".join(part if isinstance(part, str) else _text(part, part.search(scope)) for part in self.parts)


def compile_template(text: str, names: Collection[str]) -> Template:
    """Return `text` compiled.

    Raise TemplateError if a placeholder does not end, is not JMESPath, reads a name that is not in `names`, calls a
    function with what it never takes, or is written in another template language.
    """
    if text.startswith(("body.", "headers.")) and re.fullmatch(_BARE, text):
        raise TemplateError(f'"{text}": expected "${{{text}}}"')
    return Template(text, tuple(_split(text, names)))


def literal_prefix(template: Template) -> tuple[str, bool]:
    """Return the text before the first placeholder, and whether that is all there is."""
    first = template.parts[0] if template.parts and isinstance(template.parts[0], str) else ""
    return first, len(template.parts) == (1 if first else 0)


def kind_of(value: Any) -> str:
    """Return what an error may say of a value: its type, never its content."""
    kinds = {str: "text", bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return kinds.get(type(value), "null or missing")


def _text(placeholder: Placeholder, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        try:
            return json.dumps(value, allow_nan=False)
        except ValueError as error:
            raise MappingError(f"${{{placeholder.expression}}} is a number that JSON cannot express") from error
    raise MappingError(f"${{{placeholder.expression}}} is {kind_of(value)}; expected text, a number or a boolean")


def _split(text: str, names: Collection[str]) -> Iterator[str | Placeholder]:
    position, literal = 0, ""
    while position < len(text):
        if text.startswith("$${", position):
            literal, position = literal + "${", position + 3
        elif not text.startswith("${", position) and (other := _placeholder_elsewhere(text, position)):
            raise TemplateError(f'"{text}": expected "${{{other[1]}}}" instead of "{other[0]}"')
        elif text.startswith("${", position):
            if literal:
                yield literal
            end = _end_of_expression(text, position + 2)
            yield _compile(text[position + 2 : end].strip(), names)
            literal, position = "", end + 1
        else:
            literal, position = literal + text[position], position + 1
    if literal:
        yield literal


def _placeholder_elsewhere(text: str, position: int) -> tuple[str, str] | None:
    """Return what stands there in another template language, and its expression in this one."""
    if text[position] not in "{$" or not (match := re.compile(_ELSEWHERE).match(text, position)):
        return None
    expression = next(group for group in match.groups() if group).strip()
    is_json_path = match[4] is not None and not re.match(rf"{_PLACES}\b", expression)
    return match[0], f"body.{expression}" if is_json_path else expression


def _end_of_expression(text: str, start: int) -> int:
    """Return where the brace closes: JMESPath has braces of its own, and quotes that may hide one."""
    depth, quote, position = 1, "", start
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in _QUOTES:
            quote = character
        else:
            depth += {"{": 1, "}": -1}.get(character, 0)
            if depth == 0:
                return position
        position += 1
    raise TemplateError(f'"{text}": expected "}}" to end "${{"')


def _compile(expression: str, names: Collection[str]) -> Placeholder:
    from jmespath.exceptions import JMESPathError

    from relay.templates import functions, interpreter

    try:
        tree = interpreter.parse(expression)
    except (JMESPathError, ValueError) as error:
        why = str(error).splitlines()[0].rstrip(":") if str(error) else "it is empty"
        if braces := re.fullmatch(r"\{([^{}]+)\}", expression):
            why = f'expected "${{{braces[1].strip()}}}"'
        elif hyphen := re.fullmatch(r"headers((?:\.[\w-]+)+)", expression):
            why = f'headers have _ for -: "${{headers{hyphen[1].lower().replace("-", "_")}}}"'
        elif hyphened := [name for name in re.split(r"[^\w-]", expression) if "-" in name.strip("-")]:
            why += f"; a name with a hyphen stands in quotes: '\"{hyphened[0]}\"'"
        raise TemplateError(f'"${{{expression}}}" is not JMESPath: {why}') from error
    for kind, name in _uses(tree):
        known = functions.RelayFunctions.FUNCTION_TABLE if kind == "function" else names
        if name not in known:
            hint = '; "item" needs `each`' if name == "item" else ""
            known_names = ", ".join(sorted(known))
            raise TemplateError(f'"${{{expression}}}": no {kind} "{name}"; expected one of {known_names}{hint}')
    for path in _paths(tree):
        if path[:1] == ("headers",) and len(path) > 1 and path[1] != (name := path[1].lower().replace("-", "_")):
            raise TemplateError(
                f'"${{{expression}}}": headers are in lower case, with _ for -: expected headers.{name}'
            )
    for problem in functions.problems(tree):
        raise TemplateError(f'"${{{expression}}}": {problem}')
    return Placeholder(expression, _plain_names(tree))


def _plain_names(tree: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of an expression that is nothing else, none for all others."""
    parts = [tree] if tree["type"] == "field" else tree["children"] if tree["type"] == "subexpression" else []
    return tuple(part["value"] for part in parts) if all(part["type"] == "field" for part in parts) else ()


_LEFT_ONLY = {"subexpression", "index_expression", "projection", "value_projection", "filter_projection", "pipe"}
"""In `left.right`, `left[...]` and `left | right` only the left side starts at the top of the scope."""


def _paths(node: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the longest chain of names for each value that an expression takes from the top of the scope."""
    kind = node["type"]
    children = [child for child in node["children"] if isinstance(child, dict)]  # those of a slice are numbers
    if kind == "field":
        yield (node["value"],)
    elif kind == "subexpression":
        names = [child["value"] for child in takewhile(lambda child: child["type"] == "field", children[1:])]
        for path in _paths(children[0]):
            yield (*path, *(names if children[0]["type"] == "field" else ()))
    elif kind in {"current", "identity"}:
        yield ()
    elif kind != "expref":
        for child in children[:1] if kind in _LEFT_ONLY else children:
            yield from _paths(child)


def _uses(node: Mapping[str, Any], *, top: bool = True) -> Iterator[tuple[str, str]]:
    """Yield the functions an expression calls and the names it takes from the top of the scope.

    JMESPath itself finds out only when it runs: an unknown function raises, an unknown name is null.
    """
    kind = node["type"]
    children = [child for child in node["children"] if isinstance(child, dict)]  # those of a slice are numbers
    if kind == "field" and top:
        yield "name", node["value"]
    elif kind == "function_expression":
        yield "function", node["value"]
    for position, child in enumerate(children):
        yield from _uses(child, top=top and kind != "expref" and (position == 0 or kind not in _LEFT_ONLY))
