"""What a route may want beside its sender: each option, and what it takes."""

import pytest

from relay.errors import ConfigError
from relay.http import body_formats
from relay.templates.template import compile_template
from tests.conftest import RELAY_TOML, Load
from tests.unit.config.test_loader import preset, problems

TOPIC = "arn:aws:sns:us-east-1:111111111111:a"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('retry_for = "21 s"', 'retry_for: expected a time from "0 s" to "20 s", got "21 s"'),
        ('retry_for = "-1 s"', 'retry_for: expected a time from "0 s" to "20 s", got "-1 s"'),
        ("retry_for = 2", 'retry_for: expected a time from "0 s" to "20 s", got 2; write "2 s"'),
        ('on_oversize = "truncate"', 'on_oversize: expected one of reject, claim-check, got "truncate"'),
        (
            'body_format = "xml"',
            f'body_format: expected one of {", ".join(body_formats.FORMATS)}, got "xml"',
        ),
        ('dedupe = "yes"', "dedupe: expected true or false, got text"),
    ],
)
def test_an_option_of_a_route_that_cannot_be(load: Load, line: str, problem: str) -> None:
    text = RELAY_TOML.replace("[route.event]", f"{line}\n[route.event]")
    assert problems(load, text) == (f'relay.toml: route "orders": {problem}',)


def test_to_tell_one_webhook_from_another_takes_an_id(load: Load) -> None:
    text = RELAY_TOML.replace('scheme = "standard-webhooks"', 'scheme = "api-key", token = "${headers.x_key}"')
    expected = 'relay.toml: route "orders": dedupe: expected delivery_id: what tells one webhook from another'
    assert problems(load, text.replace("[route.event]", "dedupe = true\n[route.event]")) == (expected,)


def test_where_answers_are_remembered_they_have_to_fit_a_row_of_the_table(load: Load) -> None:
    """DynamoDB refuses a larger one: the webhook would be forgotten, and its repeat be delivered again."""
    text = RELAY_TOML.replace("[route.event]", "dedupe = true\n[route.event]")
    assert load("limits = { entries = 5000 }\n" + text).limits.entries == 5000
    expected = "limits.entries: expected at most 5000: a route with dedupe remembers its answers"
    assert problems(load, "limits = { entries = 5001 }\n" + text) == (f"relay.toml: {expected}",)
    assert load("limits = { entries = 10000 }\n" + RELAY_TOML).limits.entries == 10_000


def test_fields_beside_a_claim_take_a_route_with_claims(load: Load) -> None:
    expected = 'relay.toml: route "orders": event.claim_check_detail: expected on_oversize = "claim-check" on the route'
    assert problems(load, RELAY_TOML + 'claim_check_detail = "${ {id: body.id} }"\n') == (expected,)


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("standard-webhooks", True),  # the id is in what is signed
        ("stripe", True),  # the id is in the body
        ("sns", True),
        ("github", False),
        ("shopify", False),
        ("woocommerce", False),
        ("telegram", False),  # a token signs nothing
        ("paypal", False),  # a CRC is no proof of a body
        ("pubsub", False),
        ("kinde", True),
    ],
)
def test_whether_the_delivery_id_is_signed(load: Load, name: str, covered: bool) -> None:
    auth = {
        "sns": f'topics = ["{TOPIC}"]',
        "paypal": 'webhook_id = "1"',
        "pubsub": 'audience = "a", email = "e"',
        "kinde": 'jwks_url = "https://acme.kinde.com/.well-known/jwks"',
    }
    route = preset(load, name, auth.get(name, 'secret = "s"')).routes[0]
    assert route.delivery_id
    assert route.auth.covers(route.delivery_id) is covered


def tenants(source: str, secret: str = "acme/orders", more: str = "") -> str:
    text = RELAY_TOML.replace("${path.customer}/orders", source).replace("acme/${path.customer}", secret)
    return text.replace('detail_type = "${body.type}"', 'detail_type = "a"').replace(
        "[route.event]", f"{more}\n[route.event]"
    )


@pytest.mark.parametrize(
    "source",
    [
        "${path.customer}",
        "${query.c}",
        "${headers.x_customer}",
        "a-${path.customer}",
        "${body.a || headers.x_customer}",
        "${@ | body.customer}",
    ],
)
def test_a_source_that_is_not_signed_is_refused_unless_the_operator_accepts_it(load: Load, source: str) -> None:
    [problem] = problems(load, tenants(source))
    assert problem.startswith('relay.toml: route "orders": event.source: ${')
    assert "is not signed, and one secret serves all customers" in problem
    [warning] = load(tenants(source, more="allow_forgeable_source = true")).warnings()
    assert "is not signed" in warning


