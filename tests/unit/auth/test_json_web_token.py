"""JSON Web Tokens: which key, which claims, and when; the key set is the issuer's, and changes."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from relay.auth import json_web_token
from relay.auth.context import PUBLISHED_SECONDS, REREAD_SECONDS, VerificationContext
from relay.auth.json_web_token import JwtScheme
from relay.errors import Unauthorized, Unavailable
from relay.http.request import Request
from relay.templates.template import Template, compile_template
from tests.conftest import NOW
from tests.doubles import nothing_is_published

URL = "https://issuer.example/keys"
BODY = b'{"n":1}'
SECRET = "a secret that is long enough for HS256"
SECONDS = int(NOW.timestamp())


def template(text: str, *names: str) -> Template:
    return compile_template(text, names or ("headers", "query", "body", "method", "url"))


SCHEME = JwtScheme(None, template("${headers.authorization}"), "HS256", prefix="Bearer ")
PUBLISHED = replace(SCHEME, algorithm="RS256", jwks_url=URL)


@cache
def key(kid: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048) if kid else key("1")


def key_set(*kids: str) -> bytes:
    to_jwk = jwt.algorithms.RSAAlgorithm.to_jwk
    keys = [to_jwk(key(kid).public_key(), as_dict=True) | {"kid": kid} for kid in kids]
    return json.dumps({"keys": keys}).encode()


def from_issuer(kid: str) -> str:
    return jwt.encode({}, key(kid), "RS256", headers={"kid": kid} if kid else {})


def verify(
    token: str,
    scheme: JwtScheme = SCHEME,
    fetch: Callable[[str, float], bytes] = lambda *_: b"",
    secrets: tuple[str, ...] = (SECRET,),
    path: str = "/hook",
) -> None:
    headers = {"authorization": f"Bearer {token}"}
    request = Request("POST", path, "a=1", headers, BODY, "id")
    scheme.verify(request, VerificationContext("https://relay.example", secrets, NOW, fetch))


def signed(claims: Mapping[str, Any]) -> str:
    return jwt.encode(dict(claims), SECRET, "HS256")


def test_a_key_that_is_not_in_the_set_makes_it_read_once_more() -> None:
    asked: list[float] = []

    def fetch(url: str, max_age: float) -> bytes:
        assert url == URL
        asked.append(max_age)
        return key_set("old") if len(asked) == 1 else key_set("old", "new")

    verify(from_issuer("old"), PUBLISHED, fetch)
    assert asked == [PUBLISHED_SECONDS]
    asked.clear()
    verify(from_issuer("new"), PUBLISHED, fetch)
    assert asked == [PUBLISHED_SECONDS, REREAD_SECONDS]
    asked.clear()
    with pytest.raises(Unauthorized):
        verify(from_issuer("unknown"), PUBLISHED, fetch)
    assert len(asked) == 2


def test_a_key_that_has_been_withdrawn_is_refused() -> None:
    verify(from_issuer("old"), PUBLISHED, lambda *_: key_set("old"))
    with pytest.raises(Unauthorized):
        verify(from_issuer("old"), PUBLISHED, lambda *_: key_set("new"))


def test_a_malformed_key_does_not_spoil_the_others() -> None:
    spoilt = json.loads(key_set("1"))
    spoilt["keys"][:0] = [{"kty": "oct"}, {"kty": "new"}, {"kty": "RSA", "n": "AA", "e": "AA", "kid": "1"}, None, 1]
    verify(from_issuer("1"), PUBLISHED, lambda *_: json.dumps(spoilt).encode())


def test_a_token_has_to_name_its_key() -> None:
    with pytest.raises(Unauthorized):
        verify(from_issuer(""), PUBLISHED, lambda *_: key_set("1"))
    with pytest.raises(Unauthorized):
        verify(jwt.encode({}, key("1"), "RS256", headers={"kid": "2"}), PUBLISHED, lambda *_: key_set("1", "2"))


def test_whether_a_new_key_is_known_may_be_unknown() -> None:
    def fetch(_url: str, max_age: float) -> bytes:
        if max_age == REREAD_SECONDS:
            raise Unavailable("down")
        return key_set("old")

    verify(from_issuer("old"), PUBLISHED, fetch)
    with pytest.raises(Unavailable):
        verify(from_issuer("new"), PUBLISHED, fetch)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"keys":null}',
        b'{"keys":{}}',
        b'{"keys":[]}',
        b'{"keys":[1,null,{}]}',
        b'{"keys":[{"kty":"oct","k":"AA","kid":"1"}]}',
        b'{"keys":[{"kty":"oct","kid":"1"}]}',
        b'{"keys":[{"kty":"RSA","kid":"1"},{"kty":"EC","kid":"1"},{"kty":"OKP","kid":"1"},{"kty":[],"kid":"1"}]}',
        b'{"keys":[{"kty":"RSA","n":"AA","e":"AA","kid":"1"}]}',
        b"\xff",
        b"[" * 30_000,
        b'{"a":' * 10_000,
        b'{"keys":' + b"[" * 60_000 + b"]" * 60_000 + b"}",
    ],
    ids=lambda one: str(one[:20]),
)
def test_a_document_that_is_no_key_set_has_no_key(document: bytes) -> None:
    with pytest.raises(Unauthorized, match="no active key"):
        verify(from_issuer("1"), PUBLISHED, lambda *_: document)


@pytest.mark.parametrize(
    "head", [b"[" * 10_000, b'{"a":' * 2_000, b"null", b"[]", b'{"kid":[]}', b'{"kid":1}', b"\xff"]
)
def test_a_token_whose_head_is_none_is_refused(head: bytes) -> None:
    segment = base64.urlsafe_b64encode(head).rstrip(b"=").decode()
    for scheme in (SCHEME, PUBLISHED):
        with pytest.raises(Unauthorized):
            verify(f"{segment}.e30.AAAA", scheme, lambda *_: key_set("1"))


@pytest.mark.parametrize("token", ["", "a", "a.b", "e30.e30", "e30.e30.e30.e30", "é.e30.", "....", "e30.e30.e30="])
def test_what_is_no_token_is_refused(token: str) -> None:
    for scheme in (SCHEME, PUBLISHED):
        with pytest.raises(Unauthorized, match="token is not base64url in its one spelling"):
            verify(token, scheme, lambda *_: key_set("1"))


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("spoil", ["{}=", "{}==", "{}!", "{}\n", "!{}", "é{}", "\ud800{}"])
def test_a_token_in_another_spelling_is_refused_before_a_key_is_asked_for(spoil: str, place: int) -> None:
    segments = from_issuer("1").split(".")
    segments[place] = spoil.format(segments[place])
    with pytest.raises(Unauthorized, match="one spelling"):
        verify(".".join(segments), PUBLISHED, nothing_is_published)


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_genuine_token_passes_whatever_its_last_character(algorithm: str) -> None:
    secret = 2 * SECRET  # HS512 wants 64 bytes
    tokens = [jwt.encode({"n": number}, secret, algorithm) for number in range(600)]
    assert len({token[-1] for token in tokens}) >= (64 if algorithm == "HS384" else 4)
    for token in tokens:
        verify(token, replace(SCHEME, algorithm=algorithm), secrets=(secret,))


def test_each_active_secret_verifies_and_an_empty_one_never() -> None:
    other, blank = f"another {SECRET}", " " * 40
    verify(signed({}), secrets=(other, "", SECRET))
    for secrets in ((), ("",), (blank,), (other,)):
        with pytest.raises(Unauthorized):
            verify(signed({}), secrets=secrets)
    with pytest.raises(Unauthorized):
        verify(jwt.encode({}, blank, "HS256"), secrets=(blank,))


def test_a_token_has_one_spelling_and_its_prefix() -> None:
    token = signed({"a": 1})
    last = token[-1]
    for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        if other != last:
            with pytest.raises(Unauthorized):
                verify(token[:-1] + other)
    with pytest.raises(Unauthorized, match="does not start"):
        verify(token, replace(SCHEME, prefix="Token "))


def test_a_token_in_a_header_has_16384_characters_with_its_prefix_at_most() -> None:
    longest = "a" * (16384 - len("Bearer "))
    with pytest.raises(Unauthorized, match="one spelling"):
        verify(longest)
    with pytest.raises(Unauthorized, match="too long"):
        verify(longest + "a")
    verify(signed({"a": "a" * 12_000}))


def test_a_token_that_an_expression_takes_from_the_body_is_none() -> None:
    scheme = replace(SCHEME, token=template("${to_string(body)}"), prefix="")
    request = Request("POST", "/", "", {}, signed({}).encode(), "")
    with pytest.raises(Unauthorized):
        scheme.verify(request, VerificationContext("", (SECRET,), NOW, nothing_is_published))


def test_a_key_of_another_kind_with_the_same_name_does_not_spoil_the_token() -> None:
    elliptic = ec.generate_private_key(ec.SECP256R1()).public_key()
    other = jwt.algorithms.ECAlgorithm.to_jwk(elliptic, as_dict=True) | {"kid": "1"}
    both = json.dumps({"keys": [other, *json.loads(key_set("1"))["keys"]]}).encode()
    verify(from_issuer("1"), PUBLISHED, lambda *_: both)
    with pytest.raises(Unauthorized, match="no active key"):
        verify(from_issuer("1"), PUBLISHED, lambda *_: json.dumps({"keys": [other]}).encode())


def test_a_secret_that_cannot_be_encoded_is_no_key() -> None:
    with pytest.raises(Unauthorized, match="no active key"):
        verify(signed({}), secrets=("\ud800" * 40,))


@pytest.mark.parametrize("claims", [b"[" * 100_000, b"null", b"[]", b"\xff", b""])
def test_a_signed_token_whose_claims_are_no_object_is_refused(claims: bytes) -> None:
    token = jwt.PyJWS().encode(claims, SECRET, "HS256").encode()
    scheme = replace(SCHEME, token=template("${body}"), prefix="")
    with pytest.raises(Unauthorized, match="no active key"):
        scheme.verify(
            Request("POST", "/", "", {}, token, ""),
            VerificationContext("", (SECRET,), NOW, nothing_is_published),
        )


def test_what_the_route_does_not_ask_for_may_be_anything() -> None:
    verify(signed({"aud": 7, "sub": 7, "jti": 7}))


def test_the_time_is_the_one_that_is_passed_in() -> None:
    now = NOW.replace(year=2126)
    seconds = int(now.timestamp())
    token = signed({"iat": seconds, "nbf": seconds, "exp": seconds})
    request = Request("POST", "/", "", {"authorization": f"Bearer {token}"}, b"", "")
    SCHEME.verify(request, VerificationContext("", (SECRET,), now, nothing_is_published))


def test_a_claim_that_is_compared_with_nothing_is_refused() -> None:
    scheme = replace(SCHEME, claims={"c": template("${sha256.body.base32}", *json_web_token.NAMES_IN_CLAIMS)})
    with pytest.raises(Unauthorized, match="claim c"):
        verify(signed({"c": None}), scheme)


def test_a_path_that_cannot_be_encoded_is_a_path_like_any_other() -> None:
    verify(signed({}), path="/\ud800")


@pytest.mark.parametrize(
    ("claims", "good"),
    [
        ({"exp": SECONDS - 29}, True),
        ({"exp": SECONDS - 30}, False),
        ({"nbf": SECONDS + 30}, True),
        ({"nbf": SECONDS + 31}, False),
        ({"iat": SECONDS + 30}, True),
        ({"iat": SECONDS + 31}, False),
        ({"exp": SECONDS + 0.5, "nbf": SECONDS - 0.5}, True),
        ({"exp": str(SECONDS + 9)}, False),
        ({"exp": True}, False),
        ({"exp": None}, False),
        ({"nbf": False}, False),
        ({"iat": float("nan")}, False),
        ({"exp": float("nan")}, False),
        ({}, True),
    ],
    ids=str,
)
def test_a_token_holds_for_its_time(claims: dict[str, Any], good: bool) -> None:
    if good:
        verify(signed(claims))
    else:
        with pytest.raises(Unauthorized, match=r"token|time"):
            verify(signed(claims))


@pytest.mark.parametrize(("age", "good"), [(300, True), (301, False), (None, False)])
def test_a_token_may_have_to_be_young(age: int | None, good: bool) -> None:
    token = signed({} if age is None else {"iat": SECONDS - age})
    if good:
        verify(token, replace(SCHEME, max_age=300))
    else:
        with pytest.raises(Unauthorized, match="too old"):
            verify(token, replace(SCHEME, max_age=300))


@pytest.mark.parametrize(
    ("claims", "good"),
    [
        ({"iss": "me", "aud": "you", "sub": "a"}, True),
        ({"iss": "me", "aud": ["others", "you"], "sub": None}, True),
        ({"iss": "other", "aud": "you", "sub": "a"}, False),
        ({"iss": "me", "aud": "others", "sub": "a"}, False),
        ({"iss": "me", "aud": ["others"], "sub": "a"}, False),
        ({"iss": "me", "aud": "yours", "sub": "a"}, False),
        ({"iss": "me", "aud": "you"}, False),
        ({"aud": "you", "sub": "a"}, False),
        ({"iss": "me", "sub": "a"}, False),
    ],
    ids=str,
)
def test_a_token_says_by_whom_and_for_whom_it_is(claims: dict[str, Any], good: bool) -> None:
    scheme = replace(SCHEME, issuer=("me", "us"), audience="you", required_claims=("sub",))
    if good:
        verify(signed(claims), scheme)
    else:
        with pytest.raises(Unauthorized, match=r"issued|claim"):
            verify(signed(claims), scheme)


@pytest.mark.parametrize(
    ("text", "claim", "good"),
    [
        ("${sha256.body.hex}", sha256(BODY).hexdigest(), True),
        ("${sha256.body.hex}", sha256(b"other").hexdigest(), False),
        ("${sha256.body.base64}", base64.b64encode(sha256(BODY).digest()).decode(), True),
        ("${sha256.body.base64}", base64.b64encode(sha256(BODY).digest()).decode().rstrip("="), True),
        ("${sha256.body.base64url}", base64.urlsafe_b64encode(sha256(BODY).digest()).decode(), True),
        ("${sha256.url.hex}", sha256(b"https://relay.example/hook?a=1").hexdigest(), True),
        ("${url}", "https://relay.example/hook?a=1", True),
        ("${url}", "https://relay.example/hook", False),
        ("true", True, True),
        ("false", True, False),
        ("false", False, True),
        ("1", 1, True),
        ("a", None, False),
        ("None", None, True),
        ("true", "trueX", False),
        ("a", "\ud800", False),
    ],
)
def test_a_claim_equals_what_the_request_is(text: str, claim: object, good: bool) -> None:
    scheme = replace(SCHEME, claims={"c": template(text, *json_web_token.NAMES_IN_CLAIMS)})
    if good:
        verify(signed({"c": claim}), scheme)
    else:
        with pytest.raises(Unauthorized, match="claim c is another"):
            verify(signed({"c": claim}), scheme)


def test_a_token_may_be_the_body() -> None:
    scheme = replace(SCHEME, token=template("${body}"), prefix="")
    token = signed({"a": "a" * 20_000}).encode()
    known = VerificationContext("", (SECRET,), NOW, lambda *_: b"")
    scheme.verify(Request("POST", "/", "", {}, token, ""), known)
    with pytest.raises(Unauthorized):
        scheme.verify(Request("POST", "/", "", {}, token + b"\xff", ""), known)


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", '{"kty":"oct"}', '{"a":' * 100_000, "-----BEGIN CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----"],
)
def test_what_is_no_public_key_is_a_mistake_of_the_operator(text: str) -> None:
    with pytest.raises(ValueError, match="expected a public key"):
        json_web_token.load_public_key(text)


def test_a_key_may_be_pinned_as_pem_certificate_or_jwk() -> None:
    public = key("1").public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "issuer")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(public).serial_number(1)
    made = made.not_valid_before(NOW).not_valid_after(NOW)
    certificate = made.sign(key("1"), hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    jwk = json.dumps(jwt.algorithms.RSAAlgorithm.to_jwk(public, as_dict=True))
    for pinned in (pem, certificate, jwk, f"\n{jwk}"):
        scheme = replace(SCHEME, algorithm="RS256", public_key=pinned)
        verify(from_issuer("1"), scheme)
        with pytest.raises(Unauthorized, match="no active key"):
            verify(from_issuer("2"), scheme)
