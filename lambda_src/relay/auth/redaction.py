"""Remove the proof from a verified request, so that no secret is mapped, delivered or stored.

The scheme's templates say where the proof is. A header or a query parameter is removed with its name; a text inside the
body is replaced by a marker, and every other byte of the body stays. A redrive maps the redacted request, so no
template may depend on what was removed: `reads_redacted` reports those that do.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from urllib.parse import quote_plus, unquote_plus

from relay.auth.scheme import Scheme
from relay.http import body_formats
from relay.http.request import Request
from relay.templates.template import Template

MARKER = "removed-by-the-relay"

# A string without its end matches too: a search that never fails is never restarted, so it takes linear time.
_JSON_SCALAR = re.compile(r'"(?:[^"\\]|\\.)*"?|-?[0-9][0-9.eE+-]*', re.DOTALL)
_BREAK = re.compile(r"[\r\n]")
_LINE = re.compile(r"[^\r\n]+")


def redact(request: Request, scheme: Scheme, body_format: str) -> Request:
    """Return `request` without its proof, unchanged if it has none. `body_format` is how the route reads the body.

    A signature inside the body stays: it is no secret, and proves nothing but this body. So does a body that is a
    JSON Web Token.
    """
    template = scheme.proof
    if template is None:
        return request
    texts = scheme.proof_texts(request, body_format)
    headers, parameters = _names(template, "headers"), _names(template, "query")
    redacted = replace(
        request,
        headers={
            name: value
            for name, value in request.headers.items()
            if name.replace("-", "_") not in headers and value not in texts
        },
        query="&".join(pair for pair in request.query.split("&") if not _is_proof(pair, parameters, texts)),
        body=_without(request.body, texts) if texts and _reads_body(template) else request.body,
    )
    if redacted.body == request.body:
        body_formats.keep_parsed_bodies(request, redacted)
    return redacted


def reads_redacted(scheme: Scheme, templates: Mapping[str, Template | None]) -> Iterator[tuple[str, str]]:
    """Yield the key of each of a route's `templates` that reads what `redact` removes, and what was expected."""
    places = ("headers", "query", "body") if scheme.sends_secret else ("headers", "query")
    dropped = {path for path in (scheme.proof.paths() if scheme.proof else ()) if len(path) > 1 and path[0] in places}
    for key, template in templates.items():
        if template and (paths := dropped & template.paths()):
            proof = "${" + ".".join(min(paths)) + "}"
            yield key, f"expected anything but {proof}: it proves the webhook, and is dropped once it has"


@cache
def _names(template: Template, kind: str) -> frozenset[str]:
    """Return the names that the template takes from the headers or from the query."""
    return frozenset(path[1] for path in template.paths() if path[0:1] == (kind,) and len(path) > 1)


@cache
def _reads_body(template: Template) -> bool:
    return any(path[0:1] in {("body",), ("item",)} for path in template.paths())


def _is_proof(pair: str, names: Collection[str], texts: Collection[str]) -> bool:
    name, _, value = pair.partition("=")
    return unquote_plus(name) in names or unquote_plus(value) in texts


def _without(body: bytes, texts: Collection[str]) -> bytes:
    """Return `body` with the marker instead of each text, whether it is JSON, a form, or text."""
    text = _without_in_json(body.decode("utf-8", "surrogateescape"), texts)
    for secret in texts:
        if _BREAK.search(secret):  # a part of a multipart form may have several lines
            text = text.replace(secret, MARKER)
    return _LINE.sub(lambda line: _without_in_line(line[0], texts), text).encode("utf-8", "surrogateescape")


def _without_in_json(text: str, texts: Collection[str]) -> str:
    """Return `text` with the marker for each JSON string or number that is one of `texts`, also in JSON in strings."""

    def redact_scalar(scalar: re.Match[str]) -> str:
        try:
            value = json.loads(scalar[0])
        except ValueError:
            return scalar[0]
        if (value if isinstance(value, str) else json.dumps(value)) in texts:
            return f'"{MARKER}"'
        if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
            inner = _without_in_json(value, texts)
            return scalar[0] if inner == value else json.dumps(inner)
        return scalar[0]

    return _JSON_SCALAR.sub(redact_scalar, text)


def _without_in_line(line: str, texts: Collection[str]) -> str:
    """Return `line` without them: the value of a multipart form is a line, a field of another form is a pair."""
    if line in texts:
        return MARKER
    pairs = [pair.partition("=") for pair in line.split("&")]
    return "&".join(f"{name}{sign}{_without_in_field(value, texts)}" for name, sign, value in pairs)


def _without_in_field(value: str, texts: Collection[str]) -> str:
    """Return the value of a form's field without them, also where it is JSON; unchanged if it has none of them."""
    text = unquote_plus(value)
    if text in texts:
        return MARKER
    redacted = _without_in_json(text, texts) if text.lstrip().startswith(("{", "[")) else text
    return value if redacted == text else quote_plus(redacted)
