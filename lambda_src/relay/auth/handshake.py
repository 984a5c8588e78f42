"""Requests that only ask whether somebody is there: answered, and never delivered. Senders' handshakes are data.

A handshake is answered after the route's scheme has passed, unless the sender neither signs it nor sends its token
(`authenticate = false`); what is echoed then is short, printable, and never markup to a browser.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from relay.auth.constant_time import any_equal
from relay.auth.scheme import Scheme
from relay.auth.scope import render, verification_scope
from relay.errors import Forbidden, MappingError, Unauthorized
from relay.http import body_formats
from relay.http.request import Request
from relay.templates.template import Template

NAMES = ("headers", "query", "body", "hmac", "pair_key")
DEFAULT_PATTERN = "[ -~]{1,1024}"


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a sender asks (`when`), and what it wants to hear: `text`, or `json`, and `headers`.

    What is signed (`sign`, for `${hmac}` and the scheme's `${pair_key}`), or else every value of the answer, matches
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

    def secret(self, request: Request) -> str:
        """The secret that arrives in this handshake. Raises Unauthorized if it must not be one."""
        if not self.enroll:
            raise Unauthorized("no secret arrives in this handshake")
        return _checked(self.pattern, render(self.enroll, _scope(self, request), "secret"))


@dataclass(frozen=True, slots=True)
class HandshakeResponse:
    """The answer to a handshake, made of text."""

    status: int
    headers: Mapping[str, str]
    body: str


def find(handshakes: Iterable[Handshake], request: Request, *, authentic: bool) -> Handshake | None:
    """The handshake that `request` is, of those that are answered now that it is, or is not yet, authentic."""
    for one in handshakes:
        if one.method == request.method and one.authenticate == authentic and _asks(one, request):
            return one
    return None


@dataclass(frozen=True, slots=True)
class HandshakeContext:
    """What the route knows that a handshake may need: its scheme and secrets, its verify tokens and allowed origins."""

    scheme: Scheme
    secrets: Sequence[str]
    tokens: Sequence[str]
    origins: Sequence[str]


def answer(handshake: Handshake, request: Request, receiver: HandshakeContext) -> HandshakeResponse:
    """Raises Forbidden if the token or the origin is not the route's, Unauthorized if a value must not be echoed."""
    scope = _scope(handshake, request)
    try:
        if handshake.token:
            given = handshake.token.render(scope).encode("utf-8", "surrogatepass")
            if not any_equal([token.encode() for token in receiver.tokens if token.strip()], [given]):
                raise Forbidden("The verify token is not the one of this route.")
        if handshake.origin and handshake.origin.render(scope) not in receiver.origins:
            raise Forbidden("The origin is not one of this route's.")
        pattern = handshake.pattern
        if handshake.sign:
            signed = _checked(pattern, handshake.sign.render(scope))
            scope |= receiver.scheme.sign_text(signed, receiver.secrets)
            pattern = DEFAULT_PATTERN
        headers = {name: _checked(pattern, value.render(scope)) for name, value in handshake.headers.items()}
        fields = {name: _checked(pattern, value.render(scope)) for name, value in handshake.json.items()}
        text = _checked(pattern, handshake.text.render(scope)) if handshake.text else ""
    except MappingError as error:
        raise Unauthorized(f"handshake: {error}") from error
    if fields:
        return HandshakeResponse(handshake.status, {"content-type": "application/json", **headers}, json.dumps(fields))
    spoken = plain(text)
    return HandshakeResponse(handshake.status, {**spoken.headers, **headers}, text)


def plain(text: str) -> HandshakeResponse:
    """200 with a text that no browser takes for markup."""
    headers = {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"} if text else {}
    return HandshakeResponse(HTTPStatus.OK, headers, text)


def _asks(handshake: Handshake, request: Request) -> bool:
    try:
        return handshake.when.truth(_scope(handshake, request))
    except (MappingError, Unauthorized):
        return False


def _scope(handshake: Handshake, request: Request) -> dict[str, Any]:
    templates = [handshake.when, handshake.text, handshake.sign, handshake.enroll]
    templates += [handshake.token, handshake.origin, *handshake.json.values(), *handshake.headers.values()]
    reads = any(path[:1] == ("body",) for one in templates if one for path in one.paths())
    return verification_scope(request, "", handshake.body_format if reads else "")


def _checked(pattern: str, value: str) -> str:
    if not re.fullmatch(pattern, value):
        raise Unauthorized("the handshake has a value that must not be echoed")
    return value
