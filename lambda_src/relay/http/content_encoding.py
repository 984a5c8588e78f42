"""Undo the Content-Encoding of a body, within limits: https://www.rfc-editor.org/rfc/rfc9110#section-8.4.

No signature covers that header, so it may make the relay refuse a body, but never read it as something else. What is
text stays as it is, whatever the header says: a REST API decodes bodies itself and leaves the header
(https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gzip-compression-decompression.html). And what
is decoded was not text, so that no format could have read it without the header.
"""

from dataclasses import replace

from relay.errors import BadRequest, PayloadTooLarge, UnsupportedMediaType
from relay.http.request import CONTENT_ENCODING, Request

GZIP, DEFLATE = "gzip", "deflate"
ENCODINGS = (GZIP, DEFLATE)
MAX_MEMBERS = 100
"""Of one gzip body, which may be several that were written one after the other (RFC 1952, section 2.2)."""

_NONE = ("", "identity")
_ALIASES = {"x-gzip": GZIP}
_GZIP_BITS, _ZLIB_BITS, _RAW_BITS = 31, 15, -15  # https://docs.python.org/3/library/zlib.html#zlib.decompressobj
_ZLIB_METHOD, _ZLIB_CHECK = (
    0x78,
    31,
)  # deflate with a window of 32 KB, which every encoder writes: RFC 1950, section 2.2
_GZIP_MAGIC = b"\x1f\x8b"
# The first bytes of gzip and of zlib after a gateway has read them as text, and replaced what is none.
_DESTROYED = ("\x1f\ufffd".encode(), "x\ufffd".encode())


def decode(request: Request, max_bytes: int) -> Request:
    """Return the request with its body decoded, and without the header; a body that is text is left as it is.

    No more than `max_bytes` are ever inflated, in time linear in the body. Raise PayloadTooLarge if there are more,
    BadRequest if the body is not what the header says, UnsupportedMediaType for any other encoding than `ENCODINGS`.
    """
    name = request.headers.get(CONTENT_ENCODING, "").strip().lower()
    encoding = _ALIASES.get(name, name)
    headers = {name: value for name, value in request.headers.items() if name != CONTENT_ENCODING}
    if encoding in _NONE:
        return replace(request, headers=headers)
    if encoding not in ENCODINGS:
        raise UnsupportedMediaType(f"The body has another Content-Encoding than {' or '.join(ENCODINGS)}.", ENCODINGS)
    body = request.body if _is_text(request.body) else _inflate(request.body, encoding, max_bytes)
    return replace(request, headers=headers, body=body)


def _is_text(body: bytes) -> bool:
    """Return whether a body is text already. Raise BadRequest if it has been made text, which destroyed it."""
    if body.startswith(_DESTROYED):
        raise BadRequest(
            "The gateway took the encoded body for text, which destroyed it: send it with the Content-Type "
            "application/octet-stream, or without Content-Encoding."
        )
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _inflate(body: bytes, encoding: str, max_bytes: int) -> bytes:
    import zlib  # only for bodies that are encoded

    parts: list[bytes] = []
    room = max_bytes
    for _ in range(MAX_MEMBERS):
        inflate = zlib.decompressobj(_window_bits(body, encoding))
        try:
            part = inflate.decompress(body, room + 1)
        except zlib.error as error:
            raise BadRequest(f"The body is not {encoding}, which its Content-Encoding says: {error}.") from error
        if len(part) > room:
            raise PayloadTooLarge(f"The body is larger than {max_bytes} bytes when it is decoded.")
        if not inflate.eof:
            raise BadRequest(f"The body is cut off: its {encoding} stream has no end.")
        parts.append(part)
        room -= len(part)
        body = inflate.unused_data
        if not body:
            return b"".join(parts)
        if encoding != GZIP or not body.startswith(_GZIP_MAGIC):
            raise BadRequest(f"The body goes on after the end of its {encoding} stream.")
    raise BadRequest(f"The body has more than {MAX_MEMBERS} gzip members.")


def _window_bits(body: bytes, encoding: str) -> int:
    """Return how zlib is to read it: some senders write `deflate` without zlib's header, which browsers accept too."""
    if encoding == GZIP:
        return _GZIP_BITS
    has_header = body[0] == _ZLIB_METHOD and int.from_bytes(body[:2]) % _ZLIB_CHECK == 0
    return _ZLIB_BITS if has_header else _RAW_BITS
