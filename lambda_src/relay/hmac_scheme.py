"""The declarative HMAC scheme: every sender that signs with a shared secret is data for this module.

Rules it keeps, each against a bug that real verifiers had:
- the bytes received are what is signed; the body is never parsed or decoded to text here;
- every value the signed content needs must be there, once, and may not move the boundary to the next one;
- the timestamp is decimal digits, its text is what was signed, and the window is closed on both sides;
- signatures are compared in their one canonical spelling, in constant time, against every active secret;
- whatever a stranger sends, the only exception is Unauthorized.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relay.errors import MappingError, Unauthorized
from relay.request import Request
from relay.template import Template

ALGORITHMS = ("sha256", "sha1", "sha384", "sha512")
ENCODINGS = ("hex", "base64")
SECRET_ENCODINGS = ("utf8", "base64", "hex")
NAMES_IN_SIGNATURE = ("headers",)
NAMES_IN_TIMESTAMP = ("headers", "signature")
NAMES_IN_CONTENT = ("headers", "signature", "timestamp", "body")

_MAX_SIGNATURES = 32
_MAX_SIGNATURE_LENGTH = 8192
_DIGITS = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Hmac:
    """How one sender signs. `secret` names the secret; it is not the secret."""

    secret: str
    signature: Template
    content: Template
    algorithm: str = "sha256"
    encoding: str = "hex"
    prefix: str = ""
    separator: str = ""
    assign: str = ""
    label: str = ""
    timestamp: Template | None = None
    tolerance: int = 300
    secret_encoding: str = "utf8"
    secret_prefix: str = ""


def verify(scheme: Hmac, request: Request, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> None:
    """Raises Unauthorized unless `request` was signed with one of `secrets`, within `tolerance` seconds of `now`.

    `headers` are the request's with the names templates use (lower-case, `_` for `-`).
    """
    keys = [key for secret in secrets if (key := _key(scheme, secret))]
    if not keys:
        raise Unauthorized("no usable secret: it is missing, empty or not in the scheme's encoding")
    scope: dict[str, Any] = {"headers": headers}
    candidates, scope["signature"] = _signatures(scheme, _value(scheme.signature, scope, "signature"))
    if scheme.timestamp:
        scope["timestamp"] = _fresh(_value(scheme.timestamp, scope, "timestamp"), scheme.tolerance, now)
    content = _content(scheme.content, scope, request.body)
    expected = [_encode(scheme.encoding, hmac.digest(key, content, scheme.algorithm)) for key in keys]
    if not _any_equal(expected, candidates):
        raise Unauthorized("signature mismatch")


def _key(scheme: Hmac, secret: str) -> bytes | None:
    """The key, or None if the text is not one in this scheme's encoding."""
    if scheme.secret_encoding == "utf8":
        return secret.encode("utf-8", "surrogatepass") if secret.strip() else None
    text = secret.strip().removeprefix(scheme.secret_prefix)
    try:
        if scheme.secret_encoding == "hex":
            return binascii.unhexlify(text) or None
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True) or None
    except ValueError:
        return None


def _value(template: Template, scope: Mapping[str, Any], what: str) -> str:
    try:
        value = template.render(scope)
    except MappingError as error:
        raise Unauthorized(f"{what} missing: {error}") from error
    if not value:
        raise Unauthorized(f"{what} empty")
    return value


def _signatures(scheme: Hmac, text: str) -> tuple[list[bytes], dict[str, str]]:
    """The signatures to compare, and the labelled values beside them (Stripe's `t`)."""
    items = text.split(scheme.separator) if scheme.separator else [text]
    if len(items) > _MAX_SIGNATURES or len(text) > _MAX_SIGNATURE_LENGTH:
        raise Unauthorized("too many signatures")
    if not scheme.assign:
        return [_bytes(item.removeprefix(scheme.prefix)) for item in items if item.startswith(scheme.prefix)], {}
    labelled = [(label, value) for label, _, value in (item.partition(scheme.assign) for item in items)]
    others = [label for label, _ in labelled if label and label != scheme.label]
    single = {label: value for label, value in labelled if others.count(label) == 1}
    return [_bytes(value) for label, value in labelled if label == scheme.label], single


def _fresh(text: str, tolerance: int, now: datetime) -> str:
    if not _DIGITS.fullmatch(text):
        raise Unauthorized("timestamp is not decimal digits")
    if abs(now.timestamp() - int(text)) > tolerance:
        raise Unauthorized("timestamp outside the tolerance")
    return text


def _content(template: Template, scope: Mapping[str, Any], body: bytes) -> bytes:
    content = bytearray()
    for part, following in zip(template.parts, (*template.parts[1:], ""), strict=True):
        if isinstance(part, str):
            content += part.encode()
        elif part.expression == "body":
            content += body
        else:
            value = _value(Template(part.expression, (part,)), scope, "signed value")
            if isinstance(following, str) and following and following in value:
                raise Unauthorized(f"{part.expression} contains the text that separates it from what follows")
            content += value.encode("utf-8", "surrogatepass")
    return bytes(content)


def _encode(encoding: str, digest: bytes) -> bytes:
    return binascii.hexlify(digest) if encoding == "hex" else base64.b64encode(digest)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _any_equal(expected: Sequence[bytes], candidates: Sequence[bytes]) -> bool:
    """The one place where signatures are compared: in constant time and without stopping at the first match."""
    equal = [hmac.compare_digest(one, other) for one in expected for other in candidates]
    return any(equal)
