"""The declarative signature: every sender that signs, with a shared secret or a private key, is data for this module.

Rules it keeps, each against a bug that real verifiers had:
- the bytes received are what is signed; the body is parsed only if the scheme takes a value from inside it;
- every value the signed content needs must be there, once, and a header may not move the boundary to the next one;
- the timestamp has one spelling, its text is what was signed, and the window is closed on both sides;
- signatures are compared in their one canonical spelling, in constant time, against every active secret;
- whatever a stranger sends, the only exception is Unauthorized.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relay.auth import public_key
from relay.auth.canonical import CANONICAL
from relay.auth.constant_time import any_equal
from relay.auth.context import VerificationContext
from relay.auth.signing_keys import signing_keys
from relay.errors import BadRequest, MappingError, Unauthorized
from relay.http import body_formats
from relay.http.request import Request
from relay.templates.template import Placeholder, Template

# `hash` is what came before HMAC: a digest of the secret and the content, concatenated as `content` says.
KINDS = ("hmac", "hash", *public_key.KINDS)
ALGORITHMS = ("sha256", "sha1", "sha384", "sha512")
ENCODINGS = ("hex", "base64", "base64url", "hex-upper")
# sha1: the key is the secret's digest. utf8-or-base64: which of the two depends on the secret's age (Polar).
KEY_ENCODINGS = ("utf8", "base64", "hex", "sha1", "utf8-or-base64")
# s-or-ms: the sender documents both (Mercado Pago); a time of more than 11 digits is in milliseconds.
S_OR_MS = "s-or-ms"
TIMESTAMP_UNITS = {"s": 1, "ms": 1000, "us": 1_000_000, S_OR_MS: 1}
RFC3339 = "rfc3339"

NAMES = ("headers", "query", "body", "method", "url")
NAMES_IN_TIMESTAMP = (*NAMES, "signature")
NAMES_IN_CONTENT = (*NAMES_IN_TIMESTAMP, "secret", "canonical")

_BODY = "body"
_OWS = " \t"
_MAX_SIGNATURES = 32
_MAX_SIGNATURE_LENGTH = 8192
# Without zeros before it: `100` + `17…` is also `1` + `0017…`.
_DIGITS = re.compile(r"0|[1-9][0-9]{0,19}")
_DIGITS_OF_SECONDS = 11  # until the year 5138; 12 digits of milliseconds are 1973 and later
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class SignatureScheme:
    """How one sender signs. `secret` names the secret; it is not the secret."""

    secret: str  # empty where there is a public key
    signature: Template
    content: Template
    kind: str = "hmac"
    algorithm: str = "sha256"
    encoding: str = "hex"
    prefix: str = ""
    separator: str = ""
    assign: str = ""
    label: str = ""
    timestamp: Template | None = None
    timestamp_unit: str = "s"
    tolerance: int = 300
    key_encoding: str = "utf8"
    key_prefix: str = ""
    public_key: str = ""
    each: Template | None = None
    signed_for_anybody: tuple[str, ...] = ()  # patterns of what a handshake signs for whoever asks

    def reads_the_body(self) -> bool:
        """Whether it takes a value from inside the body; otherwise the body is bytes alone."""
        templates = [self.signature, self.content, self.timestamp, self.each]
        inside = [one for template in templates if template for one in template.expressions() if one != _BODY]
        return any(re.search(r"\bbody\b", expression) for expression in inside)


def verify(scheme: SignatureScheme, request: Request, known: VerificationContext) -> None:
    """Raises Unauthorized unless `request` was signed with one of the secrets, within the tolerance of now."""
    url = known.url(request)
    keys = [key for secret in known.secrets for key in _keys(scheme, secret)]
    if not keys and not scheme.public_key:
        raise Unauthorized("no usable secret: it is missing, empty or not in the scheme's encoding")
    scope = scope_of(request, url, known.body_format if scheme.reads_the_body() else "")
    for one in _each(scheme, scope):
        candidates, one["signature"] = _signatures(scheme, value_of(scheme.signature, one, "signature"))
        if scheme.timestamp:
            one["timestamp"] = _fresh(scheme, value_of(scheme.timestamp, one, "timestamp"), known.now)
        if len(set(candidates)) < len(candidates):
            raise Unauthorized("the same signature twice: a repeated header")
        raw = {_BODY: request.body} | _canonical(scheme.content, request, url)
        if scheme.signed_for_anybody:
            _refuse_what_anybody_gets_signed(scheme, b"".join(_content(scheme.content, one, raw)))
        if not _matches(scheme, candidates, keys, one, raw):
            raise Unauthorized("signature mismatch")


def signature(
    scheme: SignatureScheme, secret: str, request: Request, known: VerificationContext, timestamp: str
) -> str:
    """What the sender would sign `request` with, encoded. Raises Unauthorized if a value that is signed is missing."""
    keys = _keys(scheme, secret)
    if not keys:
        raise Unauthorized("no usable secret: it is empty or not in the scheme's encoding")
    url = known.url(request)
    scope = scope_of(request, url, known.body_format if scheme.reads_the_body() else "") | {"timestamp": timestamp}
    raw = {_BODY: request.body} | _canonical(scheme.content, request, url)
    return _encode(scheme.encoding, _digest(scheme, keys[0], scope, raw)).decode()


def sign(scheme: SignatureScheme, secrets: Sequence[str], content: str) -> str:
    """The HMAC of `content` in hex, with the first usable secret: what some handshakes want to see."""
    for key in (key for secret in secrets for key in _keys(scheme, secret)):
        return hmac.new(key, _bytes(content), scheme.algorithm).hexdigest()
    raise Unauthorized("no usable secret: it is missing, empty or not in the scheme's encoding")


def scope_of(request: Request, url: str, body_format: str) -> dict[str, Any]:
    """Return the names of a scheme's templates. A header or parameter without a value counts as absent.

    The body is read in `body_format`, or not at all if that is empty. Raise Unauthorized if it cannot be read.
    """
    try:
        body = body_formats.parse(request, body_format)[1] if body_format else None
    except BadRequest as error:
        raise Unauthorized(f"the scheme reads the body: {error}") from error
    return {
        "headers": {name: value for name, value in request.named_headers().items() if value},
        "query": {name: value for name, value in request.parameters().items() if value},
        "method": request.method,
        "url": url,
        "body": body,
    }


def value_of(template: Template, scope: Mapping[str, Any], what: str) -> str:
    """The text of `template`. Raises Unauthorized if a value is missing, or there is no text at all."""
    try:
        value = template.render(scope)
    except MappingError as error:
        raise Unauthorized(f"{what} missing: {error}") from error
    if not value:
        raise Unauthorized(f"{what} empty")
    return value


def _each(scheme: SignatureScheme, scope: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """The scope, or one for each element that is signed on its own (`item`)."""
    if scheme.each is None:
        return [scope]
    try:
        items = scheme.each.value(scope)
    except MappingError as error:
        raise Unauthorized(str(error)) from error
    if not isinstance(items, list) or not items:
        raise Unauthorized(f"{scheme.each.text} has no elements")
    return [{**scope, "item": item} for item in items]


def _keys(scheme: SignatureScheme, secret: str) -> list[bytes]:
    return signing_keys(scheme.key_encoding, scheme.key_prefix, secret)


def _signatures(scheme: SignatureScheme, text: str) -> tuple[list[bytes], dict[str, str]]:
    """Return the signatures to compare, and the labelled values beside them (Stripe's `t`).

    Spaces around an item mean nothing: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1.
    """
    if len(text) > _MAX_SIGNATURE_LENGTH:
        raise Unauthorized("signature too long")
    items = [item.strip(_OWS) for item in text.split(scheme.separator)] if scheme.separator else [text]
    if len(items) > _MAX_SIGNATURES:
        raise Unauthorized("too many signatures")
    if any(_is_joined(scheme, item) for item in items):
        raise Unauthorized("a comma inside a signature: a repeated header")
    if not scheme.assign:
        prefixed = [item.removeprefix(scheme.prefix) for item in items if item.startswith(scheme.prefix)]
        return [_bytes(item) for item in prefixed if item], {}
    labelled = [(label, value) for label, _, value in (item.partition(scheme.assign) for item in items)]
    others = [label for label, _ in labelled if label and label != scheme.label]
    single = {label: value for label, value in labelled if others.count(label) == 1}
    return [_bytes(value) for label, value in labelled if label == scheme.label], single


def _is_joined(scheme: SignatureScheme, item: str) -> bool:
    """Return whether a comma in `item` is the gateway's, which joined a header that came twice."""
    if not scheme.assign:
        return "," in item.removeprefix(scheme.prefix)
    label, assign, value = item.partition(scheme.assign)
    return "," in label + value or (assign == "," and not (label and value))


def _fresh(scheme: SignatureScheme, text: str, now: datetime) -> str:
    """The timestamp's text, if it is one and within the tolerance."""
    if scheme.timestamp_unit == RFC3339:
        if not _RFC3339.fullmatch(text):
            raise Unauthorized("timestamp is not RFC 3339")
        try:
            seconds = datetime.fromisoformat(text).timestamp()
        except (ValueError, OverflowError) as error:
            raise Unauthorized("timestamp is not a time") from error
    elif _DIGITS.fullmatch(text):
        unit = "ms" if scheme.timestamp_unit == S_OR_MS and len(text) > _DIGITS_OF_SECONDS else scheme.timestamp_unit
        seconds = int(text) / TIMESTAMP_UNITS[unit]
    else:
        raise Unauthorized("timestamp is not decimal digits")
    if abs(now.timestamp() - seconds) > scheme.tolerance:
        raise Unauthorized("timestamp outside the tolerance")
    return text


def _refuse_what_anybody_gets_signed(scheme: SignatureScheme, content: bytes) -> None:
    text = content.decode("utf-8", "replace")
    if any(re.fullmatch(pattern, text) for pattern in scheme.signed_for_anybody):
        raise Unauthorized("the signed content is one that a handshake signs for anybody")


def _matches(
    scheme: SignatureScheme,
    candidates: Sequence[bytes],
    keys: Sequence[bytes],
    scope: Mapping[str, Any],
    raw: Mapping[str, bytes],
) -> bool:
    if scheme.public_key:
        verify_one = public_key.verifier(
            scheme.kind, scheme.algorithm, scheme.key_encoding, scheme.key_prefix, scheme.public_key
        )
        content = b"".join(_content(scheme.content, scope, raw))
        signatures = [_decode(scheme.encoding, candidate) for candidate in candidates]
        return any(signature and verify_one(signature, content) for signature in signatures)
    expected = [_encode(scheme.encoding, _digest(scheme, key, scope, raw)) for key in keys]
    return any_equal(expected, candidates)


def _decode(encoding: str, text: bytes) -> bytes | None:
    """The signature, or None if the text is not its one canonical spelling."""
    try:
        decoded = _DECODERS[encoding](text)
    except ValueError:
        return None
    return decoded if _encode(encoding, decoded) == text else None


def _canonical(content: Template, request: Request, url: str) -> dict[str, bytes]:
    """What the content needs of canonical.py, by its expression."""
    named = {expression: expression.removeprefix("canonical.") for expression in content.expressions()}
    return {expression: CANONICAL[name](request, url) for expression, name in named.items() if name != expression}


def _digest(scheme: SignatureScheme, key: bytes, scope: Mapping[str, Any], raw: Mapping[str, bytes]) -> bytes:
    content = b"".join(_content(scheme.content, scope, {**raw, "secret": key}))
    if scheme.kind == "hash":
        return hashlib.new(scheme.algorithm, content).digest()
    return hmac.digest(key, content, scheme.algorithm)


def _content(template: Template, scope: Mapping[str, Any], raw: Mapping[str, bytes]) -> Iterable[bytes]:
    """The signed bytes: of `raw` as they are, of everything else as text."""
    for part, following in zip(template.parts, (*template.parts[1:], ""), strict=True):
        if not isinstance(part, Placeholder):
            yield part.encode()
        elif part.expression in raw:
            yield raw[part.expression]
        else:
            try:
                value = Template(part.expression, (part,)).render(scope)
            except MappingError as error:
                raise Unauthorized(f"signed value missing: {error}") from error
            # `msg_1` + `.` + `17…` is also `msg_1.17` + `…`: nobody signed that id.
            # Nor may it end as what follows begins.
            if (
                part.expression.startswith("headers.")
                and isinstance(following, str)
                and following
                and (value + following).find(following) < len(value)
            ):
                raise Unauthorized(f"{part.expression} contains the text that separates it from what follows")
            yield _bytes(value)


def _base64url(digest: bytes) -> bytes:
    return base64.urlsafe_b64encode(digest).rstrip(b"=")


_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "hex": binascii.hexlify,
    "base64": base64.b64encode,
    "base64url": _base64url,
    "hex-upper": lambda digest: binascii.hexlify(digest).upper(),
}


_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "hex": binascii.unhexlify,
    "base64": base64.b64decode,
    "base64url": lambda text: base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4)),
    "hex-upper": binascii.unhexlify,
}


def _encode(encoding: str, digest: bytes) -> bytes:
    return _ENCODERS[encoding](digest)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
