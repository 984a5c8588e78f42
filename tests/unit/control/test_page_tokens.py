"""The tokens of the customer's page: which text is one, and which is not."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from relay.control.grant import Grant, Scope
from relay.control.models import LinkRequest
from relay.control.page_tokens import (
    LINK,
    MAX_TOKEN_CHARACTERS,
    SESSION,
    SKEW,
    Kind,
    PageKeyError,
    TokenError,
    read,
    sign,
)
from tests.unit.destinations.destinations import NOW

KEY, OLD, OTHER = "k" * 32, "o" * 32, "x" * 32
ADA = Grant("c42", Scope.MANAGE, "ada@customer.example", "https://app.acme.example")
CLAIMS = {
    "iss": "partner-event-relay",
    "aud": "customer-page-session",
    "sub": "c42",
    "iat": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 8 * 3600,
    "scope": "manage",
    "actor": "ada",
    "return_url": "",
}
HEADER = {"alg": "HS256", "typ": "page-session+jwt"}


def encode(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forge(claims: object, header: object = HEADER, key: str = KEY, digest: str = "sha256") -> str:
    """Return a token that is signed rightly, whatever it says; not made by the library that reads it."""
    signed = f"{encode(header)}.{encode(claims)}"
    signature = hmac.digest(key.encode(), signed.encode(), digest)
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


@pytest.mark.parametrize("kind", [LINK, SESSION])
@pytest.mark.parametrize("grant", [ADA, Grant("c.4_2-x", Scope.READ, "Ada Lövelace")])
def test_what_was_signed_is_read(kind: Kind, grant: Grant) -> None:
    token, expires_at = sign(grant, kind, [KEY, OLD], NOW)
    assert read(token, kind, [KEY], NOW) == (grant, NOW, expires_at)


@pytest.mark.parametrize(("kind", "lifetime"), [(LINK, timedelta(minutes=15)), (SESSION, timedelta(hours=8))])
def test_a_token_is_good_until_the_second_in_which_it_expires(kind: Kind, lifetime: timedelta) -> None:
    token, expires_at = sign(ADA, kind, [KEY], NOW + timedelta(microseconds=999_999))
    assert expires_at == NOW + lifetime
    assert read(token, kind, [KEY], expires_at - timedelta(microseconds=1))
    with pytest.raises(TokenError, match="expired"):
        read(token, kind, [KEY], expires_at)


@pytest.mark.parametrize("now", [datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)])
def test_the_time_is_the_one_that_is_given(now: datetime) -> None:
    token, expires_at = sign(ADA, SESSION, [KEY], now)
    assert read(token, SESSION, [KEY], now) == (ADA, now, expires_at)


def test_the_clock_of_who_made_it_may_be_ahead_by_half_a_minute_and_no_more() -> None:
    token, _ = sign(ADA, SESSION, [KEY], NOW)
    assert read(token, SESSION, [KEY], NOW - SKEW)
    with pytest.raises(TokenError, match="future"):
        read(token, SESSION, [KEY], NOW - SKEW - timedelta(seconds=1))
    assert timedelta(seconds=30) == SKEW


def test_a_link_opens_no_session_by_itself_nor_a_session_a_link() -> None:
    link, session = sign(ADA, LINK, [KEY], NOW)[0], sign(ADA, SESSION, [KEY], NOW)[0]
    for token, kind in ((link, SESSION), (session, LINK)):
        with pytest.raises(TokenError, match="not for this use"):
            read(token, kind, [KEY], NOW)


def test_the_type_in_the_header_counts_beside_the_audience() -> None:
    assert read(forge(CLAIMS), SESSION, [KEY], NOW)
    for header in (HEADER | {"typ": "page-link+jwt"}, HEADER | {"typ": "JWT"}, {"alg": "HS256"}):
        with pytest.raises(TokenError, match="another type"):
            read(forge(CLAIMS, header), SESSION, [KEY], NOW)


def test_the_first_key_signs_and_each_is_good_while_they_are_rotated() -> None:
    before = sign(ADA, LINK, [OLD], NOW)[0]
    after = sign(ADA, LINK, [KEY, OLD], NOW)[0]
    assert read(before, LINK, [KEY, OLD], NOW) == read(after, LINK, [KEY, OLD], NOW)
    assert read(after, LINK, [KEY], NOW)
    with pytest.raises(TokenError):
        read(before, LINK, [KEY], NOW)


@pytest.mark.parametrize(
    "token",
    [
        forge(CLAIMS, key=OTHER),
        forge(CLAIMS, key=""),
        forge(CLAIMS, {"alg": "none", "typ": "page-session+jwt"}),
        f"{encode(HEADER | {'alg': 'none'})}.{encode(CLAIMS)}.",
        f"{encode(HEADER | {'alg': 'none'})}.{encode(CLAIMS)}.{'A' * 43}",
        forge(CLAIMS, HEADER | {"alg": "HS512"}, digest="sha512"),
        forge(CLAIMS, HEADER | {"alg": "HS512"}),
        forge(CLAIMS, HEADER | {"alg": "RS256"}),
        forge(CLAIMS, HEADER | {"crit": ["b64"], "b64": False}),
        forge([CLAIMS]),
        forge("x"),
        forge(CLAIMS, [HEADER]),
        "",
        "..",
        "a.b.c",
        "é" * 50,
        "\ud800",
        f"{forge(CLAIMS)}\n",
        f" {forge(CLAIMS)}",
        f"{forge(CLAIMS)}.{'A' * 43}",
        f"{'A' * 200}.{'A' * 5000}.{'A' * 43}",
        f"W10.{'W' * 3000}.{'A' * 43}",
    ],
)
def test_what_no_active_key_has_signed_in_this_way_is_no_token(token: str) -> None:
    with pytest.raises(TokenError):
        read(token, SESSION, [KEY, OLD], NOW)


@pytest.mark.parametrize("claim", sorted(CLAIMS))
def test_each_claim_is_required(claim: str) -> None:
    with pytest.raises(TokenError):
        read(forge({name: value for name, value in CLAIMS.items() if name != claim}), SESSION, [KEY], NOW)


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "somebody-else"),
        ("iss", None),
        ("aud", "customer-page-link"),
        ("aud", ["customer-page-session"]),
        ("aud", ["customer-page-session", "customer-page-link"]),
        ("sub", ""),
        ("sub", "../c43"),
        ("sub", "c42\n"),
        ("sub", 42),
        ("scope", "admin"),
        ("scope", None),
        ("scope", ["manage"]),
        ("actor", 1),
        ("actor", None),
        ("return_url", 1),
        ("return_url", None),
        ("exp", True),
        ("exp", "9999999999"),
        ("exp", 1e99),
        ("exp", 10**30),
        ("exp", None),
        ("iat", True),
        ("iat", "0"),
        ("iat", -(10**30)),
        ("iat", None),
    ],
)
def test_a_claim_that_the_relay_would_not_write_is_refused_though_it_is_signed(claim: str, value: Any) -> None:
    with pytest.raises(TokenError):
        read(forge(CLAIMS | {claim: value}), SESSION, [KEY], NOW)


@pytest.mark.parametrize("keys", [[], [""], ["k" * 31], [KEY, ""], [KEY, "short"]])
def test_without_keys_that_are_long_enough_nothing_is_signed_and_nothing_read(keys: list[str]) -> None:
    token, _ = sign(ADA, SESSION, [KEY], NOW)
    with pytest.raises(PageKeyError, match="secret of the customer's page"):
        sign(ADA, SESSION, keys, NOW)
    with pytest.raises(PageKeyError, match="secret of the customer's page"):
        read(token, SESSION, keys, NOW)


def test_a_token_has_one_spelling_though_decoders_ignore_the_last_bits_of_a_signature() -> None:
    token = forge(CLAIMS)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    good = []
    for last in alphabet:
        try:
            read(token[:-1] + last, SESSION, [KEY], NOW)
            good.append(last)
        except TokenError:
            pass
    assert good == [token[-1]]


def test_a_token_that_is_longer_than_any_of_ours_is_not_decoded_though_it_is_signed() -> None:
    with pytest.raises(TokenError, match="not a token"):
        read(forge(CLAIMS | {"actor": "a" * 3000}), SESSION, [KEY], NOW)


def test_the_longest_of_what_the_control_api_takes_fits_into_a_token() -> None:
    url = f"https://{'a' * 253}:12345/{'~' * 512}"
    request = LinkRequest(scope=Scope.MANAGE, actor="\U0001f600" * 128, return_url=url)
    token, expires_at = sign(request.grant("c" * 64), LINK, [KEY], NOW)
    assert read(token, LINK, [KEY], NOW) == (request.grant("c" * 64), NOW, expires_at)
    assert len(token) <= MAX_TOKEN_CHARACTERS


def test_a_key_is_measured_in_bytes() -> None:
    assert sign(ADA, LINK, ["é" * 16], NOW)


def test_the_token_is_a_jwt_that_anybody_can_look_into() -> None:
    token, expires_at = sign(ADA, LINK, [KEY], NOW)
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "page-link+jwt"}
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims == {
        "iss": "partner-event-relay",
        "aud": "customer-page-link",
        "sub": "c42",
        "iat": int(NOW.timestamp()),
        "exp": int(expires_at.timestamp()),
        "scope": "manage",
        "actor": "ada@customer.example",
        "return_url": "https://app.acme.example",
    }
    key = hashlib.sha256(b"").hexdigest()
    assert read(sign(ADA, LINK, [key], datetime.now(UTC))[0], LINK, [key], datetime.now(UTC))
