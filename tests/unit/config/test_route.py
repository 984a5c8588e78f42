"""What a route may want beside its sender: each option, and what it takes."""

import pytest

from relay.http import body_formats
from tests.conftest import RELAY_TOML, Load
from tests.unit.config.loading import problems


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
        (
            'failover_region = "eu-west-2"',
            'failover_region: expected another of regions than us-east-1, got "eu-west-2"',
        ),
        (
            'failover_region = "us-east-1"',
            'failover_region: expected another of regions than us-east-1, got "us-east-1"',
        ),
        (
            'failover_region = "eu-west-1"\nretry_for = "3 s"',
            'retry_for: expected at most "2 s" beside failover_region: then there is time for both',
        ),
        (
            'failover_region = "eu-west-1"\ndelivery = "queued"',
            'failover_region: expected delivery = "direct" beside it: what is in a queue waits for its own Region',
        ),
    ],
)
def test_an_option_of_a_route_that_cannot_be(load: Load, line: str, problem: str) -> None:
    text = RELAY_TOML.replace("[route.event]", f"{line}\n[route.event]")
    assert problems(load, text) == (f'relay.toml: route "orders": {problem}',)


def test_what_may_be_another_customers_elsewhere_fails_over_to_no_region(load: Load) -> None:
    for options, expected in (
        ('[route.event]\nregion = "${body.region}"', "expected no template as event.region: elsewhere the name may be"),
        (
            'customer = "${path.customer}"\n[route.event]',
            "expected no customer beside it: a customer has a destination",
        ),
    ):
        text = RELAY_TOML.replace("[route.event]", f'failover_region = "eu-west-1"\n{options}')
        text = f"[destinations]\n{text}" if "customer =" in options else text
        assert any(f"failover_region: {expected}" in each for each in problems(load, text))


def test_an_ordinary_bus_has_no_failover_of_ours(load: Load) -> None:
    text = RELAY_TOML.replace('source = "aws.partner/', 'source = "').replace(
        "[route.event]", 'failover_region = "eu-west-1"\nbus = "orders"\n[route.event]'
    )
    expected = "failover_region: expected no bus beside it: for an ordinary bus EventBridge has global endpoints"
    assert problems(load, text) == (f'relay.toml: route "orders": {expected}',)


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
