"""The declarative signature: every sender that signs, with a shared secret or a private key, is data for this module.

It obeys these rules, each against a bug that real verifiers had:
- The signed bytes are the bytes received; the body is parsed only if the scheme takes a value from inside it.
- Every value that the signed content needs must be there, once, and a header may not move the boundary to the next one.
- The timestamp has one spelling, its text is what was signed, and the window is closed on both sides.
- Signatures are compared in their one canonical spelling, in constant time, against every active secret.
- Whatever a stranger sends, the only exception is Unauthorized.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from relay.auth import public_key, scope
from relay.auth.canonical import CANONICAL, SIGN_QUERY_AS_SENT, SIGN_URL
from relay.auth.constant_time import any_equal
from relay.auth.context import VerificationContext
from relay.auth.coverage import Path, SignedContent
from relay.auth.encodings import decode, encode, to_bytes
from relay.auth.kinds import HASH, HMAC, PUBLIC_KEY_KINDS
from relay.auth.scheme import Scheme
from relay.auth.secret_ref import SecretRef
from relay.auth.signature_list import SignatureList
from relay.auth.signing_keys import signing_keys
from relay.auth.timestamps import S_OR_MS, check_timestamp
from relay.errors import MappingError, Unauthorized
from relay.http.request import Request
from relay.templates.template import Placeholder, Template

# `hash` is what came before HMAC: a digest of the secret and the content, concatenated as `content` says.
ALGORITHMS = ("sha256", "sha1", "sha384", "sha512")

NAMES_IN_TIMESTAMP = (*scope.NAMES, "signature")
NAMES_IN_CONTENT = (*NAMES_IN_TIMESTAMP, "secret", "canonical")

_BODY = "body"
_INSIDE_BODY = re.compile(r"\bbody\b")
_NO_KEY = "no usable secret: it is missing, empty or not in the scheme's encoding"


@dataclass(frozen=True, slots=True)
class SignatureScheme(Scheme):
    """How one sender signs. There is a `secret` or a `public_key`; `tolerance` is in seconds.

    `each` reads the list of elements that are signed one by one. `refused_contents` are patterns of what a handshake
    signs for whoever asks: such a content proves nothing.
    """

    secret: SecretRef | None
    signature: Template
    content: Template
    kind: str = HMAC
    algorithm: str = "sha256"
    encoding: str = "hex"
    prefix: str = ""
    list_separator: str = ""
    pair_separator: str = ""
    pair_key: str = ""
    timestamp: Template | None = None
    timestamp_unit: str = "s"
    tolerance: int = 300
    key_encoding: str = "utf8"
    key_prefix: str = ""
    public_key: str = ""
    each: Template | None = None
    refused_contents: tuple[str, ...] = ()

    def verify(self, request: Request, context: VerificationContext) -> None:
        """Raise Unauthorized unless `request` was signed with one of the secrets, within the tolerance of now."""
        keys = [key for secret in context.secrets for key in self._keys(secret)]
        if not keys and not self.public_key:
            raise Unauthorized(_NO_KEY)
        raw = self._raw_values(request, context)
        for values in scope.elements(self.each, self._scope(request, context)):
            self._verify_element(values, raw, keys, context)

    def signature_of(
        self,
        request: Request,
        secret: str,
        context: VerificationContext,
        timestamp: str,
        beside: Mapping[str, Any] | None = None,
    ) -> str:
        """Return the sender's signature of `request`, encoded. Raise Unauthorized.

        `beside` has what the content may read and the request has not yet: with `each`, one `item`, and as `signature`
        the labeled values that stand beside it in its list.
        """
        keys = self._keys(secret)
        if not keys:
            raise Unauthorized(_NO_KEY)
        values = self._scope(request, context) | {"timestamp": timestamp, **(beside or {})}
        digest = self._digest(keys[0], values, self._raw_values(request, context))
        return encode(self.encoding, digest).decode()

    def sign_text(self, text: str, secrets: Sequence[str]) -> dict[str, str]:
        """Return the HMAC of `text` in hex, with the first usable secret, and the label of the sender's signatures."""
        for key in (key for secret in secrets for key in self._keys(secret)):
            return {"hmac": hmac.new(key, to_bytes(text), self.algorithm).hexdigest(), "pair_key": self.pair_key}
        raise Unauthorized(_NO_KEY)

    def refuse_contents(self, patterns: tuple[str, ...]) -> "SignatureScheme":
        """Return this scheme, which then refuses a request whose signed content matches one of `patterns`."""
        return replace(self, refused_contents=patterns)

    def signed_paths(self) -> frozenset[Path]:
        """Return what of a request nobody can change and keep the signature."""
        return frozenset(self._signed_content().paths())

    def proves_format(self, body_format: str) -> bool:
        """Return True if the signed body is what a reader of this format finds in the request's."""
        return self._signed_content().proves_format(body_format)

    @property
    def proof(self) -> Template:
        """Return the template of the signature."""
        return self.signature

    @property
    def signs_request(self) -> bool:
        """Return True: the sender signs, even if values side by side make nothing of it certain."""
        return True

    @property
    def signs_url(self) -> bool:
        """Return True if `public_url` is needed to verify."""
        return not SIGN_URL.isdisjoint(self.content.expressions())

    @property
    def signs_query_as_sent(self) -> bool:
        """Return True if verifying needs the query string byte for byte as the sender wrote it."""
        return not SIGN_QUERY_AS_SENT.isdisjoint(self.content.expressions())

    @property
    def signed_headers(self) -> tuple[str, ...]:
        """Return the names of the headers that are part of the signed content, in order."""
        return scope.headers_in(self.content)

    @property
    def can_be_extended(self) -> bool:
        """Return True for a plain hash that does not end with the secret: its content can be lengthened without it.

        https://en.wikipedia.org/wiki/Length_extension_attack
        """
        if self.kind != HASH or not self.content.parts:
            return False
        last = self.content.parts[-1]
        return not (isinstance(last, Placeholder) and last.expression == "secret")

    @property
    def requires_cryptography(self) -> bool:
        """Return True if the sender signs with a private key."""
        return self.kind in PUBLIC_KEY_KINDS

    def _signed_content(self) -> SignedContent:
        return SignedContent(self.content.parts, time_ends=self.timestamp_unit != S_OR_MS)

    def _list(self) -> SignatureList:
        return SignatureList(self.prefix, self.list_separator, self.pair_separator, self.pair_key)

    def _keys(self, secret: str) -> list[bytes]:
        return signing_keys(self.key_encoding, self.key_prefix, secret)

    def _scope(self, request: Request, context: VerificationContext) -> dict[str, Any]:
        body_format = context.body_format if self._reads_inside_body() else ""
        return scope.verification_scope(request, context.url(request), body_format)

    def _reads_inside_body(self) -> bool:
        """Return True if a template takes a value from inside the body; otherwise the body is bytes alone."""
        templates = [template for template in (self.signature, self.content, self.timestamp, self.each) if template]
        expressions = [expression for template in templates for expression in template.expressions()]
        return any(expression != _BODY and _INSIDE_BODY.search(expression) for expression in expressions)

    def _raw_values(self, request: Request, context: VerificationContext) -> dict[str, bytes]:
        """Return the values of the content that are bytes, by their expression: the body, and canonical forms."""
        url = context.url(request)
        names = {expression: expression.removeprefix("canonical.") for expression in self.content.expressions()}
        canonical = {key: CANONICAL[name](request, url) for key, name in names.items() if name != key}
        return {_BODY: request.body} | canonical

    def _verify_element(
        self, values: dict[str, Any], raw: Mapping[str, bytes], keys: Sequence[bytes], context: VerificationContext
    ) -> None:
        candidates, values["signature"] = self._list().parse(scope.render(self.signature, values, "signature"))
        if self.timestamp:
            values["timestamp"] = scope.render(self.timestamp, values, "timestamp")
            check_timestamp(values["timestamp"], self.timestamp_unit, self.tolerance, context.now)
        if self.refused_contents:
            self._refuse_contents_signed_for_anybody(b"".join(_content(self.content, values, raw)))
        if not self._matches(candidates, keys, values, raw):
            raise Unauthorized("signature mismatch")

    def _refuse_contents_signed_for_anybody(self, content: bytes) -> None:
        text = content.decode("utf-8", "replace")
        if any(re.fullmatch(pattern, text) for pattern in self.refused_contents):
            raise Unauthorized("the signed content is one that a handshake signs for anybody")

    def _matches(
        self, candidates: Sequence[bytes], keys: Sequence[bytes], values: Mapping[str, Any], raw: Mapping[str, bytes]
    ) -> bool:
        if self.public_key:
            verify = public_key.verifier(self.kind, self.algorithm, self.key_encoding, self.key_prefix, self.public_key)
            content = b"".join(_content(self.content, values, raw))
            signatures = [decode(self.encoding, candidate) for candidate in candidates]
            return any(signature and verify(signature, content) for signature in signatures)
        expected = [encode(self.encoding, self._digest(key, values, raw)) for key in keys]
        return any_equal(expected, candidates)

    def _digest(self, key: bytes, values: Mapping[str, Any], raw: Mapping[str, bytes]) -> bytes:
        content = b"".join(_content(self.content, values, {**raw, "secret": key}))
        if self.kind == HASH:
            return hashlib.new(self.algorithm, content).digest()
        return hmac.digest(key, content, self.algorithm)


def _content(template: Template, values: Mapping[str, Any], raw: Mapping[str, bytes]) -> Iterator[bytes]:
    """Yield the signed bytes: those of `raw` as they are, everything else as text. Raise Unauthorized."""
    for part, following in zip(template.parts, (*template.parts[1:], ""), strict=True):
        if not isinstance(part, Placeholder):
            yield part.encode()
        elif part.expression in raw:
            yield raw[part.expression]
        else:
            yield to_bytes(_signed_value(part, following, values))


def _signed_value(part: Placeholder, following: str | Placeholder, values: Mapping[str, Any]) -> str:
    """Return the value of `part`, which does not contain the text that ends it.

    `msg_1` + `.` + `17…` is also `msg_1.17` + `…`, and nobody signed that id. Nor may it end as what follows begins.
    """
    try:
        value = Template(part.expression, (part,)).render(values)
    except MappingError as error:
        raise Unauthorized(f"signed value missing: {str(error).partition(';')[0]}") from error
    delimiter = following if part.expression.startswith("headers.") and isinstance(following, str) else ""
    if delimiter and (value + delimiter).find(delimiter) < len(value):
        raise Unauthorized(f"{part.expression} contains the text that separates it from what follows")
    return value
