"""Senders that prove themselves with a shared text, and sign nothing: the body is not authenticated.

`api-key` is the text wherever the route says; `bearer` and `basic` are the Authorization header of RFC 6750 and 7617.
"""

import base64
from dataclasses import dataclass

from relay.auth.constant_time import any_equal
from relay.auth.context import VerificationContext
from relay.auth.signature_scheme import scope_of
from relay.errors import MappingError, Unauthorized
from relay.http.request import Request
from relay.templates.template import Template

KINDS = ("api-key", "bearer", "basic")
NONE = "none"


@dataclass(frozen=True, slots=True)
class TokenScheme:
    """Where the text is. `secret` names the secret; for `basic` its value is `user:password`."""

    secret: str
    kind: str
    token: Template
    each: Template | None = None


@dataclass(frozen=True, slots=True)
class NoScheme:
    """Nobody is asked who they are: only where the route writes `scheme = "none"` itself."""

    secret: str = ""


def verify(scheme: TokenScheme, request: Request, known: VerificationContext) -> None:
    """Raises Unauthorized unless the text is one of the secrets; with `each`, in every element."""
    expected = [_expected(scheme.kind, secret) for secret in known.secrets if secret.strip()]
    if not expected:
        raise Unauthorized("no usable secret: it is missing or empty")
    inside = "body" in scheme.token.text or scheme.each is not None
    scope = scope_of(request, known.url(request), known.body_format if inside else "")
    try:
        items = [None] if scheme.each is None else scheme.each.value(scope)
        if not isinstance(items, list) or not items:
            raise Unauthorized("no elements to authenticate")
        given = [scheme.token.render({**scope, "item": item}).encode("utf-8", "surrogatepass") for item in items]
    except MappingError as error:
        raise Unauthorized(f"token missing: {error}") from error
    matches = [any_equal(expected, [one]) for one in given]
    if not all(matches):
        raise Unauthorized("token mismatch")


def _expected(kind: str, secret: str) -> bytes:
    text = secret.encode("utf-8", "surrogatepass")
    if kind == "bearer":
        return b"Bearer " + text
    if kind == "basic":
        return b"Basic " + base64.b64encode(text)
    return text
