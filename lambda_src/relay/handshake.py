"""Requests that only ask whether somebody is there: answered, and never delivered. Senders' handshakes are data.

A handshake is answered after the route's scheme has passed, unless the sender neither signs it nor sends its token
(`authenticate = false`); what is echoed then is short, printable, and never markup to a browser.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relay.constant_time import any_equal
from relay.errors import Forbidden, MappingError, Unauthorized
from relay.request import Request
from relay.signature_scheme import scope_of
from relay.template import Template

NAMES = ("headers", "query", "body", "hmac")
DEFAULT_PATTERN = "[ -~]{1,1024}"


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a sender asks (`when`), and what it wants to hear: `text`, or `json`, and `headers`.

    Every value of the answer matches `pattern`. `token` must be the route's verify token. `sign` is what `${hmac}` is
    the HMAC-SHA256 of, in hex, under the route's secret.
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
    sign: Template | None


@dataclass(frozen=True, slots=True)
class Answer:
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


def answer(handshake: Handshake, request: Request, secrets: Sequence[str], tokens: Sequence[str]) -> Answer:
    """Raises Forbidden if the sender's token is not one of `tokens`, Unauthorized if a value must not be echoed."""
    scope = _scope(handshake, request)
    try:
        if handshake.token:
            given = handshake.token.render(scope).encode("utf-8", "surrogatepass")
            if not any_equal([token.encode() for token in tokens if token.strip()], [given]):
                raise Forbidden("The verify token is not the one of this route.")
        if handshake.sign:
            signed = _checked(handshake, handshake.sign.render(scope)).encode()
            key = next((secret for secret in secrets if secret.strip()), "")
            if not key:
                raise Unauthorized("no usable secret: it is missing or empty")
            scope["hmac"] = hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()
        headers = {name: _checked(handshake, value.render(scope)) for name, value in handshake.headers.items()}
        fields = {name: _checked(handshake, value.render(scope)) for name, value in handshake.json.items()}
        text = _checked(handshake, handshake.text.render(scope)) if handshake.text else ""
    except MappingError as error:
        raise Unauthorized(f"handshake: {error}") from error
    if fields:
        return Answer(handshake.status, {"content-type": "application/json", **headers}, json.dumps(fields))
    plain = {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"} if text else {}
    return Answer(handshake.status, plain | headers, text)


def _asks(handshake: Handshake, request: Request) -> bool:
    try:
        value = handshake.when.value(_scope(handshake, request))
    except (MappingError, Unauthorized):
        return False
    return value not in (None, False, "", [], {})


def _scope(handshake: Handshake, request: Request) -> dict[str, Any]:
    templates = [handshake.when, handshake.text, handshake.sign, *handshake.json.values(), *handshake.headers.values()]
    return scope_of(request, "", inside_body=any("body" in one.text for one in templates if one))


def _checked(handshake: Handshake, value: str) -> str:
    if not re.fullmatch(handshake.pattern, value):
        raise Unauthorized("the handshake has a value that must not be echoed")
    return value
