"""What of a request a scheme proves: what nobody who has seen one webhook can change in another.

Only that may decide which customer an event is for. What follows the API's own words is in each scheme's module.
"""

from collections.abc import Collection, Iterable, Mapping

from relay.auth import certificate_scheme
from relay.auth.certificate_scheme import CertificateScheme
from relay.auth.jwt_scheme import JwtScheme
from relay.auth.signature_scheme import S_OR_MS, SignatureScheme
from relay.auth.token_scheme import NoScheme, TokenScheme
from relay.http.body_formats import CLOUDEVENTS, FORM, FORMATS, JSON
from relay.templates.template import Placeholder, Template

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

# Schemes that are code and prove a body of another format; the others read JSON, or end where JSON begins.
_OTHER_FORMATS: Mapping[str, Collection[str]] = {"canonical.contentful": FORMATS, "canonical.paddle_classic": {FORM}}

_NEIGHBORS = {"url", "body", "method", "secret"}


def signed(scheme: Scheme) -> frozenset[Path]:
    """Return what nobody can change without breaking the proof; nothing for a shared text, which signs nothing."""
    if isinstance(scheme, SignatureScheme):
        return frozenset(_signed_content(scheme))
    if isinstance(scheme, JwtScheme):
        return frozenset(_signed_claims(scheme))
    if isinstance(scheme, CertificateScheme):
        return frozenset(("body", name) for name in certificate_scheme.signed_names(scheme.kind))
    return frozenset()


def signs_the_body(scheme: Scheme) -> bool:
    """Return whether who has seen one webhook cannot make another with a body of their own."""
    return BODY in signed(scheme)


def proves_format(scheme: Scheme, body_format: str) -> bool:
    """Return whether what `scheme` proves of a body is what a reader of this format finds in it.

    JSON tells itself where it begins and ends. Another body is the whole of what is signed, or comes last, after what
    ends for sure. A scheme that proves nothing of the body says nothing false about it.
    """
    if isinstance(scheme, CertificateScheme):
        return body_format == JSON or not signed(scheme)
    if not isinstance(scheme, SignatureScheme) or body_format in {JSON, CLOUDEVENTS} or BODY not in signed(scheme):
        return True
    *before, last = scheme.content.parts
    if before and isinstance(last, Placeholder) and last.expression == "secret":
        last = before.pop()
    name = last.expression if isinstance(last, Placeholder) else ""
    if name in _OTHER_FORMATS:
        return body_format in _OTHER_FORMATS[name]
    return name == "body" and all(
        not isinstance(part, Placeholder) or _ends(scheme, part, after)
        for part, after in zip(before, scheme.content.parts[1:], strict=False)
    )


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


def _signed_content(scheme: SignatureScheme) -> Iterable[Path]:
    """Yield what the signed text holds unmistakably: two values side by side can be cut elsewhere."""
    parts = scheme.content.parts
    for place, (before, part, after) in enumerate(zip(("", *parts), parts, (*parts[1:], ""), strict=False)):
        if not isinstance(part, Placeholder):
            continue
        expression, beside = part.expression, [one for one in (before, after) if not _is_delimiter(scheme, one)]
        if expression.startswith("canonical."):
            yield from _CANONICAL.get(expression.removeprefix("canonical."), ())
        elif expression in {"url", "body"}:
            # A URL ends where a body of JSON begins, and the method has none of either's characters.
            if all(isinstance(one, Placeholder) and one.expression in _NEIGHBORS for one in beside) and (
                expression == "body" or _is_apart(scheme, place)
            ):
                yield from URL if expression == "url" else [BODY]
        elif not beside and (expression.startswith("headers.") or not _is_literal(before, after)):
            yield from _plain(part)


def _plain(part: Placeholder) -> Iterable[Path]:
    """Yield what the placeholder reads, if its value is that and nothing made of it."""
    [*paths] = Template(part.expression, (part,)).paths()
    if len(paths) == 1 and ".".join(paths[0]) == part.expression:
        yield paths[0]


def _is_delimiter(scheme: SignatureScheme, part: str | Placeholder) -> bool:
    """Return whether a value beside `part` ends there: at nothing, at a literal, or at the time.

    A time has one spelling and a tolerance, so that no character of it can be another value's; of two units, a part of
    the one may be the other.
    """
    return isinstance(part, str) or (part.expression == "timestamp" and scheme.timestamp_unit != S_OR_MS)


def _ends(scheme: SignatureScheme, part: Placeholder, after: str | Placeholder) -> bool:
    """Return whether `part` cannot go on in what comes `after` it: the method, a time, a header before a text."""
    if part.expression == "method":  # none begins as another
        return True
    if part.expression == "timestamp":
        return _is_delimiter(scheme, part) or _is_literal(after)
    return part.expression.startswith("headers.") and _is_literal(after)


def _is_apart(scheme: SignatureScheme, place: int) -> bool:
    """Return whether the URL at `place` is beside nothing, literals aside, that could hold a part of a URL."""
    parts = scheme.content.parts
    placed = [at for at, part in enumerate(parts) if isinstance(part, Placeholder)]
    where = placed.index(place)
    for at in (*placed[:where][-1:], *placed[where + 1 :][:1]):
        part, after = parts[at], parts[at + 1] if at + 1 < len(parts) else ""
        if isinstance(part, Placeholder) and part.expression not in _NEIGHBORS and not _ends(scheme, part, after):
            return False
    return True


def _is_literal(*parts: str | Placeholder) -> bool:
    """Return whether one of the parts is a text, which only the value of a header must not hold."""
    return any(isinstance(part, str) and part for part in parts)


def _signed_claims(scheme: JwtScheme) -> Iterable[Path]:
    if scheme.is_the_body():
        yield BODY
    for path in (
        path for one in (scheme.claims or {}).values() for part in one.placeholders() for path in _plain(part)
    ):
        if path[:2] == ("sha256", "body"):
            yield BODY
        elif path[:1] == ("url",) or path[:2] in {("sha256", "url"), ("sha256", "atlassian")}:
            yield from URL
