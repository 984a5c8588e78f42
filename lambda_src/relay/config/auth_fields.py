"""The keys of a route's `auth`, by the kind of scheme; each kind takes those of its own table alone."""

import re

from relay.auth import (
    certificate,
    encodings,
    json_web_token,
    public_key,
    scope,
    shared_secret,
    signature,
    signing_keys,
    timestamps,
)
from relay.auth.secret_ref import secret_problem
from relay.config.field import DURATION, TEMPLATE, TEMPLATES, TEXT, TEXTS, Field
from relay.config.units import DURATIONS, format_quantity

SCHEMES = (
    "standard-webhooks",
    json_web_token.KIND,
    shared_secret.NONE,
    *certificate.KINDS,
    *signature.KINDS,
    *shared_secret.KINDS,
)
SIGNS_BODY, SIGNS_PART = "body", "part-of-body"

_AUTHORIZATION = "${headers.authorization}"


def _https(value: str) -> str | None:
    return None if re.fullmatch(r"https://[^/?#@]+/[^?#]*", value) else "expected a URL with https"


SCHEME = Field(
    "scheme",
    TEXT,
    "How the sender proves a webhook.",
    required=True,
    choices=tuple(sorted(SCHEMES)),
    example="standard-webhooks",
    note="the preset's, else required",
)
SECRET = Field(
    "secret",
    TEXT,
    "The name or ARN of the secret in Secrets Manager, or `ssm:/parameter`; `${…}` chooses one for each customer.",
    required=True,
    check=secret_problem,
    example="acme/orders",
    note="required, except with a public key",
)
REQUIRES = Field(
    "requires",
    TEXTS,
    "Which keys of `auth` the route has to give; for presets.",
    example=["public_key_id"],
)

SHARED_SECRET_FIELDS = (
    Field(
        "token",
        TEMPLATE,
        "Where the secret is in the request.",
        _AUTHORIZATION,
        names=scope.NAMES,
        example="${headers.x_api_key}",
        note=f"`{_AUTHORIZATION}`; required for `api-key`",
    ),
    Field(
        "each",
        TEMPLATE,
        "A list in the body of which every element (`item`) has the secret.",
        names=scope.NAMES,
        example="${body.value}",
    ),
)

CONTENT = Field(
    "content",
    TEMPLATE,
    "What was signed: `${body}` is the bytes as received, `${url}` and `${method}` the sender's request, "
    "`${canonical.NAME}` what no template can say.",
    required=True,
    names=signature.NAMES_IN_CONTENT,
    example="${timestamp}.${body}",
)
TIMESTAMP = Field(
    "timestamp",
    TEMPLATE,
    "Where the time is: in the request, or beside the signature in its list; it has to be signed.",
    names=signature.NAMES_IN_TIMESTAMP,
    example="${headers.x_time}",
)
SIGNED_EACH = Field(
    "each",
    TEMPLATE,
    "A list in the body of which every element (`item`) is signed on its own.",
    names=scope.NAMES,
    example="${body.items}",
)
SIGNS = Field(
    "signs",
    TEXT,
    "Whether the signature covers every field of the body.",
    SIGNS_BODY,
    choices=(SIGNS_BODY, SIGNS_PART),
)
SIGNATURE_FIELDS = (
    Field(
        "signature",
        TEMPLATE,
        "Where the signature is in the request.",
        required=True,
        names=scope.NAMES,
        example="${headers.x_signature}",
    ),
    Field("algorithm", TEXT, "The digest.", signature.ALGORITHMS[0], choices=signature.ALGORITHMS),
    Field(
        "encoding",
        TEXT,
        "The encoding of the signature; `base64url` has no padding.",
        encodings.ENCODINGS[0],
        choices=encodings.ENCODINGS,
    ),
    Field("prefix", TEXT, "The text before the signature.", example="sha256="),
    Field("list_separator", TEXT, "The text between the items, where several signatures stand in a list.", example=","),
    Field("pair_separator", TEXT, "The text between key and value, where an item is a pair.", example="="),
    Field("pair_key", TEXT, "The key of the pairs that are signatures.", example="v1"),
    Field(
        "public_key_id",
        TEXT,
        "The key in a list of pairs under which the signature stands, where each customer of the sender has another.",
    ),
    Field(
        "timestamp_unit",
        TEXT,
        "The unit of the time since 1970, or `rfc3339`; `s-or-ms` tells the two apart by their length.",
        "s",
        choices=(*timestamps.TIMESTAMP_UNITS, timestamps.RFC3339),
    ),
    Field(
        "tolerance",
        DURATION,
        "How far the time may be in the past or in the future.",
        "5 min",
        minimum="1 s",
        maximum="24 h",
    ),
    Field(
        "key_encoding",
        TEXT,
        "The encoding of the secret, or of a public key that is not PEM; `utf8-or-base64` tries both.",
        signing_keys.KEY_ENCODINGS[0],
        choices=signing_keys.KEY_ENCODINGS,
    ),
    Field("key_prefix", TEXT, "The text before the encoded secret; `*` in it is a word.", example="whsec_"),
    Field(
        "public_key",
        TEXT,
        "The sender's public key, in PEM or as `key_encoding` says; it is not secret.",
        required=True,
        note=f"required for {', '.join(f'`{kind}`' for kind in public_key.KINDS)}",
    ),
)
"""Those that are read together; the others decide which names these may use."""

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
        _AUTHORIZATION,
        names=scope.NAMES,
        example=_AUTHORIZATION,
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

TOPICS = Field(
    "topics",
    TEXTS,
    "The ARNs of the topics that may send; a subscription to one of them is confirmed.",
    required=True,
    check=certificate.topic_problem,
    note="required for `sns`",
)
WEBHOOK_ID = Field(
    "webhook_id", TEXT, "The id that PayPal gave the webhook.", required=True, note="required for `paypal`"
)
CERTIFICATE = Field("certificate", TEXT, "The sender's certificate, in PEM, instead of fetching it.")


def _tolerance(kind: str) -> Field:
    """Return how old a message of this sender may be, whose retries keep the first time."""
    default, maximum = (
        format_quantity(seconds, DURATIONS)
        for seconds in (certificate.TOLERANCE_SECONDS[kind], certificate.MAX_TOLERANCE_SECONDS)
    )
    return Field("tolerance", DURATION, "How old a message may be.", default, minimum="1 s", maximum=maximum)


CERTIFICATE_FIELDS = {
    certificate.SNS: (TOPICS, CERTIFICATE, _tolerance(certificate.SNS)),
    certificate.PAYPAL: (WEBHOOK_ID, CERTIFICATE, _tolerance(certificate.PAYPAL)),
}

AUTH_TABLES = {
    "common": (SCHEME, SECRET, REQUIRES),
    "shared secret": SHARED_SECRET_FIELDS,
    "signature": (CONTENT, *SIGNATURE_FIELDS, SIGNS, TIMESTAMP, SIGNED_EACH),
    "JSON Web Token": (*JWT_FIELDS, *PUBLIC_KEY_FORMS, JWKS_URL),
    "Amazon SNS": CERTIFICATE_FIELDS[certificate.SNS],
    "PayPal": CERTIFICATE_FIELDS[certificate.PAYPAL],
}
AUTH_FIELDS = tuple(field for fields in AUTH_TABLES.values() for field in fields)
