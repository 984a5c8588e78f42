"""The keys of relay.toml, table by table; those of `auth` and of handshakes stand in modules of their own.

A new key is one value here. `python -m tools.relay_toml` then writes its line of the JSON Schema and of the reference
page, and a test fails until that is done.
"""

from relay.config.archive import ARCHIVE_FIELDS
from relay.config.choices import CLAIM_CHECK, DIRECT, DIRECT_DELIVERY, QUEUED_DELIVERY, REJECT, TRANSPORTS
from relay.config.destinations import DESTINATION_FIELDS
from relay.config.field import (
    DURATION,
    FLAG,
    NUMBER,
    SIZE,
    TABLE,
    TABLES,
    TEMPLATE,
    TEXT,
    TEXTS,
    Field,
)
from relay.config.handshake_fields import ENROLL, HANDSHAKE_FIELDS, ORIGINS, VERIFY_TOKEN
from relay.config.regions import region_problem
from relay.entry import MAX_DETAIL_TYPE, MAX_ENTRY_BYTES
from relay.http import body_formats
from relay.http.routing import path_problem

NAMES = ("body", "headers", "path", "query", "delivery_id", "received_at")
"""What the templates of an event may use, beside `item` where there is `each`."""

_PARTNER = r"aws\.partner/[.\-_A-Za-z0-9]+"
_BUS = r"[.\-_A-Za-z0-9]{1,256}|arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/[.\-_A-Za-z0-9]{1,256}"
_EXPECTED_BUS = "expected the name or the ARN of an event bus"
_ROUTE_NAME = r"[A-Za-z][A-Za-z0-9-]{0,63}"
_LARGEST_ENTRY = f"{MAX_ENTRY_BYTES} B"

NOTIFY_FIELDS = (
    Field(
        "bus",
        TEXT,
        "The name or ARN of the event bus in the relay's Region that receives its operational events.",
        pattern=_BUS,
        expected=_EXPECTED_BUS,
        example="default",
    ),
)

LOG_FIELDS = (Field("entries", FLAG, "Whether the log has a line for each entry, without its detail.", default=True),)

LIMIT_FIELDS = (
    # Lambda takes an event of 6 MiB, in which each quote of a JSON body is escaped: about 5.1 MB of ordinary JSON.
    Field("body", SIZE, "The largest body of a request.", "1 MiB", minimum="1 B", maximum="5 MB"),
    # The delivered event is larger than its entry, and customers' targets take 1 MiB at most: Shopify stops there too.
    Field("entry", SIZE, "The largest entry of EventBridge.", "1 MB", minimum="1 B", maximum=_LARGEST_ENTRY),
    # "Less than 256 KB": https://docs.aws.amazon.com/eventbridge/latest/onboarding/onboarding_tasks.html
    Field(
        "request",
        SIZE,
        "The size up to which entries are sent in one request; a larger entry is sent alone.",
        "262143 B",
        minimum="1 B",
        maximum=_LARGEST_ENTRY,
    ),
    Field(
        "entries",
        NUMBER,
        "The most entries that one webhook may become; at most 5,000 if a route has `dedupe`.",
        5000,
        minimum=1,
        maximum=10_000,
    ),
)

EACH = Field(
    "each",
    TEMPLATE,
    "A list: each of its elements becomes an event of its own, in which templates see it as `item`.",
    names=NAMES,
    example="${body.events}",
)
EVENT_FIELDS = (
    Field(
        "source",
        TEMPLATE,
        "The source of the event: below your partner name, or one of your own on an ordinary event bus.",
        names=NAMES,
        example="aws.partner/acme.example/${body.customer}",
        note="required, unless the route has `customer`",
    ),
    Field(
        "detail_type",
        TEMPLATE,
        f"The detail-type of the event, at most {MAX_DETAIL_TYPE} characters.",
        required=True,
        names=NAMES,
        example="${body.type}",
        note="the preset's, else required",
    ),
    Field(
        "detail",
        TEMPLATE,
        "The detail of the event: one placeholder that is an object.",
        names=NAMES,
        example="${body}",
        note="the body: JSON byte for byte, another format as JSON",
    ),
    Field(
        "time",
        TEMPLATE,
        "When it happened: RFC 3339, or seconds since 1970.",
        names=NAMES,
        example="${body.created_at}",
        note="when it was received",
    ),
    Field(
        "resources",
        TEMPLATE,
        "The resources of the event: one placeholder that is a list of texts.",
        names=NAMES,
        example="${body.resource_arns}",
    ),
    Field(
        "region",
        TEMPLATE,
        "The Region where the event is put, one of `regions`.",
        names=NAMES,
        example="${body.region}",
        note="the first of `regions`",
    ),
    Field(
        "when",
        TEMPLATE,
        "Which webhooks become events; what does not match is answered 2xx and not forwarded.",
        names=NAMES,
        example="${body.type != 'ping'}",
        note="all",
    ),
    Field(
        "claim_check_detail",
        TEMPLATE,
        "The fields that stand beside `claim` in the detail of a claim check: one placeholder that is an object.",
        names=NAMES,
        example="${ {id: body.id} }",
    ),
)

CUSTOMER = Field(
    "customer",
    TEMPLATE,
    "Whose event it is: it goes to the destinations of this customer, instead of to `event.source` in `event.region`.",
    names=NAMES,
    example="${item.customer}",
)

