"""What some senders sign, as code: whatever the request, bytes or Unauthorized."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.auth import canonical
from relay.auth.canonical import CANONICAL
from relay.errors import Unauthorized
from relay.http.request import Request

URL = "https://hooks.acme.example/a"
NAMED = "x-contentful-signed-headers"
CONTENTFUL = {"x-contentful-timestamp": "1", NAMED: f"x-contentful-timestamp,{NAMED}"}


def posted(body: bytes = b"", headers: dict[str, str] | None = None, *, path: str = "/a", query: str = "") -> Request:
    return Request("POST", path, query, headers or {}, body, "")


@pytest.mark.parametrize(
    "body",
    [
        *(b"9" * 309, b"-" + b"9" * 310, b"9" * 4301, b"1e400", b"NaN"),
        *(
            b"",
            b"\xff",
            b'"\\ud800"',
            b'{"\\ud800":1}',
            b'{"a":1,"a":2}',
            b"[" * 100_000,
            b"[" + b"1," * 100_001 + b"1]",
        ),
    ],
)
def test_a_body_without_a_canonical_form_is_refused(body: bytes) -> None:
    with pytest.raises(Unauthorized, match="canonical form"):
        canonical.jcs(posted(body), "")


def test_a_number_that_javascript_has_is_written_as_javascript_does() -> None:
    assert canonical.jcs(posted(b"[" + b"9" * 308 + b"]"), "") == b"[1e+308]"


def test_contentful_may_not_name_a_header_twice() -> None:
    headers = CONTENTFUL | {"a": "1"}
    assert canonical.contentful(posted(headers=headers | {NAMED: headers[NAMED] + ",a"}), URL).count(b"a:1") == 1
    with pytest.raises(Unauthorized, match="names a header twice"):
        canonical.contentful(posted(headers=headers | {NAMED: headers[NAMED] + ",a,a"}), URL)


def test_lone_surrogates_are_signed_like_any_other_text() -> None:
    for sign in (canonical.twilio, canonical.mandrill, canonical.plivo, canonical.contentful):
        assert sign(posted(headers=CONTENTFUL), f"{URL}\ud800?a=\ud800")
    assert canonical.atlassian(posted(path="/\ud800", query="a=\ud800"))


texts = st.text(st.characters(exclude_categories=()), max_size=10)


@given(
    body=st.binary(max_size=20) | texts.map(lambda text: text.encode("utf-8", "surrogatepass")),
    headers=st.dictionaries(
        st.sampled_from([*CONTENTFUL, "content-type", "a"]),
        texts | st.sampled_from(["application/x-www-form-urlencoded", "a"]),
    ),
    path=texts,
    query=texts,
    what=st.sampled_from([*CANONICAL.values(), lambda request, _url: canonical.atlassian(request)]),
)
def test_whatever_the_request_there_are_bytes_or_it_is_unauthorized(
    body: bytes, headers: dict[str, str], path: str, query: str, what: Callable[[Request, str], bytes]
) -> None:
    request = posted(body, CONTENTFUL | headers, path=f"/{path}", query=query)
    with contextlib.suppress(Unauthorized):
        assert isinstance(what(request, f"https://hooks.acme.example/{path}?{query}"), bytes)
