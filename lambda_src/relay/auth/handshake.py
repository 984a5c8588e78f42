"""Verification handshakes: requests with which senders check an endpoint. They are answered, and never delivered.

A handshake is answered after the route's scheme has verified it, unless the sender neither signs it nor sends its token
(`authenticate = false`). Then every value that is echoed is short, printable, and never markup to a browser.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple

from relay.auth import scope
from relay.auth.constant_time import any_equal
from relay.auth.encodings import to_bytes
from relay.auth.scheme import Scheme
from relay.errors import Forbidden, MappingError, Unauthorized
from relay.http import body_formats
from relay.http.request import Request
from relay.templates.template import Template

NAMES = ("headers", "query", "body", "hmac", "pair_key")
DEFAULT_PATTERN = "[ -~]{1,1024}"


@dataclass(frozen=True, slots=True)
class Handshake:
    """One kind of handshake: the requests it is (`method`, `when`) and the response: `text`, or `json`, and `headers`.

    What is signed (`sign`, for `${hmac}` and the scheme's `${pair_key}`), or else every value of the response, matches
    `pattern`. `token` must be the route's verify token, `origin` one of its origins. `enroll` is a secret that arrives
    in the handshake: stored while the route's enrollment is open and there is none yet, refused otherwise.
    """

    method: str
    when: Template
    authenticate: bool
    status: int
    pattern: str
    text: Template | None
    json: Mapping[str, Template]
    headers: Mapping[str, Template]
    token: Template | None
    origin: Template | None
    sign: Template | None
    enroll: Template | None
    body_format: str = body_formats.JSON

    def matches(self, request: Request) -> bool:
        """Return True if `request` is such a handshake."""
        if self.method != request.method:
            return False
        try:
            return self.when.truth(self._scope(request))
        except (MappingError, Unauthorized):
            return False

    def secret(self, request: Request) -> str:
        """Return the secret that arrives in this handshake. Raise Unauthorized if it must not be one."""
        if not self.enroll:
            raise Unauthorized("no secret arrives in this handshake")
        return _checked(self.pattern, scope.render(self.enroll, self._scope(request), "secret"))

    def respond(self, request: Request, context: "HandshakeContext") -> "HandshakeResponse":
        """Return the response. Raise Forbidden for a wrong token or origin, Unauthorized for a value not to echo."""
        values = self._scope(request)
        try:
            self._check_token(values, context.tokens)
            if self.origin and self.origin.render(values) not in context.origins:
                raise Forbidden("The origin is not one of this route's.")
            pattern = self.pattern
            if self.sign:
                values |= context.scheme.sign_text(_checked(pattern, self.sign.render(values)), context.secrets)
                pattern = DEFAULT_PATTERN
            headers = {name: _checked(pattern, value.render(values)) for name, value in self.headers.items()}
            fields = {name: _checked(pattern, value.render(values)) for name, value in self.json.items()}
            text = _checked(pattern, self.text.render(values)) if self.text else ""
        except MappingError as error:
            raise Unauthorized(f"handshake: {error}") from error
        if fields:
            return HandshakeResponse(self.status, {"content-type": "application/json", **headers}, json.dumps(fields))
        return HandshakeResponse(self.status, {**plain_text(text).headers, **headers}, text)

    def _check_token(self, values: Mapping[str, Any], tokens: Sequence[str]) -> None:
        if self.token:
            candidate = to_bytes(self.token.render(values))
            if not any_equal([token.encode() for token in tokens if token.strip()], [candidate]):
                raise Forbidden("The verify token is not the one of this route.")

    def _scope(self, request: Request) -> dict[str, Any]:
        templates = [self.when, self.text, self.sign, self.enroll, self.token, self.origin]
        templates += [*self.json.values(), *self.headers.values()]
        paths = {path for template in templates if template for path in template.paths()}
        reads_body = any(path[:1] == ("body",) for path in paths)
        return scope.verification_scope(request, "", self.body_format if reads_body else "")


class HandshakeContext(NamedTuple):
    """What a handshake may need of its route: the scheme and its secrets, the verify tokens and allowed origins."""

    scheme: Scheme
    secrets: Sequence[str]
    tokens: Sequence[str]
    origins: Sequence[str]


class HandshakeResponse(NamedTuple):
    """The HTTP response to a handshake; the body is text."""

    status: int
    headers: Mapping[str, str]
    body: str


def find_unauthenticated(handshakes: Iterable[Handshake], request: Request) -> Handshake | None:
    """Return the handshake that `request` is, among those whose sender proves nothing; None if it is none."""
    return _find((handshake for handshake in handshakes if not handshake.authenticate), request)


def find_authenticated(handshakes: Iterable[Handshake], request: Request) -> Handshake | None:
    """Return the handshake that an authenticated `request` is; None if it is a webhook."""
    return _find((handshake for handshake in handshakes if handshake.authenticate), request)


def plain_text(text: str) -> HandshakeResponse:
    """Return 200 with a text that no browser takes for markup."""
    headers = {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"} if text else {}
    return HandshakeResponse(HTTPStatus.OK, headers, text)


def _find(handshakes: Iterable[Handshake], request: Request) -> Handshake | None:
    return next((handshake for handshake in handshakes if handshake.matches(request)), None)


def _checked(pattern: str, value: str) -> str:
    """Return `value`. Raise Unauthorized unless it matches `pattern`."""
    if not re.fullmatch(pattern, value):
        raise Unauthorized("the handshake has a value that must not be echoed")
    return value
