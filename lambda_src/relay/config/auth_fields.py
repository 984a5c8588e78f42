"""The keys of a route's `auth` that most schemes have: those of a signature and of a shared secret.

Each kind of scheme takes those of its own table alone; auth_tables.py has all of them.
"""

from relay.auth import encodings, kinds, scope, signature, signing_keys, timestamps
from relay.auth.secret_ref import secret_problem
from relay.config.field import DURATION, TEMPLATE, TEXT, TEXTS, Field

SCHEMES = (
    "standard-webhooks",
    kinds.JWT,
    kinds.NONE,
    *kinds.CERTIFICATE_KINDS,
    *kinds.SIGNATURE_KINDS,
    *kinds.SHARED_SECRET_KINDS,
)
SIGNS_BODY, SIGNS_PART = "body", "part-of-body"
AS_SENT, DECODED = "as-sent", "decoded"

AUTHORIZATION = "${headers.authorization}"


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
SIGNED_CONTENT = Field(
    "signed_content",
    TEXT,
    "Whether a body with a Content-Encoding is proven as it was sent, or decoded.",
    AS_SENT,
    choices=(AS_SENT, DECODED),
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
        AUTHORIZATION,
        names=scope.NAMES,
        example="${headers.x_api_key}",
        note=f"`{AUTHORIZATION}`; required for `api-key`",
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
        note=f"required for {', '.join(f'`{kind}`' for kind in kinds.PUBLIC_KEY_KINDS)}",
    ),
)
"""Those that are read together; the others decide which names these may use."""
