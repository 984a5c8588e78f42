"""What a signed content proves: what nobody who has seen one webhook can change in another.

Only that may decide which customer an event is for.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from relay.http.body_formats import CLOUDEVENTS, FORM, FORMATS, JSON
from relay.templates.template import Placeholder, Template

Path = tuple[str, ...]
"""What a template reads, from the top of its scope: `("body", "data", "id")`. It stands for all that is below it."""

BODY: Path = ("body",)
URL = frozenset({("path",), ("query",)})

# The signed text of Twilio and Mandrill has no separator between the URL, the names and the values, so that they can be
# cut elsewhere under the same signature. Plivo has a "?" after the path, and the same fault after it.
_CANONICAL: Mapping[str, frozenset[Path]] = {
    "twilio": frozenset(),
    "mandrill": frozenset(),
    "plivo": frozenset({("path",)}),
    "contentful": frozenset({BODY, *URL}),
    "jcs": frozenset({BODY}),
    "paddle_classic": frozenset({BODY}),
    "hook0": frozenset({BODY}),  # no JSON begins in the middle of another after a dot
}

# Contents that are code and prove a body of another format; the others read JSON, or end where JSON begins.
_OTHER_FORMATS: Mapping[str, Collection[str]] = {"canonical.contentful": FORMATS, "canonical.paddle_classic": {FORM}}

_NEIGHBORS = {"url", "body", "method", "secret"}


def covers(signed: Collection[Path], template: Template, scope: Mapping[str, Template | None]) -> bool:
    """Return True if everything that `template` reads is below one of the signed paths.

    `scope` has the templates behind names that are made of others: `delivery_id` and `item`.
    """
    return all(
        any(path[: len(prefix)] == prefix for prefix in signed) for path in _resolve_paths(template.paths(), scope)
    )


def plain_paths(part: Placeholder) -> Iterator[Path]:
    """Yield what the placeholder reads, if its value is that and nothing made of it."""
    [*paths] = Template(part.expression, (part,)).paths()
    if len(paths) == 1 and ".".join(paths[0]) == part.expression:
        yield paths[0]


@dataclass(frozen=True, slots=True)
class SignedContent:
    """The parts of a signed text. `time_ends` is True if the timestamp has one unit, so that its end is certain.

    A time has one spelling and a tolerance, so that no character of it can be part of the value beside it. Of two
    units, a part of the one may be the other.
    """

    parts: tuple[str | Placeholder, ...]
    time_ends: bool

    def paths(self) -> Iterator[Path]:
        """Yield what the content holds unmistakably: two values side by side can be cut elsewhere."""
        parts = self.parts
        for place, (before, part, after) in enumerate(zip(("", *parts), parts, (*parts[1:], ""), strict=False)):
            if not isinstance(part, Placeholder):
                continue
            expression = part.expression
            beside = [neighbor for neighbor in (before, after) if not self._is_delimiter(neighbor)]
            if expression.startswith("canonical."):
                yield from _CANONICAL.get(expression.removeprefix("canonical."), ())
            elif expression in {"url", "body"}:
                # A URL ends where a body of JSON begins, and the method has none of either's characters.
                # No object of JSON begins with another, so a body that comes first ends where the next value begins.
                is_first = expression == "body" and place == 0
                if is_first or (
                    all(isinstance(near, Placeholder) and near.expression in _NEIGHBORS for near in beside)
                    and (expression == "body" or self._is_apart(place))
                ):
                    yield from URL if expression == "url" else [BODY]
            elif not beside and (expression.startswith("headers.") or not _has_literal(before, after)):
                yield from plain_paths(part)

    def proves_format(self, body_format: str) -> bool:
        """Return True if the body that this content covers is what a reader of this format finds in it.

        JSON itself says where it begins and ends. Another body has to be all that is signed, or come last, after values
        whose end is certain.
        """
        if body_format in {JSON, CLOUDEVENTS} or BODY not in set(self.paths()):
            return True
        *before, last = self.parts
        if before and isinstance(last, Placeholder) and last.expression == "secret":
            last = before.pop()
        name = last.expression if isinstance(last, Placeholder) else ""
        if name in _OTHER_FORMATS:
            return body_format in _OTHER_FORMATS[name]
        return name == "body" and all(
            not isinstance(part, Placeholder) or self._ends(part, after)
            for part, after in zip(before, self.parts[1:], strict=False)
        )

    def _is_delimiter(self, part: str | Placeholder) -> bool:
        """Return True if a value beside `part` ends there: at nothing, at a literal, or at the time."""
        return isinstance(part, str) or (part.expression == "timestamp" and self.time_ends)

    def _ends(self, part: Placeholder, after: str | Placeholder) -> bool:
        """Return True if `part` cannot go on in what comes `after` it: the method, a time, a header before a text."""
        if part.expression == "method":  # no method begins with another
            return True
        if part.expression == "timestamp":
            return self._is_delimiter(part) or _has_literal(after)
        return part.expression.startswith("headers.") and _has_literal(after)

    def _is_apart(self, place: int) -> bool:
        """Return True if the URL at `place` is beside nothing, literals aside, that could hold a part of a URL."""
        placeholders = [at for at, part in enumerate(self.parts) if isinstance(part, Placeholder)]
        index = placeholders.index(place)
        for at in (*placeholders[:index][-1:], *placeholders[index + 1 :][:1]):
            part, after = self.parts[at], self.parts[at + 1] if at + 1 < len(self.parts) else ""
            if isinstance(part, Placeholder) and part.expression not in _NEIGHBORS and not self._ends(part, after):
                return False
        return True


def _resolve_paths(paths: Iterable[Path], scope: Mapping[str, Template | None]) -> set[Path]:
    """Return the paths with the names of `scope` replaced by what these are made of, without our own clock's."""
    resolved: set[Path] = set()
    for path in paths:
        name = path[0] if path else ""
        if name in scope:
            template = scope[name]
            resolved |= _resolve_paths(template.paths(), {}) if template else set()
        elif name != "received_at":
            resolved.add(path)
    return resolved


def _has_literal(*parts: str | Placeholder) -> bool:
    """Return True if one of the parts is a text, which only the value of a header must not hold."""
    return any(isinstance(part, str) and part for part in parts)
