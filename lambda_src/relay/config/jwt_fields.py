"""The keys of `auth` with `scheme = "jwt"`: imported only where a route has it."""

import re

from relay.auth import json_web_token, scope
from relay.config.auth_fields import AUTHORIZATION
from relay.config.field import DURATION, TEMPLATE, TEMPLATES, TEXT, TEXTS, Field


def _https(value: str) -> str | None:
    return None if re.fullmatch(r"https://[^/?#@]+/[^?#]*", value) else "expected a URL with https"


JWKS_URL = Field("jwks_url", TEXT, "The URL of the sender's key set.", check=_https)
PUBLIC_KEY_FORMS = (
    Field("public_key", TEXT, "The sender's public key, in PEM."),
    Field("certificate", TEXT, "The sender's certificate, in PEM, instead of its public key."),
    Field("jwk", TEXT, "The sender's public key as a JSON Web Key, instead of PEM."),
)
JWT_FIELDS = (
    Field(
        "algorithm",
        TEXT,
        "The algorithm of the token, which the token itself does not choose.",
        required=True,
        choices=json_web_token.ALGORITHMS,
    ),
    Field(
        "token",
        TEMPLATE,
        "Where the token is in the request.",
        AUTHORIZATION,
        names=scope.NAMES,
        example=AUTHORIZATION,
    ),
    Field("prefix", TEXT, "The text before the token.", example="Bearer "),
    Field("issuer", TEXTS, "The issuers that are accepted (`iss`).", example="https://accounts.google.com"),
    Field("audience", TEXT, "The audience that the token must be for (`aud`)."),
    Field("email", TEXT, "The `email` claim that the token must have."),
    Field("claims", TEMPLATES, "Claims that must equal a template.", names=json_web_token.NAMES_IN_CLAIMS),
    Field("required_claims", TEXTS, "Claims that must be there.", example=["exp", "iat"]),
    Field(
        "max_age",
        DURATION,
        "How long ago the token may have been issued (`iat`).",
        minimum="1 s",
        maximum="24 h",
        example="5 min",
    ),
)
"""Those that are read together; the key may come in several forms."""