ROUTE_FIELDS = (
    Field(
        "name",
        TEXT,
        "The name of the route in logs, metrics and outputs.",
        required=True,
        pattern=_ROUTE_NAME,
        expected="expected a letter, then letters, digits or -",
        example="orders",
    ),
    Field(
        "path",
        TEXT,
        "The path of the route's URL; `{name}` is a parameter, which templates see as `path.name`.",
        required=True,
        check=path_problem,
        example="/orders/{customer}",
    ),
    Field(
        "preset", TEXT, "The sender, for its authentication, delivery id, detail-type and handshake.", example="github"
    ),
    Field("auth", TABLE, "How a webhook proves that it comes from its sender."),
    Field("event", TABLE, "How a webhook becomes events.", fields=(*EVENT_FIELDS, EACH)),
    CUSTOMER,
    Field(
        "body_format",
        TEXT,
        "The format of the sender's bodies.",
        body_formats.JSON,
        choices=body_formats.FORMATS,
        note="the preset's, else `json`",
    ),
    Field(
        "delivery_id",
        TEMPLATE,
        "The sender's id of the webhook, or of what the webhook is about.",
        names=tuple(name for name in NAMES if name != "delivery_id"),
        example="${headers.webhook_id}",
        note="the preset's",
    ),
    Field(
        "unique_delivery_id",
        FLAG,
        "Whether the sender never gives one id to two different webhooks.",
        default=False,
        note="the preset's for its own id, else `false`",
    ),
    Field("dedupe", FLAG, "Whether a webhook that comes again within 24 hours makes no second event.", default=False),
    Field(
        "delivery",
        TEXT,
        "Whether a webhook is answered once EventBridge has its entries, or as soon as a queue has them.",
        DIRECT_DELIVERY,
        choices=(DIRECT_DELIVERY, QUEUED_DELIVERY),
    ),
    Field(
        "retry_for",
        DURATION,
        'How long EventBridge is tried again before entries go to the retry queue; only with `delivery = "direct"`.',
        "2 s",
        minimum="0 s",
        maximum="20 s",
    ),
    Field(
        "failover_region",
        TEXT,
        "Another of `regions`: it gets what the own Region's EventBridge has not taken within `retry_for`, at most 2 s;"
        ' only with `delivery = "direct"`, and without `customer`, `bus`, or a template as `event.region`.',
        example="us-west-2",
    ),
    Field(
        "on_oversize",
        TEXT,
        "What becomes of an entry over `limits.entry`: 413, or its detail goes to S3 and the event carries a URL.",
        REJECT,
        choices=(REJECT, CLAIM_CHECK),
    ),
    Field(
        "bus",
        TEXT,
        "The name or ARN of an ordinary event bus of yours, instead of partner events.",
        pattern=_BUS,
        expected=_EXPECTED_BUS,
        example="orders",
    ),
    Field(
        "response_body",
        TEXT,
        "The text with which each webhook is answered, with 200 instead of our 202, for senders that want one.",
        example="OK",
        note="the preset's",
    ),
    Field(
        "allow_forgeable_source",
        FLAG,
        "Whether `source` and `region` may be made of what is neither signed nor chose the secret.",
        default=False,
    ),
    VERIFY_TOKEN,
    ENROLL,
    ORIGINS,
    Field("handshake", TABLES, "A request with which the sender verifies the endpoint.", fields=HANDSHAKE_FIELDS),
)

TOP_FIELDS = (
    Field(
        "partner",
        TEXT,
        "Your partner name: every event source begins with it and a slash.",
        required=True,
        pattern=_PARTNER,
        expected='expected "aws.partner/" and your domain',
        example="aws.partner/acme.example",
    ),
    Field(
        "regions",
        TEXTS,
        "The Regions where partner events may be put; the first is the default.",
        required=True,
        check=region_problem,
        example=["us-east-1", "eu-west-1"],
    ),
    Field(
        "public_url",
        TEXT,
        "The base of the URLs that your senders use; only for senders that sign their URL.",
        pattern=r"https?://[^/?#]+(/[^?#]*[^/?#])?",
        expected='expected a URL such as "https://hooks.acme.example", without a slash at its end',
        example="https://hooks.acme.example",
    ),
    Field(
        "claim_check_ttl", DURATION, "How long the URL of a claim check is good.", "1 h", minimum="1 s", maximum="12 h"
    ),
    Field("transport", TEXT, "How EventBridge and the secrets are called.", DIRECT, choices=TRANSPORTS),
    Field("limits", TABLE, "What is larger is answered 413.", fields=LIMIT_FIELDS),
    Field(
        "destinations",
        TABLE,
        "Customers' destinations: the registry, the control API, and how entries are held; not deployed without it.",
        fields=DESTINATION_FIELDS,
    ),
    Field(
        "archive",
        TABLE,
        "The archive of authentic webhooks, for `relayctl replay` and `relayctl diff`; not deployed without it.",
        fields=ARCHIVE_FIELDS,
    ),
    Field("notify", TABLE, "Where the relay reports what happens to destinations.", fields=NOTIFY_FIELDS),
    Field("log", TABLE, "What the functions log.", fields=LOG_FIELDS),
    Field("route", TABLES, "A URL for one sender.", required=True, fields=ROUTE_FIELDS),
)
