"""JSON Web Tokens: which claims, and when."""

import base64
from dataclasses import replace
from hashlib import sha256
from typing import Any

import jwt
import pytest

from relay.auth import json_web_token
from relay.auth.context import VerificationContext
from relay.errors import Unauthorized
from relay.http.request import Request
from tests.conftest import NOW
from tests.doubles import nothing_is_published
from tests.unit.auth.tokens import BODY, SCHEME, SECRET, signed, template, verify

SECONDS = int(NOW.timestamp())


@pytest.mark.parametrize("claims", [b"[" * 100_000, b"null", b"[]", b"\xff", b""])
def test_a_signed_token_whose_claims_are_no_object_is_refused(claims: bytes) -> None:
    token = jwt.PyJWS().encode(claims, SECRET, "HS256").encode()
    scheme = replace(SCHEME, token=template("${body}"), prefix="")
    with pytest.raises(Unauthorized, match="no active key"):
        scheme.verify(
            Request("POST", "/", "", {}, token, ""),
            VerificationContext("", (SECRET,), NOW, nothing_is_published),
        )


def test_what_the_route_does_not_ask_for_may_be_anything() -> None:
    verify(signed({"aud": 7, "sub": 7, "jti": 7}))


def test_the_time_is_the_one_that_is_passed_in() -> None:
    now = NOW.replace(year=2126)
    seconds = int(now.timestamp())
    token = signed({"iat": seconds, "nbf": seconds, "exp": seconds})
    request = Request("POST", "/", "", {"authorization": f"Bearer {token}"}, b"", "")
    SCHEME.verify(request, VerificationContext("", (SECRET,), now, nothing_is_published))


def test_a_claim_that_is_compared_with_nothing_is_refused() -> None:
    scheme = replace(SCHEME, claims={"c": template("${sha256.body.base32}", *json_web_token.NAMES_IN_CLAIMS)})
    with pytest.raises(Unauthorized, match="claim c"):
        verify(signed({"c": None}), scheme)


@pytest.mark.parametrize(
    ("claims", "good"),
    [
        ({"exp": SECONDS - 29}, True),
        ({"exp": SECONDS - 30}, False),
        ({"nbf": SECONDS + 30}, True),
        ({"nbf": SECONDS + 31}, False),
        ({"iat": SECONDS + 30}, True),
        ({"iat": SECONDS + 31}, False),
        ({"exp": SECONDS + 0.5, "nbf": SECONDS - 0.5}, True),
        ({"exp": str(SECONDS + 9)}, False),
        ({"exp": True}, False),
        ({"exp": None}, False),
        ({"nbf": False}, False),
        ({"iat": float("nan")}, False),
        ({"exp": float("nan")}, False),
        ({}, True),
    ],
    ids=str,
)
def test_a_token_holds_for_its_time(claims: dict[str, Any], good: bool) -> None:
    if good:
        verify(signed(claims))
    else:
        with pytest.raises(Unauthorized, match=r"token|time"):
            verify(signed(claims))


@pytest.mark.parametrize(("age", "good"), [(300, True), (301, False), (None, False)])
def test_a_token_may_have_to_be_young(age: int | None, good: bool) -> None:
    token = signed({} if age is None else {"iat": SECONDS - age})
    if good:
        verify(token, replace(SCHEME, max_age=300))
    else:
        with pytest.raises(Unauthorized, match="too old"):
            verify(token, replace(SCHEME, max_age=300))


@pytest.mark.parametrize(
    ("claims", "good"),
    [
        ({"iss": "me", "aud": "you", "sub": "a"}, True),
        ({"iss": "me", "aud": ["others", "you"], "sub": None}, True),
        ({"iss": "other", "aud": "you", "sub": "a"}, False),
        ({"iss": "me", "aud": "others", "sub": "a"}, False),
        ({"iss": "me", "aud": ["others"], "sub": "a"}, False),
        ({"iss": "me", "aud": "yours", "sub": "a"}, False),
        ({"iss": "me", "aud": "you"}, False),
        ({"aud": "you", "sub": "a"}, False),
        ({"iss": "me", "sub": "a"}, False),
    ],
    ids=str,
)
def test_a_token_says_by_whom_and_for_whom_it_is(claims: dict[str, Any], good: bool) -> None:
    scheme = replace(SCHEME, issuer=("me", "us"), audience="you", required_claims=("sub",))
    if good:
        verify(signed(claims), scheme)
    else:
        with pytest.raises(Unauthorized, match=r"issued|claim"):
            verify(signed(claims), scheme)


@pytest.mark.parametrize(
    ("text", "claim", "good"),
    [
        ("${sha256.body.hex}", sha256(BODY).hexdigest(), True),
        ("${sha256.body.hex}", sha256(b"other").hexdigest(), False),
        ("${sha256.body.base64}", base64.b64encode(sha256(BODY).digest()).decode(), True),
        ("${sha256.body.base64}", base64.b64encode(sha256(BODY).digest()).decode().rstrip("="), True),
        ("${sha256.body.base64url}", base64.urlsafe_b64encode(sha256(BODY).digest()).decode(), True),
        ("${sha256.url.hex}", sha256(b"https://relay.example/hook?a=1").hexdigest(), True),
        ("${url}", "https://relay.example/hook?a=1", True),
        ("${url}", "https://relay.example/hook", False),
        ("true", True, True),
        ("false", True, False),
        ("false", False, True),
        ("1", 1, True),
        ("a", None, False),
        ("None", None, True),
        ("true", "trueX", False),
        ("a", "\ud800", False),
    ],
)
def test_a_claim_equals_what_the_request_is(text: str, claim: object, good: bool) -> None:
    scheme = replace(SCHEME, claims={"c": template(text, *json_web_token.NAMES_IN_CLAIMS)})
    if good:
        verify(signed({"c": claim}), scheme)
    else:
        with pytest.raises(Unauthorized, match="claim c is another"):
            verify(signed({"c": claim}), scheme)
