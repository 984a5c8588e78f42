"""JSON Web Tokens: which key; the key set is the issuer's, and changes."""

import json
from dataclasses import replace

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from relay.auth import json_web_token
from relay.auth.context import PUBLISHED_SECONDS, REREAD_SECONDS
from relay.errors import Unauthorized, Unavailable
from tests.conftest import NOW
from tests.unit.auth.tokens import PUBLISHED, SCHEME, SECRET, URL, from_issuer, key, key_set, signed, verify


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


def test_each_active_secret_verifies_and_an_empty_one_never() -> None:
    other, blank = f"another {SECRET}", " " * 40
    verify(signed({}), secrets=(other, "", SECRET))
    for secrets in ((), ("",), (blank,), (other,)):
        with pytest.raises(Unauthorized):
            verify(signed({}), secrets=secrets)
    with pytest.raises(Unauthorized):
        verify(jwt.encode({}, blank, "HS256"), secrets=(blank,))


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
