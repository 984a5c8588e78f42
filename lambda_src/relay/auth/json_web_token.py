"""Senders that send a JSON Web Token. The route chooses the algorithm and the key, never the token.

The body is authenticated if it is the token (`token = "${body}"`), or if a claim holds its digest:
`claims = { payload_hash = "${sha256.body.hex}" }`.
https://www.rfc-editor.org/rfc/rfc8725
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from relay.auth import scope
from relay.auth.canonical import atlassian
from relay.auth.constant_time import any_equal
from relay.auth.context import PUBLISHED_SECONDS, REREAD_SECONDS, Fetch, VerificationContext
from relay.auth.coverage import BODY, URL, Path, plain_paths
from relay.auth.kinds import SYMMETRIC_ALGORITHMS
from relay.auth.scheme import Scheme
from relay.auth.secret_ref import SecretRef
from relay.errors import MappingError, Unauthorized
from relay.http.request import Request
from relay.templates.template import Template

ALGORITHMS = (*SYMMETRIC_ALGORITHMS, "RS256", "ES256", "EdDSA")
NAMES_IN_CLAIMS = ("sha256", "url")
LEEWAY_SECONDS = 30

_DOTS = 2
_MAX_TOKEN_LENGTH = 16384  # in a header; a body has the limit of relay.toml


@dataclass(frozen=True, slots=True)
class JwtScheme(Scheme):
    """Where the token is and what it must say. `secret` names the secret of a symmetric algorithm.

    `claims` are templates that a claim must equal; `required_claims` must be there; `max_age` bounds `iat`, in seconds.
    """

    secret: SecretRef | None
    token: Template
    algorithm: str
    prefix: str = ""
    public_key: str = ""
    jwks_url: str = ""
    issuer: tuple[str, ...] = ()
    audience: str = ""
    claims: Mapping[str, Template] = field(default_factory=dict)
    required_claims: tuple[str, ...] = ()
    max_age: int = 0

    def verify(self, request: Request, context: VerificationContext) -> None:
        """Raise Unauthorized unless the token was signed by the sender, is valid now, and says what it must."""
        url = context.url(request)
        token = self._token(request, url)
        claims = _decode(token, self._keys(token, context), self.algorithm)
        _check_times(claims, self.max_age, context.now.timestamp())
        for name in self.required_claims:
            if name not in claims:
                raise Unauthorized(f"claim {name} missing")
        if self.issuer and claims.get("iss") not in self.issuer:
            raise Unauthorized("issued by somebody else")
        audience = claims.get("aud")
        if self.audience and self.audience not in (audience if isinstance(audience, list) else [audience]):
            raise Unauthorized("issued for another audience")
        _check_claims(self.claims, claims, {"url": url, "sha256": digests(request, url)})

    def signed_paths(self) -> frozenset[Path]:
        """Return the body if it is the token, and what the claims hold digests of."""
        paths = {BODY} if self._is_body() else set()
        parts = [part for template in self.claims.values() for part in template.placeholders()]
        for path in (path for part in parts for path in plain_paths(part)):
            if path[:2] == ("sha256", "body"):
                paths.add(BODY)
            elif path[:1] == ("url",) or path[:2] in {("sha256", "url"), ("sha256", "atlassian")}:
                paths |= URL
        return frozenset(paths)

    @property
    def proof(self) -> Template:
        """Return the template of the token."""
        return self.token

    @property
    def signs_url(self) -> bool:
        """Return True if a claim holds the URL or its digest."""
        return any("url" in template.text for template in self.claims.values())

    @property
    def signs_query_as_sent(self) -> bool:
        """Return True if a claim holds the URL or its digest, with the query as the sender wrote it."""
        return self.signs_url

    @property
    def requires_cryptography(self) -> bool:
        """Return True: PyJWT verifies the token."""
        return True

    def _is_body(self) -> bool:
        """Return True if the token is not beside the body but the body itself."""
        return self.token.expressions() == ["body"]

    def _token(self, request: Request, url: str) -> str:
        values = scope.verification_scope(request, url, "")
        if self._is_body():
            values["body"] = request.body.decode("ascii", "replace")
        text = scope.render(self.token, values, "token")
        is_too_long = len(text) > _MAX_TOKEN_LENGTH and not self._is_body()
        if not text.startswith(self.prefix) or is_too_long:
            raise Unauthorized(f'token does not start with "{self.prefix}", or is too long')
        token = text.removeprefix(self.prefix)
        if token.count(".") != _DOTS or not all(_is_canonical(segment) for segment in token.split(".")):
            raise Unauthorized("token is not base64url in its one spelling")
        return token

    def _keys(self, token: str, context: VerificationContext) -> list[Any]:
        if self.public_key:
            return [load_public_key(self.public_key)]
        if self.jwks_url:
            return _fetch_keys(self.jwks_url, token, context.fetch)
        return [secret for secret in context.secrets if secret.strip()]


def _is_canonical(segment: str) -> bool:
    # The last character has bits that decoders ignore: without this, four tokens are one.
    try:
        decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError:
        return False
    return base64.urlsafe_b64encode(decoded).rstrip(b"=") == segment.encode()


@cache
def load_public_key(text: str) -> Any:
    """Return the key in a PEM public key, a PEM certificate, or a JWK. Raise ValueError if `text` is none of them."""
    import jwt
    from cryptography import x509

    try:
        if text.lstrip().startswith("{"):
            return jwt.PyJWK.from_json(text).key
        if "-----BEGIN CERTIFICATE-----" in text:
            return x509.load_pem_x509_certificate(text.encode()).public_key()
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        return load_pem_public_key(text.encode())
    except (ValueError, LookupError, RecursionError, jwt.PyJWTError) as error:
        raise ValueError("expected a public key in PEM, a certificate in PEM, or a JWK") from error


def _fetch_keys(url: str, token: str, fetch: Fetch) -> list[Any]:
    """Return the keys that the token names in the route's key set, wherever the token says its key is.

    A name that is not in the set may be of a new key, so the set is read once more then.
    """
    import jwt

    try:
        name = jwt.get_unverified_header(token).get("kid")
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise Unauthorized(f"no token: {type(error).__name__}") from error
    return _select_keys(fetch(url, PUBLISHED_SECONDS), name) or _select_keys(fetch(url, REREAD_SECONDS), name)


def _select_keys(document: bytes, name: object) -> list[Any]:
    return [key.key for key in _parse_key_set(document) if key.key_id == name]


@lru_cache(maxsize=16)
def _parse_key_set(document: bytes) -> Sequence[Any]:
    """Return the usable keys of a set, without those that are malformed or of an unknown kind."""
    import jwt

    usable: list[Any] = []
    try:
        keys = json.loads(document)["keys"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return usable
    for key in keys if isinstance(keys, list) else []:
        with suppress(jwt.PyJWTError, ValueError, TypeError, LookupError, AttributeError):
            usable.append(jwt.PyJWK(key))
    return usable


def _decode(token: str, keys: Sequence[Any], algorithm: str) -> dict[str, Any]:
    import jwt

    # Times are checked here against the clock that was passed in.
    options: Any = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}
    for key in keys:
        try:
            return jwt.decode(token, key, algorithms=[algorithm], options=options)
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            continue
    raise Unauthorized("no active key signed this token with the route's algorithm")


def _check_times(claims: Mapping[str, Any], max_age: int, now: float) -> None:
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in times.values()):
        raise Unauthorized("a time in the token is not a number")
    if "exp" in times and not now < times["exp"] + LEEWAY_SECONDS:
        raise Unauthorized("token expired")
    if any(not times[name] <= now + LEEWAY_SECONDS for name in ("nbf", "iat") if name in times):
        raise Unauthorized("token not valid yet")
    if max_age and not times.get("iat", 0) >= now - max_age:
        raise Unauthorized("token too old")


def _check_claims(expected: Mapping[str, Template], claims: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    for name, template in expected.items():
        claim = claims.get(name)
        text = ("true" if claim else "false") if isinstance(claim, bool) else str(claim)
        try:
            value = template.render(values)
        except MappingError as error:
            raise Unauthorized(f"claim {name}: {error}") from error
        if not any_equal([_unpadded(value)], [_unpadded(text)]):
            raise Unauthorized(f"claim {name} is another")


def _unpadded(text: str) -> bytes:
    # Senders differ in whether base64 in a claim has its padding; it carries nothing.
    return text.encode("utf-8", "surrogatepass").rstrip(b"=")


def digests(request: Request, url: str) -> dict[str, dict[str, str]]:
    """Return the digests that claims may hold: `sha256.body.hex` and the others, by name and encoding."""
    encoders: dict[str, Callable[[bytes], bytes]] = {
        "base64": base64.b64encode,
        "base64url": base64.urlsafe_b64encode,
    }
    contents = {"body": request.body, "url": url.encode("utf-8", "surrogatepass"), "atlassian": atlassian(request)}
    digests = {name: hashlib.sha256(content).digest() for name, content in contents.items()}
    return {
        name: {"hex": digest.hex()} | {encoding: encode(digest).decode() for encoding, encode in encoders.items()}
        for name, digest in digests.items()
    }
