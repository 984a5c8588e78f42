"""How bytes are written as text: signatures have one canonical spelling, so that no two texts are one signature."""

import base64
import binascii
from collections.abc import Callable


def encode(encoding: str, digest: bytes) -> bytes:
    """Return `digest` in one of `ENCODINGS`."""
    return _ENCODERS[encoding](digest)


def decode(encoding: str, text: bytes) -> bytes | None:
    """Return the bytes of `text`, or None if it is not their canonical spelling."""
    try:
        decoded = _DECODERS[encoding](text)
    except ValueError:
        return None
    return decoded if encode(encoding, decoded) == text else None


def to_bytes(text: str) -> bytes:
    """Return `text` in UTF-8, whatever is in it: JSON may spell a lone surrogate."""
    return text.encode("utf-8", "surrogatepass")


_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "hex": binascii.hexlify,
    "base64": base64.b64encode,
    "base64url": lambda digest: base64.urlsafe_b64encode(digest).rstrip(b"="),
    "hex-upper": lambda digest: binascii.hexlify(digest).upper(),
}
_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "hex": binascii.unhexlify,
    "base64": base64.b64decode,
    "base64url": lambda text: base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4)),
    "hex-upper": binascii.unhexlify,
}

ENCODINGS = tuple(_ENCODERS)
