"""The signed content: no header may move the boundary to what follows it."""

import hmac
from datetime import UTC, datetime

import pytest

from relay.auth.context import VerificationContext
from relay.auth.signature import NAMES_IN_CONTENT, SignatureScheme
from relay.errors import Unauthorized
from relay.http.request import Request
from relay.templates.template import compile_template

SCHEME = SignatureScheme(
    None,
    compile_template("${headers.x_signature}", NAMES_IN_CONTENT),
    compile_template("${headers.x_id}--${body}", NAMES_IN_CONTENT),
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def verify(message_id: str) -> None:
    """Verify a request that is signed as the sender would."""
    signature = hmac.digest(b"secret", f"{message_id}--body".encode(), "sha256").hex()
    request = Request("POST", "/", "", {"x-id": message_id, "x-signature": signature}, b"body", "")
    SCHEME.verify(request, VerificationContext("", ["secret"], NOW, lambda _url, _age: b""))


def test_a_header_before_a_separator_is_part_of_the_content() -> None:
    verify("-a-b")


@pytest.mark.parametrize("message_id", ["a--b", "--", "a-"])  # `a-` and `--` are also `a` and `--`, `-` and the body
def test_a_header_neither_contains_the_separator_nor_ends_as_it_begins(message_id: str) -> None:
    with pytest.raises(Unauthorized, match="separates it from what follows"):
        verify(message_id)
