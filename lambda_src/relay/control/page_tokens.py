"""The tokens of the customer's page: JSON Web Tokens that the relay itself makes and reads.

A link's token opens a session, a session's token does the rest; neither is taken for the other.
https://www.rfc-editor.org/rfc/rfc8725
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import jwt

from relay.control.grant import Grant, Scope
from relay.destinations.model import CUSTOMER

ALGORITHM = "HS256"
ISSUER = "partner-event-relay"
MIN_KEY_BYTES = 32
"""A key is at least as long as the digest: https://www.rfc-editor.org/rfc/rfc7518#section-3.2"""
SKEW = timedelta(seconds=30)
"""How far the clock of the function that made a token may be ahead of the one that reads it."""
MAX_TOKEN_CHARACTERS = 4096

# What is longer than any of ours is not decoded.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,256}\.[A-Za-z0-9_-]{1,3700}\.[A-Za-z0-9_-]{43}")
_CLAIMS = ("iss", "aud", "sub", "iat", "exp", "scope", "actor", "return_url")


class TokenError(Exception):
    """It is no token that is good now. The message says why, for tests and not for strangers."""


class PageKeyError(Exception):
    """There is no key that tokens could be signed with, or one of them is too short."""


class Kind(NamedTuple):
    """A kind of token: for whom it is, what its header says it is, and how long it is good."""

    audience: str
    type: str
    lifetime: timedelta


class Token(NamedTuple):
    """What a token grants, and when it was issued and expires, to the second."""

    grant: Grant
    issued_at: datetime
    expires_at: datetime


LINK = Kind("customer-page-link", "page-link+jwt", timedelta(minutes=15))
SESSION = Kind("customer-page-session", "page-session+jwt", timedelta(hours=8))


def sign(grant: Grant, kind: Kind, keys: Sequence[str], now: datetime) -> tuple[str, datetime]:
    """Return a token, signed with the first of `keys`, and when it expires. Raise PageKeyError."""
    _check_keys(keys)
    issued = now.replace(microsecond=0)
    expires_at = issued + kind.lifetime
    claims = {
        "iss": ISSUER,
        "aud": kind.audience,
        "sub": grant.customer,
        "iat": issued,
        "exp": expires_at,
        "scope": grant.scope.value,
        "actor": grant.actor,
        "return_url": grant.return_url,
    }
    return jwt.encode(claims, keys[0], ALGORITHM, headers={"typ": kind.type}), expires_at


def read(token: str, kind: Kind, keys: Sequence[str], now: datetime) -> Token:
    """Return what a token of this kind says.

    Raise TokenError for any other text, PageKeyError if one of `keys` cannot be used.
    """
    _check_keys(keys)
    if not _TOKEN.fullmatch(token):
        raise TokenError("not a token")
    claims = _claims(token, kind, keys)
    issued_at, expires_at = _time(claims, "iat"), _time(claims, "exp")
    if now >= expires_at:
        raise TokenError("expired")
    if issued_at > now + SKEW:
        raise TokenError("issued in the future")
    return Token(_grant(claims), issued_at, expires_at)


def _check_keys(keys: Sequence[str]) -> None:
    if not keys:
        raise PageKeyError("the secret of the customer's page has no value")
    if any(len(key.encode("utf-8", "surrogatepass")) < MIN_KEY_BYTES for key in keys):
        raise PageKeyError(f"the secret of the customer's page has a value of less than {MIN_KEY_BYTES} bytes")


def _claims(token: str, kind: Kind, keys: Sequence[str]) -> dict[str, Any]:
    # Times are checked by the clock that was passed in.
    options: Any = {"require": list(_CLAIMS), "strict_aud": True}
    options |= {f"verify_{name}": False for name in ("exp", "iat", "nbf")}
    for key in keys:
        try:
            found = jwt.decode_complete(
                token, key, algorithms=[ALGORITHM], audience=kind.audience, issuer=ISSUER, options=options
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            continue
        if found["header"].get("typ") != kind.type:
            raise TokenError("of another type")
        claims: dict[str, Any] = found["payload"]
        return claims
    raise TokenError("not signed by an active key, or not for this use")


def _time(claims: dict[str, Any], name: str) -> datetime:
    value = claims[name]
    if type(value) is not int:  # a bool is an int
        raise TokenError(f"{name} is no time")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise TokenError(f"{name} is no time") from error


def _grant(claims: dict[str, Any]) -> Grant:
    customer, actor, return_url = claims["sub"], claims["actor"], claims["return_url"]
    if not CUSTOMER.fullmatch(customer) or not isinstance(actor, str) or not isinstance(return_url, str):
        raise TokenError("a claim has another type")
    try:
        return Grant(customer, Scope(claims["scope"]), actor, return_url)
    except ValueError as error:
        raise TokenError("no such scope") from error
