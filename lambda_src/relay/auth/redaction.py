"""What proved a webhook, and how to drop it once it has: no secret is mapped, delivered or stored.

The scheme's templates say where it is. A header or a query parameter goes with its name; a text inside the body gives
way to a marker, and every other byte of the body stays. What is left is what a redrive maps again, so nothing may
depend on the rest: `reads_redacted` says if something does.
"""

import contextlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from relay.auth.coverage import Scheme
from relay.auth.jwt_scheme import JwtScheme
from relay.auth.signature_scheme import SignatureScheme
from relay.auth.token_scheme import TokenScheme
from relay.errors import BadRequest, MappingError
from relay.http import body_formats
from relay.http.request import Request
from relay.templates.template import Template

MARKER = "removed-by-the-relay"

# A string without its end is one as well: what never fails is never begun again, so this is linear.
_JSON_SCALAR = re.compile(r'"(?:[^"\\]|\\.)*"?|-?[0-9][0-9.eE+-]*', re.DOTALL)
_BREAK = re.compile(r"[\r\n]")
_LINE = re.compile(r"[^\r\n]+")


def redact(request: Request, scheme: Scheme, body_format: str) -> Request:
    """Return `request` without what proved it, and unchanged if there is nothing of that.

    A signature inside the body stays: it is no secret, and proves nothing but this body. So does a body that is a
    JSON Web Token. `body_format` is how the route reads the body.
    """
    template = _template(scheme)
    if template is None:
        return request
    texts = _texts(scheme, request, body_format) if isinstance(scheme, TokenScheme) else frozenset()
    headers, parameters = _names(template, "headers"), _names(template, "query")
    return replace(
        request,
        headers={
            name: value
            for name, value in request.headers.items()
            if name.replace("-", "_") not in headers and value not in texts
        },
        query="&".join(pair for pair in request.query.split("&") if not _is_proof(pair, parameters, texts)),
        body=_without(request.body, texts) if texts and _reads_body(template) else request.body,
    )


def reads_redacted(scheme: Scheme, templates: Mapping[str, Template | None]) -> Iterator[tuple[str, str]]:
    """Yield the key of each of a route's `templates` that reads what is removed, and what was expected instead."""
    proof = _template(scheme)
    inside = ("headers", "query", "body") if isinstance(scheme, TokenScheme) else ("headers", "query")
    dropped = {path for path in (proof.paths() if proof else ()) if len(path) > 1 and path[0] in inside}
    for key, template in templates.items():
        if template and (found := dropped & template.paths()):
            taken = "${" + ".".join(min(found)) + "}"
            yield key, f"expected anything but {taken}: it proves the webhook, and is dropped once it has"


def _template(scheme: Scheme) -> Template | None:
    if isinstance(scheme, TokenScheme | JwtScheme):
        return scheme.token
    return scheme.signature if isinstance(scheme, SignatureScheme) else None


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


def _texts(scheme: TokenScheme, request: Request, body_format: str) -> frozenset[str]:
    """Return the texts that proved the request: the value of each placeholder, in each element."""
    scope: dict[str, Any] = {"headers": request.named_headers(), "query": request.parameters(), "body": None}
    if _reads_body(scheme.token):
        with contextlib.suppress(BadRequest):
            scope["body"] = body_formats.parse(request, body_format)[1]
    items: Any = [None]
    if scheme.each:
        with contextlib.suppress(MappingError):
            items = scheme.each.value(scope)
    found = set()
    for item in items if isinstance(items, list) else ():
        for part in scheme.token.placeholders():
            with contextlib.suppress(MappingError):
                found.add(Template(part.expression, (part,)).render({**scope, "item": item}))
    return frozenset(found - {""})


def _without(body: bytes, texts: Collection[str]) -> bytes:
    """Return `body` with the marker instead of each text, whether it is JSON, a form, or text."""
    text = _without_in_json(body.decode("utf-8", "surrogateescape"), texts)
    for one in texts:
        if _BREAK.search(one):  # a part of a multipart form may have several lines
            text = text.replace(one, MARKER)
    return _LINE.sub(lambda line: _without_in_line(line[0], texts), text).encode("utf-8", "surrogateescape")


def _without_in_json(text: str, texts: Collection[str]) -> str:
    """Return `text` without them, wherever one is a JSON string or number, or is one in JSON that a string holds."""

    def put(scalar: re.Match[str]) -> str:
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

    return _JSON_SCALAR.sub(put, text)


def _without_in_line(line: str, texts: Collection[str]) -> str:
    """Return a line without them: a part of a multipart form is a line, a field of a form is a pair."""
    if line in texts:
        return MARKER
    pairs = [pair.partition("=") for pair in line.split("&")]
    return "&".join(f"{name}{sign}{_without_in_field(value, texts)}" for name, sign, value in pairs)


def _without_in_field(value: str, texts: Collection[str]) -> str:
    """Return the value of a form's field without them, also where it is JSON, and as it is if none of them is in it."""
    text = unquote_plus(value)
    if text in texts:
        return MARKER
    left = _without_in_json(text, texts) if text.lstrip().startswith(("{", "[")) else text
    return value if left == text else quote_plus(left)
