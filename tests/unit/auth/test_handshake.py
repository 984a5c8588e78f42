"""Verification handshakes: found by what they ask, answered with what their route knows."""

from datetime import UTC, datetime
from typing import Any

import pytest

from relay.auth.handshake import DEFAULT_PATTERN, NAMES, Handshake, HandshakeContext
from relay.auth.shared_secret import NoScheme
from relay.errors import Forbidden, Unauthorized
from relay.http.request import Request
from relay.pipeline.accept import accept
from relay.templates.template import compile_template
from tests import doubles
from tests.conftest import Load, http_api_event

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CHALLENGE = "hub.mode=subscribe&hub.verify_token=right&hub.challenge=1158201444"
RELAY_TOML = """
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[[route]]
name = "meta"
path = "/meta/{customer}"
preset = "meta"
verify_token = "acme/${path.customer}"
auth = { secret = "keys/${path.customer}" }
event = { source = "aws.partner/acme.example/${path.customer}", detail_type = "meta" }
"""


def status(load: Load, customer: str) -> int:
    tokens = {"acme/c1": ["right"], "acme/c2": ["wrong"]}
    services = doubles.services(load(RELAY_TOML), refresh_secret=lambda name: tokens[name])
    event = http_api_event(f"/meta/{customer}", b"", {}, query=CHALLENGE, method="GET")
    response, _ = accept(event, services, NOW, lambda: 29.0)
    return int(response["statusCode"])


def test_a_customer_has_a_verify_token_of_their_own(load: Load) -> None:
    assert status(load, "c1") == 200
    assert status(load, "c2") == 403


def handshake(**changes: Any) -> Handshake:
    nothing: dict[str, Any] = {"text": None, "json": {}, "headers": {}, "token": None, "origin": None}
    nothing |= {"sign": None, "enroll": None}
    when = compile_template("${query.challenge}", NAMES)
    fixed: dict[str, Any] = {"method": "GET", "when": when, "authenticate": False, "status": 200}
    return Handshake(**(fixed | {"pattern": DEFAULT_PATTERN} | nothing | changes))


def challenge(value: str, token: str = "") -> Request:
    return Request("GET", "/", "", {"x-challenge": value, "x-token": token}, b"", "")


CONTEXT = HandshakeContext(NoScheme(), [], [], [])
ECHO = compile_template("${headers.x_challenge}", NAMES)


@pytest.mark.parametrize("place", ["headers", "json"])
@pytest.mark.parametrize("value", ["a\r\nset-cookie: b", "é", "a" * 1025])
def test_nothing_but_short_printable_text_is_echoed(place: str, value: str) -> None:
    echo = handshake(**{place: {"x": ECHO}})
    assert echo.respond(challenge("a" * 1024), CONTEXT).status == 200
    with pytest.raises(Unauthorized, match="must not be echoed"):
        echo.respond(challenge(value), CONTEXT)


@pytest.mark.parametrize("value", ["a\n", "a" * 1025])
def test_a_secret_that_arrives_is_short_printable_text(value: str) -> None:
    enrolling = handshake(enroll=ECHO)
    assert enrolling.secret(challenge("secret")) == "secret"
    with pytest.raises(Unauthorized, match="must not be echoed"):
        enrolling.secret(challenge(value))


@pytest.mark.parametrize("stored", ["", " "])
def test_an_empty_verify_token_is_none(stored: str) -> None:
    checking = handshake(token=compile_template("${query.token || headers.x_token || ' '}", NAMES))
    context = HandshakeContext(NoScheme(), [], [stored], [])
    for token in ("", " "):
        with pytest.raises(Forbidden):
            checking.respond(challenge("a", token), context)
