"""What of a request a scheme proves: what nobody who has seen one webhook can change in another.

Only that may decide which customer an event is for. What follows the API's own words is in each scheme's module.
"""

from collections.abc import Iterable, Mapping

from relay import certificate_scheme
from relay.certificate_scheme import CertificateScheme
from relay.jwt_scheme import JwtScheme
from relay.signature_scheme import SignatureScheme
from relay.template import Placeholder, Template
from relay.token_scheme import NoScheme, TokenScheme

Scheme = SignatureScheme | TokenScheme | JwtScheme | CertificateScheme | NoScheme
Path = tuple[str, ...]
"""What a template reads, from the top of its scope: `("body", "data", "id")`. It stands for all that is below it."""

BODY: Path = ("body",)
URL = frozenset({("path",), ("query",)})

# Twilio's and Mandrill's signed text has nothing between the URL, the names and the values, so that all of them can be
# cut elsewhere under the same signature; Plivo's has "?" after the path, and the same fault after it.
_CANONICAL: Mapping[str, frozenset[Path]] = {
    "twilio": frozenset(),
    "mandrill": frozenset(),
    "plivo": frozenset({("path",)}),
    "contentful": frozenset({BODY, *URL}),
    "jcs": frozenset({BODY}),
    "paddle_classic": frozenset({BODY}),
    "hook0": frozenset({BODY}),  # no JSON begins in the middle of another after a dot
}

_NEIGHBORS = {"url", "body", "method", "secret"}


def signed(scheme: Scheme) -> frozenset[Path]:
    """Return what nobody can change without breaking the proof; nothing for a shared text, which signs nothing."""
    if isinstance(scheme, SignatureScheme):
        return frozenset(_signed_content(scheme.content))
    if isinstance(scheme, JwtScheme):
        return frozenset(_signed_claims(scheme))
    if isinstance(scheme, CertificateScheme):
        return frozenset(("body", name) for name in certificate_scheme.signed_names(scheme.kind))
    return frozenset()


def signs_the_body(scheme: Scheme) -> bool:
    """Return whether who has seen one webhook cannot make another with a body of their own."""
    return BODY in signed(scheme)


def covers(scheme: Scheme, template: Template, scope: Mapping[str, Template | None] | None = None) -> bool:
    """Return whether nobody can change what `template` gives and keep the proof.

    `scope` has the templates behind names that are made of others: `id` and `item`.
    """
    proven = signed(scheme)
    return all(any(path[: len(one)] == one for one in proven) for path in _resolved(template.paths(), scope or {}))


def _resolved(paths: Iterable[Path], scope: Mapping[str, Template | None]) -> set[Path]:
    """Return the paths with the names of `scope` replaced by what these are made of; our own clock proves itself."""
    found: set[Path] = set()
    for path in paths:
        name = path[0] if path else ""
        if name in scope:
            behind = scope[name]
            found |= _resolved(behind.paths(), {}) if behind else set()
        elif name != "received_at":
            found.add(path)
    return found


def _signed_content(content: Template) -> Iterable[Path]:
    """Yield what the signed text holds unmistakably: two values side by side can be cut elsewhere."""
    for before, part, after in zip(("", *content.parts), content.parts, (*content.parts[1:], ""), strict=False):
        if not isinstance(part, Placeholder):
            continue
        expression, beside = part.expression, [one for one in (before, after) if not _is_delimiter(one)]
        if expression.startswith("canonical."):
            yield from _CANONICAL.get(expression.removeprefix("canonical."), ())
        elif expression in {"url", "body"}:
            # A URL ends where a body of JSON begins, and the method has none of either's characters.
            if all(isinstance(one, Placeholder) and one.expression in _NEIGHBORS for one in beside):
                yield from URL if expression == "url" else [BODY]
        elif not beside and (expression.startswith("headers.") or not _is_literal(before, after)):
            yield from _plain(part)


def _plain(part: Placeholder) -> Iterable[Path]:
    """Yield what the placeholder reads, if its value is that and nothing made of it."""
    [*paths] = Template(part.expression, (part,)).paths()
    if len(paths) == 1 and ".".join(paths[0]) == part.expression:
        yield paths[0]


def _is_delimiter(part: str | Placeholder) -> bool:
    """Return whether a value beside `part` ends there: at nothing, at a literal, or at the time.

    A time has one spelling and a tolerance, so that no character of it can be another value's.
    """
    return isinstance(part, str) or part.expression == "timestamp"


def _is_literal(*parts: str | Placeholder) -> bool:
    """Return whether one of the parts is a text, which only the value of a header must not hold."""
    return any(isinstance(part, str) and part for part in parts)


def _signed_claims(scheme: JwtScheme) -> Iterable[Path]:
    if scheme.is_the_body():
        yield BODY
    for template in (scheme.claims or {}).values():
        for path in template.paths():
            if path[:2] == ("sha256", "body"):
                yield BODY
            elif path[0] == "url" or path[:2] in {("sha256", "url"), ("sha256", "atlassian")}:
                yield from URL
