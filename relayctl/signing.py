"""Signs a request as a sender would: the route's scheme, read the other way round."""

import base64
import re
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

from relay.auth import signature_scheme
from relay.auth.context import VerificationContext
from relay.auth.signature_scheme import RFC3339, TIMESTAMP_UNITS, SignatureScheme
from relay.auth.token_scheme import NoScheme, TokenScheme
from relay.config.route import Route
from relay.errors import Unauthorized
from relay.http.request import Request
from relay.templates.template import Template

_HEADER = re.compile(r"headers\.([a-z0-9_]+)")


class CannotSign(Exception):
    """Only the sender's own tools can sign for this scheme; it says why."""


def sign(route: Route, secret: str, request: Request, url: str) -> dict[str, str]:
    """Return the headers that prove `request`, with those it has. Raise CannotSign."""
    headers = dict(request.headers)
    for template in (route.id, *([route.auth.content] if isinstance(route.auth, SignatureScheme) else [])):
        for name in _headers_in(template):
            headers.setdefault(name, f"relayctl-{time.time_ns()}")
    signed = Request(request.method, request.path, request.query, headers, request.body, "")
    if isinstance(route.auth, NoScheme):
        return headers
    if isinstance(route.auth, TokenScheme):
        return headers | {_header(route.auth.token, "token"): _token(route.auth.kind, secret)}
    if isinstance(route.auth, SignatureScheme):
        parts = urlsplit(url)
        known = VerificationContext(
            f"{parts.scheme}://{parts.netloc}", [secret], datetime.now(UTC), _nothing_is_published, route.body
        )
        return headers | _signature(route.auth, secret, signed, known)
    raise CannotSign("only the sender can make its tokens and certificates")


def _nothing_is_published(url: str, _max_age: float) -> bytes:
    raise CannotSign(f"only the sender publishes {url}")


def _token(kind: str, secret: str) -> str:
    prefix = {"bearer": "Bearer ", "basic": "Basic "}.get(kind, "")
    return prefix + (base64.b64encode(secret.encode()).decode() if kind == "basic" else secret)


def _signature(scheme: SignatureScheme, secret: str, request: Request, known: VerificationContext) -> dict[str, str]:
    if scheme.public_key or scheme.kind not in {"hmac", "hash"}:
        raise CannotSign("only the sender has the private key")
    if scheme.each:
        raise CannotSign("its signatures are inside the body")
    headers: dict[str, str] = {}
    items: list[tuple[str, str]] = []
    now = _now(scheme)
    source = scheme.timestamp.expressions()[0] if scheme.timestamp else ""
    if source.startswith("signature."):
        items.append((source.removeprefix("signature."), now))
    elif source.startswith("headers."):
        headers[source.removeprefix("headers.").replace("_", "-")] = now
    elif source:
        raise CannotSign("the time it signs is inside the body")
    stamped = Request(request.method, request.path, request.query, {**request.headers, **headers}, request.body, "")
    try:
        digest = signature_scheme.signature(scheme, secret, stamped, known, now)
    except Unauthorized as error:
        raise CannotSign(error.reason) from error
    if scheme.assign:
        items.append((scheme.label, digest))
        digest = scheme.separator.join(f"{label}{scheme.assign}{value}" for label, value in items)
    return headers | {_header(scheme.signature, "signature"): scheme.prefix + digest}


def _now(scheme: SignatureScheme) -> str:
    if scheme.timestamp_unit == RFC3339:
        return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return str(int(time.time() * TIMESTAMP_UNITS[scheme.timestamp_unit]))


def _headers_in(template: Template | None) -> list[str]:
    found = [_HEADER.fullmatch(expression) for expression in (template.expressions() if template else [])]
    return [one[1].replace("_", "-") for one in found if one]


def _header(template: Template, what: str) -> str:
    names = _headers_in(template)
    if not names or len(template.parts) > 1:
        raise CannotSign(f"its {what} is not in a header of its own: {template.text}")
    return names[0]
