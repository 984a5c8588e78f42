"""JSON Web Tokens, the keys of their issuer, and their verification."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from relay.auth.context import VerificationContext
from relay.auth.json_web_token import JwtScheme
from relay.http.request import Request
from relay.templates.template import Template, compile_template
from tests.conftest import NOW

URL = "https://issuer.example/keys"
BODY = b'{"n":1}'
SECRET = "a secret that is long enough for HS256"


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
