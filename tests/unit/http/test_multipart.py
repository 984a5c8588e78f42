"""Forms in multipart/form-data: https://www.rfc-editor.org/rfc/rfc7578."""

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.http import multipart
from relay.http.multipart import MAX_HEADER_SIZE

END = b"--b--\r\n"


def part(value: bytes = b"1", disposition: bytes = b'form-data; name="a"', more: bytes = b"") -> bytes:
    return b"--b\r\nContent-Disposition: " + disposition + b"\r\n" + more + b"\r\n" + value + b"\r\n"


def test_a_repeated_field_has_its_values_in_order_and_a_file_is_a_field() -> None:
    fields: list[Any] = [
        ("a", (None, "1")),
        ("b", (None, "")),
        ("a", (None, "2")),
        ("ü", ("a.txt", "☃\r\n", "text/plain")),
    ]
    body = httpx.Request("POST", "https://relay.example.com", files=fields).read()
    assert multipart.parse(body, 4) == {"a": ["1", "2"], "b": [""], "ü": ["☃\r\n"]}


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (b'form-data; name="a b"', "a b"),
        (b"form-data; name=a", "a"),
        (b'Form-Data;name="a"', "a"),
        (b'form-data; name=""', ""),
        (b'form-data; name="a"; filename="; name=b"', "a"),
        (b"form-data; name=a; filename=b; filename*=utf-8''b", "a"),
        ('form-data; name="ü"'.encode(), "ü"),
    ],
)
def test_a_field_is_named_by_its_disposition(disposition: bytes, name: str) -> None:
    assert multipart.parse(part(disposition=disposition) + END, 1) == {name: ["1"]}


@pytest.mark.parametrize(
    "disposition",
    [
        b"",
        b"form-data",
        b'attachment; name="a"',
        b'form-data; name="a',
        b'form-data; name="a"; name="b"',
        b'form-data; filename="a"',
        b'form-data; name="a\\"b"',
        b'form-data; name="a"' + b";" * 8000,
        b'form-data; name="' + b"; " * 4000,
    ],
)
def test_a_part_without_a_name_or_with_a_doubtful_one_is_refused(disposition: bytes) -> None:
    with pytest.raises(ValueError, match="a part has no name"):
        multipart.parse(part(disposition=disposition) + END, 1)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"a=1",
        b"--",
        b"--\r\n",
        b"--b",
        b"-b\r\n",
        b"\r\n" + part() + END,
        b"--\xff\r\n",
        b"--" + b"b" * 71 + b"\r\n",
    ],
)
def test_a_body_that_does_not_begin_with_a_boundary_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="boundary"):
        multipart.parse(body, 1)


@pytest.mark.parametrize(
    "end", [b"", b"--b", b"--b\r\n", b"--b-", b"--b--x", b"--b--\r\nx", b"--b--\r\n" + END, b"--bc--"]
)
def test_a_form_that_does_not_end_with_its_boundary_is_refused(end: bytes) -> None:
    with pytest.raises(ValueError, match=r"it does not end with its boundary|a part has"):
        multipart.parse(part() + end, 9)


@pytest.mark.parametrize("kind", [b"multipart/mixed; boundary=c", b"Multipart/Form-Data", b"message/rfc822"])
def test_a_form_inside_a_part_is_refused(kind: bytes) -> None:
    with pytest.raises(ValueError, match="a part has parts of its own"):
        multipart.parse(part(more=b"Content-Type: " + kind + b"\r\n") + END, 1)


@pytest.mark.parametrize(("encoding", "refused"), [(b"base64", True), (b"quoted-printable", True), (b"8BIT", False)])
def test_an_encoded_part_is_refused(encoding: bytes, refused: bool) -> None:
    body = part(more=b"Content-Transfer-Encoding: " + encoding + b"\r\n") + END
    if refused:
        with pytest.raises(ValueError, match="a part is encoded"):
            multipart.parse(body, 1)
    else:
        assert multipart.parse(body, 1) == {"a": ["1"]}


@pytest.mark.parametrize(
    "more", [b'Content-Disposition: form-data; name="b"\r\n', b" folded\r\n", b"none\r\n", b": a\r\n"]
)
def test_headers_that_two_parsers_could_read_in_two_ways_are_refused(more: bytes) -> None:
    with pytest.raises(ValueError, match="a part has a header twice, or a line that is none"):
        multipart.parse(part(more=more) + END, 1)


@pytest.mark.parametrize("body", [part(b"\xff") + END, part(disposition=b'form-data; name="\xff"') + END])
def test_a_part_that_is_not_utf_8_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="a part is not UTF-8"):
        multipart.parse(body, 1)


def test_as_many_fields_as_are_allowed_are_read_and_no_more() -> None:
    assert multipart.parse(part() * 5 + END, 5) == {"a": ["1"] * 5}
    for number in (6, 7, 100_000):
        with pytest.raises(ValueError, match="it has more than 5 fields"):
            multipart.parse(part() * number + END, 5)


def test_the_headers_of_a_part_are_read_up_to_their_limit() -> None:
    longest = MAX_HEADER_SIZE - len('Content-Disposition: form-data; name="a"\r\nX: ')
    assert multipart.parse(part(more=b"X: " + b"x" * longest + b"\r\n") + END, 1) == {"a": ["1"]}
    with pytest.raises(ValueError, match="8192 bytes"):
        multipart.parse(part(more=b"X: " + b"x" * (longest + 1) + b"\r\n") + END, 1)


@given(
    st.lists(
        st.sampled_from(
            [b"--b", b"--", b"\r\n", b"\r", b"\n", b"Content-Disposition: form-data; name=", b'"', b"a", b";"]
        )
        | st.binary(max_size=3)
    ).map(b"".join)
)
def test_whatever_the_body_there_are_fields_or_a_value_error(body: bytes) -> None:
    try:
        fields = multipart.parse(b"--b\r\n" + body, 3)
    except ValueError:
        return
    assert sum(map(len, fields.values())) <= 3
