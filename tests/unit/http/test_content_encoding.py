"""A body with a Content-Encoding: decoded within limits, or refused with the reason."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import BadRequest, PayloadTooLarge, Rejected, UnsupportedMediaType
from relay.http import body_formats
from relay.http.content_encoding import MAX_MEMBERS, decode
from relay.http.request import Request

BODY = '{"type":"order.created","name":"Zoë"}'.encode()
LIMIT = 10_000


def raw_deflate(body: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-15)
    return deflate.compress(body) + deflate.flush()


ENCODERS: dict[str, list[Callable[[bytes], bytes]]] = {
    "gzip": [gzip.compress],
    "x-gzip": [gzip.compress],
    "GZIP": [gzip.compress],
    " deflate ": [zlib.compress, raw_deflate],
    "deflate": [zlib.compress, raw_deflate],
}
ENCODED = [(name, encode) for name, encoders in ENCODERS.items() for encode in encoders]


def encoded(body: bytes, name: str = "gzip") -> Request:
    return Request("POST", "/", "", {"content-encoding": name, "x-other": "1"}, body, "")


@pytest.mark.parametrize(("name", "encode"), ENCODED)
def test_an_encoded_body_is_decoded_and_the_header_that_said_so_is_gone(
    name: str, encode: Callable[[bytes], bytes]
) -> None:
    request = decode(encoded(encode(BODY), name), LIMIT)
    assert (request.body, request.headers) == (BODY, {"x-other": "1"})


def test_a_raw_stream_that_begins_with_zlibs_check_is_still_raw() -> None:
    bodies = (raw_deflate(f"{number:04x}".encode()[::-1] + BODY) for number in range(0x10000))
    alike = next(body for body in bodies if int.from_bytes(body[:2]) % 31 == 0)
    assert decode(encoded(alike, "deflate"), LIMIT).body.endswith(BODY)


@given(body=st.binary(max_size=LIMIT), which=st.sampled_from(ENCODED), level=st.integers(0, 9))
def test_what_is_decoded_is_what_was_encoded(
    body: bytes, which: tuple[str, Callable[[bytes], bytes]], level: int
) -> None:
    name, encode = which
    sent = encode(body)
    decoded = decode(encoded(sent, name), LIMIT).body
    assert decoded == body or (decoded == sent and sent.decode())  # deflate of nearly nothing may be text
    assert decode(encoded(gzip.compress(body, level)), LIMIT).body == body


@given(bodies=st.lists(st.binary(max_size=50), min_size=2, max_size=5))
def test_several_gzip_members_are_one_body(bodies: list[bytes]) -> None:
    body = b"".join(map(gzip.compress, bodies))
    assert decode(encoded(body), LIMIT).body == b"".join(bodies)


@pytest.mark.parametrize("name", ["", "identity", "Identity"])
def test_a_body_that_is_not_encoded_is_left_as_it_is(name: str) -> None:
    assert decode(encoded(BODY, name), LIMIT).body == BODY


@pytest.mark.parametrize("name", ["br", "zstd", "gzip, gzip", "gzip,deflate", "identity, gzip", "gzip;q=1", "é"])
def test_any_other_encoding_is_refused_with_those_that_there_are(name: str) -> None:
    with pytest.raises(UnsupportedMediaType, match="another Content-Encoding than gzip or deflate") as refused:
        decode(encoded(gzip.compress(BODY), name), LIMIT)
    assert refused.value.headers == {"accept-encoding": "gzip, deflate"}


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("gzip", gzip.compress(BODY)[:-1], "cut off"),
        ("gzip", gzip.compress(BODY)[:15], "cut off"),
        ("gzip", gzip.compress(BODY) + b"\x00", "goes on after the end"),
        ("gzip", gzip.compress(BODY) + b"{}", "goes on after the end"),
        ("gzip", gzip.compress(BODY) + gzip.compress(BODY)[:-1], "cut off"),
        ("gzip", gzip.compress(BODY)[:-8] + bytes(8), "not gzip"),  # another checksum
        ("gzip", gzip.compress(b"") * (MAX_MEMBERS + 1), "more than 100 gzip members"),
        ("gzip", zlib.compress(BODY), "not gzip"),
        ("gzip", b"\xff\xff", "not gzip"),
        ("deflate", gzip.compress(BODY), "not deflate"),
        ("deflate", zlib.compress(BODY)[:-1], "cut off"),
        ("deflate", zlib.compress(BODY) + b"\x00", "goes on after the end"),
        ("deflate", raw_deflate(BODY) + b"\x00", "goes on after the end"),
        ("deflate", raw_deflate(BODY)[:-1], "cut off"),
        ("gzip", gzip.compress(BODY).decode("utf-8", "replace").encode(), "took the encoded body for text"),
        ("deflate", zlib.compress(BODY).decode("utf-8", "replace").encode(), "took the encoded body for text"),
    ],
)
def test_what_is_not_exactly_one_encoded_body_is_refused(name: str, body: bytes, reason: str) -> None:
    with pytest.raises(BadRequest, match=reason):
        decode(encoded(body, name), LIMIT)


@pytest.mark.parametrize(("name", "encode"), ENCODED)
def test_a_body_may_be_as_large_as_the_limit_when_it_is_decoded_and_not_larger(
    name: str, encode: Callable[[bytes], bytes]
) -> None:
    assert len(decode(encoded(encode(b"a" * LIMIT), name), LIMIT).body) == LIMIT
    with pytest.raises(PayloadTooLarge, match="larger than 10000 bytes when it is decoded"):
        decode(encoded(encode(b"a" * (LIMIT + 1)), name), LIMIT)
    with pytest.raises(PayloadTooLarge):
        decode(encoded(gzip.compress(b"a" * LIMIT) + gzip.compress(b"a")), LIMIT)


def test_a_bomb_takes_no_more_memory_than_the_limit() -> None:
    limit, bomb = 1024 * 1024, gzip.compress(bytes(200 * 1024 * 1024))
    request = encoded(bomb)
    tracemalloc.start()
    try:
        with pytest.raises(PayloadTooLarge):
            decode(request, limit)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2.5 * limit + len(bomb)  # Python's zlib doubles its output while it grows


@given(body=st.binary(max_size=200) | st.text(max_size=200).map(str.encode), name=st.sampled_from(list(ENCODERS)))
def test_the_header_never_gives_a_body_that_can_be_read_another_meaning(body: bytes, name: str) -> None:
    try:
        request = decode(encoded(body, name), LIMIT)
    except Rejected:
        return
    if request.body != body:
        for body_format in (*set(body_formats.FORMATS) - {body_formats.CLOUDEVENTS_BINARY},):
            with pytest.raises(BadRequest):
                body_formats.parse(Request("POST", "/", "", {}, body, ""), body_format)


@pytest.mark.parametrize(("name", "encode"), ENCODED)
def test_no_format_reads_an_encoded_body_without_the_header(name: str, encode: Callable[[bytes], bytes]) -> None:
    test = test_the_header_never_gives_a_body_that_can_be_read_another_meaning
    test.hypothesis.inner_test(encode(BODY), name)  # type: ignore[attr-defined]
