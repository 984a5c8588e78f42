"""Senders that send a JSON Web Token. The algorithm is the route's, never the token's; the key is never in the token.

The body is authenticated if it is the token (`token = "${body}"`), or if a claim holds its digest:
`claims = { payload_hash = "${sha256.body.hex}" }`.
https://www.rfc-editor.org/rfc/rfc8725
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from relay.auth.canonical import atlassian
from relay.auth.constant_time import any_equal
from relay.auth.context import PUBLISHED_SECONDS, REREAD_SECONDS, Fetch, VerificationContext
from relay.auth.signature_scheme import scope_of, value_of
from relay.errors import MappingError, Unauthorized
from relay.http.request import Request
from relay.templates.template import Template

KIND = "jwt"
SYMMETRIC = ("HS256", "HS384", "HS512")
ALGORITHMS = (*SYMMETRIC, "RS256", "ES256", "EdDSA")
NAMES_IN_CLAIMS = ("sha256", "url")
LEEWAY_SECONDS = 30

_DOTS = 2
_MAX_TOKEN_LENGTH = 16384  # in a header; a body has the limit of relay.toml


@dataclass(frozen=True, slots=True)
class JwtScheme:
    """Where the token is and what it must say. `secret` names the secret of a symmetric algorithm, else it is empty.

    `claims` are templates that a claim must equal; `required` must be there; `max_age` bounds `iat`, in seconds.
    """

    secret: str
    token: Template
    algorithm: str
    prefix: str = ""
    public_key: str = ""
    jwks_url: str = ""
    issuer: tuple[str, ...] = ()
    audience: str = ""
    claims: Mapping[str, Template] | None = None
    required: tuple[str, ...] = ()
    max_age: int = 0

    def is_the_body(self) -> bool:
        """Whether the token is not beside the body but the body itself."""
        return self.token.expressions() == ["body"]


def verify(scheme: JwtScheme, request: Request, known: VerificationContext) -> None:
    """Raises Unauthorized unless the token was signed by the sender, holds now, and says what it must."""
    url = known.url(request)
    scope = scope_of(request, url, "")
    if scheme.is_the_body():
        scope["body"] = request.body.decode("ascii", "replace")
    token = value_of(scheme.token, scope, "token")
    too_long = len(token) > _MAX_TOKEN_LENGTH and not scheme.is_the_body()
    if not token.startswith(scheme.prefix) or too_long:
        raise Unauthorized(f'token does not start with "{scheme.prefix}", or is too long')
    token = token.removeprefix(scheme.prefix)
    if token.count(".") != _DOTS or not all(_is_canonical(segment) for segment in token.split(".")):
        raise Unauthorized("token is not base64url in its one spelling")
    if scheme.public_key:
        keys = [public_key(scheme.public_key)]
    elif scheme.jwks_url:
        keys = _published(scheme.jwks_url, token, known.fetch)
    else:
        keys = [secret for secret in known.secrets if secret.strip()]
    claims = _claims(token, keys, scheme.algorithm)
    _check_time(scheme, claims, known.now.timestamp())
    for name in scheme.required:
        if name not in claims:
            raise Unauthorized(f"claim {name} missing")
    if scheme.issuer and claims.get("iss") not in scheme.issuer:
        raise Unauthorized("issued by somebody else")
    audience = claims.get("aud")
    if scheme.audience and scheme.audience not in (audience if isinstance(audience, list) else [audience]):
        raise Unauthorized("issued for another audience")
    _check_claims(scheme.claims or {}, claims, {"url": url, "sha256": _digests(request, url)})


def _is_canonical(segment: str) -> bool:
    # The last character has bits that decoders ignore: without this, four tokens are one.
    try:
        decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError:
        return False
    return base64.urlsafe_b64encode(decoded).rstrip(b"=") == segment.encode()


@cache
def public_key(text: str) -> Any:
    """A PEM public key, a PEM certificate, or a JWK. Raises ValueError if it is none of them."""
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


def _published(url: str, token: str, fetch: Fetch) -> list[Any]:
    """Return the keys of the set that the token names; the set is the route's, wherever the token says its key is.

    A name that is not in the set may be of a key that is new, so the set is read once more then.
    """
    import jwt

    try:
        name = jwt.get_unverified_header(token).get("kid")
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise Unauthorized(f"no token: {type(error).__name__}") from error
    return _named(fetch(url, PUBLISHED_SECONDS), name) or _named(fetch(url, REREAD_SECONDS), name)


def _named(document: bytes, name: object) -> list[Any]:
    return [key.key for key in _key_set(document) if key.key_id == name]


@lru_cache(maxsize=16)
def _key_set(document: bytes) -> Sequence[Any]:
    """Return the usable keys of a set: one that is malformed, or of an unknown kind, does not spoil the others."""
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


def _claims(token: str, keys: Sequence[Any], algorithm: str) -> dict[str, Any]:
    import jwt

    # Times are checked here against the clock that was passed in.
    options: Any = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}
    for key in keys:
        try:
            return jwt.decode(token, key, algorithms=[algorithm], options=options)
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            continue
    raise Unauthorized("no active key signed this token with the route's algorithm")


def _check_time(scheme: JwtScheme, claims: Mapping[str, Any], now: float) -> None:
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in times.values()):
        raise Unauthorized("a time in the token is not a number")
    if "exp" in times and not now < times["exp"] + LEEWAY_SECONDS:
        raise Unauthorized("token expired")
    if any(not times[name] <= now + LEEWAY_SECONDS for name in ("nbf", "iat") if name in times):
        raise Unauthorized("token not valid yet")
    if scheme.max_age and not times.get("iat", 0) >= now - scheme.max_age:
        raise Unauthorized("token too old")


def _check_claims(expected: Mapping[str, Template], claims: Mapping[str, Any], scope: Mapping[str, Any]) -> None:
    for name, template in expected.items():
        claim = claims.get(name)
        text = ("true" if claim else "false") if isinstance(claim, bool) else str(claim)
        try:
            value = template.render(scope)
        except MappingError as error:
            raise Unauthorized(f"claim {name}: {error}") from error
        if not any_equal([_unpadded(value)], [_unpadded(text)]):
            raise Unauthorized(f"claim {name} is another")


def _unpadded(text: str) -> bytes:
    # Senders differ in whether base64 in a claim has its padding; it carries nothing.
    return text.encode("utf-8", "surrogatepass").rstrip(b"=")


def _digests(request: Request, url: str) -> dict[str, dict[str, str]]:
    encoders: dict[str, Callable[[bytes], bytes]] = {
        "base64": base64.b64encode,
        "base64url": base64.urlsafe_b64encode,
    }
    contents = {"body": request.body, "url": url.encode("utf-8", "surrogatepass"), "atlassian": atlassian(request)}
    digests = {what: hashlib.sha256(content).digest() for what, content in contents.items()}
    return {
        what: {"hex": digest.hex()} | {name: encode(digest).decode() for name, encode in encoders.items()}
        for what, digest in digests.items()
    }
