"""Shared texts: exactly one of the secrets, in each element, and never an empty one."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from relay.auth.constant_time import any_equal
from relay.auth.context import VerificationContext
from relay.auth.shared_secret import SharedSecretScheme
from relay.errors import Unauthorized
from relay.http.request import Request
from relay.templates.template import compile_template
from tests.conftest import NOW

NAMES = ("headers", "query", "body", "method", "url", "item")


def verify(
    scheme: SharedSecretScheme, headers: Mapping[str, str], secrets: Sequence[str] = ("secret",), body: Any = None
) -> None:
    request = Request("POST", "/", "", headers, json.dumps(body).encode(), "")
    scheme.verify(request, VerificationContext("", secrets, NOW, lambda *_: b""))


def scheme(kind: str, token: str = "${headers.authorization}", each: str = "") -> SharedSecretScheme:
    return SharedSecretScheme(
        None, kind, compile_template(token, NAMES), compile_template(each, NAMES) if each else None
    )


@pytest.mark.parametrize(
    ("kind", "text"), [("api-key", "secret"), ("bearer", "Bearer secret"), ("basic", "Basic c2VjcmV0")]
)
def test_a_token_is_exactly_one_of_the_secrets(kind: str, text: str) -> None:
    verify(scheme(kind), {"authorization": text})
    verify(scheme(kind), {"authorization": text}, ("other", "", "secret"))
    for wrong in (text[:-1], f"{text} ", text.lower() + "x", "secret" if kind != "api-key" else "Bearer secret", " "):
        with pytest.raises(Unauthorized, match="mismatch"):
            verify(scheme(kind), {"authorization": wrong})
    with pytest.raises(Unauthorized, match="token missing"):
        verify(scheme(kind), {})


@pytest.mark.parametrize("secrets", [(), ("",), (" ",), ("\n", "")])
def test_an_empty_secret_opens_nothing(secrets: Sequence[str]) -> None:
    for kind, text in (("api-key", " "), ("bearer", "Bearer "), ("bearer", "Bearer  "), ("basic", "Basic ")):
        with pytest.raises(Unauthorized, match="no usable secret"):
            verify(scheme(kind), {"authorization": text}, secrets)


def test_each_element_has_the_token() -> None:
    each = scheme("api-key", "${item.token}", "${body.value}")
    good, bad = {"token": "secret"}, {"token": "other"}
    verify(each, {}, body={"value": [good, good]})
    for value in ([good, bad], [bad, good], [bad]):
        with pytest.raises(Unauthorized, match="mismatch"):
            verify(each, {}, body={"value": value})
    empty: list[Any] = [[], None, "text", {"token": "secret"}]
    for nothing in empty:
        with pytest.raises(Unauthorized, match="no elements"):
            verify(each, {}, body={"value": nothing})
    with pytest.raises(Unauthorized, match="token missing"):
        verify(each, {}, body={"value": [good, {}]})


def test_a_token_may_be_inside_the_body() -> None:
    inside = scheme("api-key", "${body.token}")
    verify(inside, {}, body={"token": "secret"})
    with pytest.raises(Unauthorized, match="mismatch"):
        verify(inside, {}, body={"token": "s\ud800"})


def test_texts_are_equal_if_any_is() -> None:
    assert any_equal([b"a", b"b"], [b"c", b"b"])
    assert any_equal([b"a"], [b"a", b"b"])
    assert not any_equal([b"a"], [b"b"])
    assert not any_equal([], [b"a"])
    assert not any_equal([b"a"], [])