@pytest.mark.parametrize(
    ("source", "secret"),
    [
        ("${body.customer}", "acme/orders"),
        ("${headers.webhook_id}", "acme/orders"),  # it is in what is signed
        ("${delivery_id}", "acme/orders"),  # which is the same
        ("${path.customer}", "acme/${path.customer}"),
        ("fixed", "acme/orders"),
        ("fixed", "acme/${path.customer}"),
        ("${received_at}", "acme/orders"),  # our own clock
    ],
)
def test_a_source_that_is_signed_or_chose_the_secret_is_accepted(load: Load, source: str, secret: str) -> None:
    assert load(tenants(source, secret)).warnings() == []


@pytest.mark.parametrize(
    "source", ["${body.customer}", "${path.customer}/${body.kind}", "${delivery_id}", "${headers.webhook_id}"]
)
def test_a_customer_who_has_a_secret_cannot_name_another_by_what_it_signs(load: Load, source: str) -> None:
    [problem] = problems(load, tenants(source, "acme/${path.customer}"))
    assert "is said by whoever holds the customer's secret" in problem


def test_a_region_may_come_from_what_the_customer_signs(load: Load) -> None:
    text = tenants("${path.customer}", "acme/${path.customer}") + 'region = "${body.region}"\n'
    assert load(text).warnings() == []
    [problem] = problems(load, text.replace("${body.region}", "${query.region}"))
    assert "event.region: ${query.region} is not signed" in problem


def test_a_bus_of_the_operators_own_has_no_other_customer(load: Load) -> None:
    text = tenants("x", more='bus = "orders"').replace("aws.partner/acme.example/x", "acme.${headers.x_customer}")
    assert load(text).warnings() == []


@pytest.mark.parametrize(
    ("name", "auth", "signed_fields", "free"),
    [
        ("sns", f'topics = ["{TOPIC}"]', ["TopicArn", "Message", "Subject"], ["MessageAttributes.t.Value"]),
        ("braintree", 'secret = "s", public_key_id = "p"', ["bt_payload"], ["merchant", "bt_signature"]),
        ("mailgun", 'secret = "s"', ["signature.token"], ["domain.name"]),
        ("twilio", 'secret = "s"', [], ["AccountSid"]),
        ("mandrill", 'secret = "s"', [], ["mandrill_events"]),
        ("plivo", 'secret = "s"', [], ["From"]),
        ("paypal", 'webhook_id = "1"', [], ["id"]),
        ("gitlab", 'secret = "s"', [], ["project_id"]),
        ("adyen-payments", 'secret = "s"', [], ["live"]),
        ("inngest", 'secret = "s"', ["id"], []),
        ("netlify", 'secret = "s"', ["site_id"], []),
        ("monday", 'secret = "s"', [], ["event.boardId"]),
        ("qstash", 'secret = "s"', ["customer"], []),
        ("jira-connect", 'secret = "s"', [], ["issue.id"]),
        ("dockerhub", 'scheme = "none"', [], ["repository.name"]),
    ],
)  # fmt: skip
def test_what_a_preset_signs_is_known_by_field(
    load: Load, name: str, auth: str, signed_fields: list[str], free: list[str]
) -> None:
    route = preset(load, name, auth, 'public_url = "https://hooks.acme.example"').routes[0]
    covered = {
        field: route.auth.covers(compile_template("${body." + field + "}", ["body"]))
        for field in [*signed_fields, *free]
    }
    assert covered == dict.fromkeys(signed_fields, True) | dict.fromkeys(free, False)


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("square", True),
        ("hubspot-v3", True),
        ("contentful", True),
        ("plivo", True),
        ("messagebird", True),
        ("qstash", True),
        ("jira-connect", True),
        ("netlify", False),
        ("twilio", False),
        ("github", False),
        ("gitlab", False),
    ],
)
def test_a_path_is_signed_where_the_url_is_and_ends_where_the_url_ends(load: Load, name: str, *, covered: bool) -> None:
    route = preset(load, name, 'secret = "s"', 'public_url = "https://hooks.acme.example"').routes[0]
    assert route.auth.covers(compile_template("${path.customer}", ["path"])) is covered


@pytest.mark.parametrize(
    ("content", "covered"),
    [
        ("${headers.x_id}.${body}", True),
        ("${body}.${headers.x_id}", True),
        ("${headers.x_id}${body}", False),  # the end of one could be the beginning of the other
        ("${headers.x_id}${url}${body}", False),
        ("${headers.x_id || ''}.${body}", False),
    ],
)
def test_values_side_by_side_are_not_told_apart(load: Load, content: str, *, covered: bool) -> None:
    own = f'scheme = "hmac", secret = "acme/orders", signature = "${{headers.x_sig}}", content = "{content}"'
    own += ', signs = "part-of-body"' if content == "${headers.x_id}${body}" else ""
    text = RELAY_TOML.replace('scheme = "standard-webhooks", secret = "acme/${path.customer}"', own)
    scheme = load('public_url = "https://a.example"\n' + text.replace("${path.customer}", "fixed")).routes[0].auth
    assert scheme.covers(compile_template("${headers.x_id}", ["headers"])) is covered


