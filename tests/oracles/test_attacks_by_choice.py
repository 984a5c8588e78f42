"""Attacks by a sender who chooses the algorithm, the certificate or the scheme."""

import base64
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

import jwt
import pytest

from relay.errors import ConfigError
from tests.conftest import Load
from tests.oracles import signers
from tests.oracles.attacked import answered
from tests.oracles.signers import LONG, SIGNERS, URL


def _tokens(public_key: str) -> Iterator[str]:
    """Tokens that libraries accepted once: CVE-2015-9235, CVE-2022-29217 and their relatives."""
    now = int(time.time())
    claims = {"iss": "https://accounts.google.com", "aud": URL, "iat": now, "exp": now + 60, "email_verified": True}
    claims |= {"email": "push@acme.iam.gserviceaccount.com", "sha256": sha256(signers.BODY).hexdigest()}
    for algorithm in ("none", "None", "NONE", "nOnE"):
        head = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "kid": "2"}).encode()).rstrip(b"=")
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
        for signature in (b"", b"AA"):
            yield b".".join((head, body, signature)).decode()
    # The public key, which everybody has, taken for the secret of an HMAC.
    for key in (public_key, public_key.strip(), ""):
        for algorithm in ("HS256", "HS512"):
            digest = {"HS256": "sha256", "HS512": "sha512"}[algorithm]
            head = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "kid": "2"}).encode()).rstrip(b"=")
            body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
            mac = hmac.digest(key.encode(), head + b"." + body, digest)
            yield b".".join((head, body, base64.urlsafe_b64encode(mac).rstrip(b"="))).decode()


def test_no_algorithm_another_one_and_a_public_key_taken_for_a_secret(load: Load) -> None:
    pubsub, netlify = SIGNERS["pubsub"](), SIGNERS["netlify"]()
    modulus = pubsub.published.decode()
    for token in _tokens(modulus):
        asymmetric = replace(pubsub, headers={"authorization": f"Bearer {token}"})
        assert answered(signers.config(load, "pubsub", pubsub), asymmetric) == 401
        symmetric = replace(netlify, headers={"x-webhook-signature": token})
        assert answered(signers.config(load, "netlify", netlify), symmetric) == 401
    other = jwt.encode({"iss": "netlify", "sha256": sha256(netlify.body).hexdigest()}, LONG * 2, "HS512")
    symmetric = replace(netlify, headers={"x-webhook-signature": other}, secret=LONG * 2)
    assert answered(signers.config(load, "netlify", symmetric), symmetric) == 401  # the right secret, not the algorithm


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/SimpleNotificationService-abc.pem",
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-abc.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-abc.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-abc.pem",
        "https://evil.example/#https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-abc.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-abc.pem?x=.pem",
        "https://sns.eu-west-1.amazonaws.com/../evil/SimpleNotificationService-abc.pem",
        "https://sns.eu-west-1.amazonaws.com:444/SimpleNotificationService-abc.pem",
        "https://bucket.s3.amazonaws.com/SimpleNotificationService-abc.pem",
        "",
    ],
)
def test_a_certificate_on_another_host(load: Load, url: str) -> None:
    for name, change in (
        ("sns", lambda one: replace(one, body=json.dumps(json.loads(one.body) | {"SigningCertURL": url}).encode())),
        ("paypal", lambda one: replace(one, headers=one.headers | {"paypal-cert-url": url})),
    ):
        signed = SIGNERS[name]()
        assert answered(signers.config(load, name, signed), change(signed)) == 401


def test_an_unknown_scheme_is_a_refused_start(load: Load) -> None:
    signed = SIGNERS["github"]()
    with pytest.raises(ConfigError):
        signers.config(load, "github-v3", signed)
