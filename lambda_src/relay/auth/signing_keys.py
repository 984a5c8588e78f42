"""The keys that a shared secret stands for: what is stored is text, and senders make bytes of it in their own ways."""

import base64
import binascii
import hashlib
import re

# sha1: the key is the secret's digest. utf8-or-base64: which of the two depends on the secret's age (Polar).
KEY_ENCODINGS = ("utf8", "base64", "hex", "sha1", "utf8-or-base64")

_WORD = "[A-Za-z0-9_]+"


def signing_keys(encoding: str, prefix: str, secret: str) -> list[bytes]:
    """Return the keys that `secret` may stand for; none if it is empty or not in this encoding.

    `utf8-or-base64` gives two: Polar decodes secrets of today and takes older ones as they are, and neither says which.
    """
    if not secret.strip():
        return []
    text = _without_prefix(prefix, secret if encoding == "utf8" else secret.strip())
    match encoding:
        case "utf8":
            keys = [text.encode("utf-8", "surrogatepass")]
        case "sha1":
            keys = [hashlib.sha1(secret.encode("utf-8", "surrogatepass")).digest()]  # noqa: S324 - the sender's choice
        case "utf8-or-base64":
            keys = [secret.encode("utf-8", "surrogatepass"), _decoded("base64", text)]
        case _:
            keys = [_decoded(encoding, text)]
    return [key for key in keys if key]


def _without_prefix(prefix: str, secret: str) -> str:
    """Return `secret` without `prefix`, if it has it. `*` in the prefix is a word: Inngest's `signkey-*-`."""
    if "*" not in prefix:
        return secret.removeprefix(prefix)
    pattern = re.escape(prefix).replace(r"\*", _WORD)
    match = re.match(pattern, secret)
    return secret[match.end() :] if match else secret


def _decoded(encoding: str, text: str) -> bytes:
    """Return the bytes of `text`, none if it is not hex or base64. Base64 may come without its padding."""
    try:
        if encoding == "hex":
            return binascii.unhexlify(text)
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return b""
