"""The keys of relay.toml about handshakes: those of `[[route.handshake]]`, and what they need of the route."""

from relay.auth import handshake
from relay.auth.secret_ref import secret_problem
from relay.config.field import FLAG, NUMBER, TEMPLATE, TEMPLATES, TEXT, TEXTS, Field

HANDSHAKE_FIELDS = (
    Field(
        "method",
        TEXT,
        "The method of the request.",
        "POST",
        choices=("POST", "GET", "HEAD", "OPTIONS"),
    ),
    Field(
        "when",
        TEMPLATE,
        "Which requests are this handshake.",
        required=True,
        names=handshake.NAMES,
        example="${body.type == 'url_verification'}",
    ),
    Field("authenticate", FLAG, "Whether the request has to pass the route's `auth` first.", default=True),
    Field("status", NUMBER, "The status of the answer.", 200, minimum=1, maximum=299),
    Field(
        "pattern",
        TEXT,
        "The regular expression that every echoed or signed value has to match.",
        handshake.DEFAULT_PATTERN,
    ),
    Field("text", TEMPLATE, "The answer, as text.", names=handshake.NAMES, example="${body.challenge}"),
    Field("json", TEMPLATES, "The answer, as a JSON object of texts.", names=handshake.NAMES),
    Field("headers", TEMPLATES, "Headers of the answer.", names=handshake.NAMES),
    Field(
        "token", TEMPLATE, "The token in the request that must be the route's `verify_token`.", names=handshake.NAMES
    ),
    Field(
        "origin",
        TEMPLATE,
        "The origin in the request that must be one of the route's `origins`.",
        names=handshake.NAMES,
    ),
    Field(
        "sign", TEMPLATE, "What is signed with the route's secret, for `${hmac}` in the answer.", names=handshake.NAMES
    ),
    Field(
        "enroll",
        TEMPLATE,
        "The secret that arrives in the request, stored while the route has `enroll`.",
        names=handshake.NAMES,
    ),
)

VERIFY_TOKEN = Field(
    "verify_token",
    TEXT,
    "The name of the secret that holds the token of a handshake; required where a handshake has a token.",
    check=secret_problem,
    example="acme/meta-token",
)
ENROLL = Field(
    "enroll", FLAG, "Whether a secret that arrives in a handshake is stored, if there is none yet.", default=False
)
ORIGINS = Field("origins", TEXTS, "The origins that may ask in a handshake.", example="eventgrid.azure.net")
