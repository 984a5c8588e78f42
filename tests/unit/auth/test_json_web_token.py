"""JSON Web Tokens: what is one, in its one spelling, and where in a request it is."""

import base64
from dataclasses import replace

import jwt
import pytest

from relay.auth.context import VerificationContext
from relay.errors import Unauthorized
from relay.http.request import Request
from tests.conftest import NOW
from tests.doubles import nothing_is_published
from tests.unit.auth.tokens import PUBLISHED, SCHEME, SECRET, from_issuer, key_set, signed, template, verify


@pytest.mark.parametrize(
    "head", [b"[" * 10_000, b'{"a":' * 2_000, b"null", b"[]", b'{"kid":[]}', b'{"kid":1}', b"\xff"]
)
def test_a_token_whose_head_is_none_is_refused(head: bytes) -> None:
    segment = base64.urlsafe_b64encode(head).rstrip(b"=").decode()
    for scheme in (SCHEME, PUBLISHED):
        with pytest.raises(Unauthorized):
            verify(f"{segment}.e30.AAAA", scheme, lambda *_: key_set("1"))


@pytest.mark.parametrize("token", ["", "a", "a.b", "e30.e30", "e30.e30.e30.e30", "é.e30.", "....", "e30.e30.e30="])
def test_what_is_no_token_is_refused(token: str) -> None:
    for scheme in (SCHEME, PUBLISHED):
        with pytest.raises(Unauthorized, match="token is not base64url in its one spelling"):
            verify(token, scheme, lambda *_: key_set("1"))


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("spoil", ["{}=", "{}==", "{}!", "{}\n", "!{}", "é{}", "\ud800{}"])
def test_a_token_in_another_spelling_is_refused_before_a_key_is_asked_for(spoil: str, place: int) -> None:
    segments = from_issuer("1").split(".")
    segments[place] = spoil.format(segments[place])
    with pytest.raises(Unauthorized, match="one spelling"):
        verify(".".join(segments), PUBLISHED, nothing_is_published)


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_genuine_token_passes_whatever_its_last_character(algorithm: str) -> None:
    secret = 2 * SECRET  # HS512 wants 64 bytes
    tokens = [jwt.encode({"n": number}, secret, algorithm) for number in range(600)]
    assert len({token[-1] for token in tokens}) >= (64 if algorithm == "HS384" else 4)
    for token in tokens:
        verify(token, replace(SCHEME, algorithm=algorithm), secrets=(secret,))


def test_a_token_has_one_spelling_and_its_prefix() -> None:
    token = signed({"a": 1})
    last = token[-1]
    for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        if other != last:
            with pytest.raises(Unauthorized):
                verify(token[:-1] + other)
    with pytest.raises(Unauthorized, match="does not start"):
        verify(token, replace(SCHEME, prefix="Token "))


def test_a_token_in_a_header_has_16384_characters_with_its_prefix_at_most() -> None:
    longest = "a" * (16384 - len("Bearer "))
    with pytest.raises(Unauthorized, match="one spelling"):
        verify(longest)
    with pytest.raises(Unauthorized, match="too long"):
        verify(longest + "a")
    verify(signed({"a": "a" * 12_000}))


def test_a_token_that_an_expression_takes_from_the_body_is_none() -> None:
    scheme = replace(SCHEME, token=template("${to_string(body)}"), prefix="")
    request = Request("POST", "/", "", {}, signed({}).encode(), "")
    with pytest.raises(Unauthorized):
        scheme.verify(request, VerificationContext("", (SECRET,), NOW, nothing_is_published))


def test_a_path_that_cannot_be_encoded_is_a_path_like_any_other() -> None:
    verify(signed({}), path="/\ud800")


def test_a_token_may_be_the_body() -> None:
    scheme = replace(SCHEME, token=template("${body}"), prefix="")
    token = signed({"a": "a" * 20_000}).encode()
    known = VerificationContext("", (SECRET,), NOW, lambda *_: b"")
    scheme.verify(Request("POST", "/", "", {}, token, ""), known)
    with pytest.raises(Unauthorized):
        scheme.verify(Request("POST", "/", "", {}, token + b"\xff", ""), known)