@pytest.mark.parametrize(("source", "each"), [("${delivery_id}", ""), ("${item.customer}", "${headers.x_events}")])
def test_a_name_that_is_made_of_something_unsigned_is_not_signed(load: Load, source: str, each: str) -> None:
    with pytest.raises(ConfigError, match="is not signed, and one secret serves all customers"):
        load(
            f"""
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[[route]]
name = "hook"
path = "/hook"
preset = "github"
auth = {{ secret = "s" }}
event = {{ source = "aws.partner/acme.example/{source}"{f', each = "{each}"' if each else ""} }}
"""
        )


def test_what_a_handshake_signs_for_anybody_is_known_to_each_route_of_its_secret(load: Load) -> None:
    def route(name: str, sender: str, secret: str) -> str:
        key = ', public_key_id = "p"' if sender == "braintree" else ""
        return f"""
[[route]]
name = "{name}"
path = "/{name}"
preset = "{sender}"
auth = {{ secret = "{secret}"{key} }}
event = {{ source = "aws.partner/acme.example/{name}" }}
"""

    head = 'partner = "aws.partner/acme.example"\nregions = ["us-east-1"]\n'
    routes = load(head + route("a", "braintree", "s") + route("b", "github", "s") + route("c", "zoom", "t")).routes
    patterns = [getattr(one.auth, "refused_contents", None) for one in routes]
    assert patterns == [("[a-f0-9]{20,32}",), ("[a-f0-9]{20,32}",), ()]  # Zoom proves itself before it is answered


def test_a_customer_cannot_choose_the_secret_of_another_route(load: Load) -> None:
    second = (
        RELAY_TOML[RELAY_TOML.index("[[route]]") :]
        .replace('"orders"', '"github"')
        .replace("/orders/{customer}", "/github")
    )
    second = second.replace("acme/${path.customer}", "acme/github").replace("${path.customer}", "fixed")
    [problem] = problems(load, RELAY_TOML + second)
    assert 'route "orders": auth.secret: expected another beginning: a customer could choose "acme/github"' in problem
    assert load(RELAY_TOML + second.replace("acme/github", "acme/senders/github")).routes


def test_what_anybody_gets_signed_has_an_exact_form(load: Load) -> None:
    text = (
        RELAY_TOML
        + """
[[route.handshake]]
when = "${body.challenge}"
authenticate = false
sign = "${body.challenge}"
text = "${hmac}"
"""
    )
    [problem] = problems(load, text)
    assert "handshake.pattern: expected the exact form of what is signed for anybody who asks" in problem
    assert load(text + 'pattern = "[a-f0-9]{32}"\n').routes
    assert load(text.replace("authenticate = false", "authenticate = true")).routes


@pytest.mark.parametrize(
    ("body", "accepted"), [("json", True), ("form", False), ("text", False), ("json-lines", False)]
)
def test_a_plain_hash_is_for_bodies_to_which_nothing_can_be_appended(load: Load, body: str, *, accepted: bool) -> None:
    own = 'scheme = "hash", secret = "s", signature = "${headers.x_sig}", content = "${secret}${body}"'
    text = RELAY_TOML.replace('scheme = "standard-webhooks", secret = "acme/${path.customer}"', own)
    text = text.replace("${path.customer}", "fixed").replace("[route.event]", f'body_format = "{body}"\n[route.event]')
    if accepted:
        assert load(text).routes
    else:
        assert 'body_format: expected "json"' in problems(load, text)[0]


def test_a_signature_is_no_proof_of_attributes_in_headers(load: Load) -> None:
    text = RELAY_TOML.replace("[route.event]", 'body_format = "cloudevents-binary"\n[route.event]')
    assert 'body_format: expected "cloudevents"' in problems(load, text)[0]
    bearer = text.replace('"standard-webhooks"', '"bearer"')
    assert load(bearer).routes[0].body_format == "cloudevents-binary"


@pytest.mark.parametrize(
    "secret", ["${path.customer}", "a-${path.customer}", "/${path.x}", "a/${bdy.x}", "a b/${path.x}"]
)
def test_a_secret_for_each_customer_has_a_fixed_beginning(load: Load, secret: str) -> None:
    [problem] = problems(load, tenants("fixed", secret))
    assert problem.startswith('relay.toml: route "orders": auth.secret: ')


@pytest.mark.parametrize(
    ("bus", "source", "says"),
    [
        ("my bus", "acme.orders", "bus: expected the name or the ARN of an event bus"),
        ("arn:aws:events:us-west-2:111111111111:event-bus/a", "acme.orders", "bus: expected its Region to be one of"),
        ("my-bus", "aws.partner/acme.example/a", "event.source: expected one of your own for an ordinary bus"),
    ],
)
def test_an_ordinary_bus_and_its_source(load: Load, bus: str, source: str, says: str) -> None:
    text = RELAY_TOML.replace("[route.event]", f'bus = "{bus}"\n[route.event]')
    [problem] = problems(load, text.replace("aws.partner/acme.example/${path.customer}/orders", source))
    assert says in problem
