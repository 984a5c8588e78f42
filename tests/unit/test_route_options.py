"""What a route may want beside its sender: each option, and what it takes."""

import pytest

from relay import scheme_config
from tests.conftest import RELAY_TOML, Load
from tests.unit.test_config import preset, problems


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("retry_seconds = 21", "retry_seconds: expected a whole number from 0 to 20, got 21"),
        ("retry_seconds = -1", "retry_seconds: expected a whole number from 0 to 20, got -1"),
        ('oversize = "truncate"', 'oversize: expected one of reject, claim-check, got "truncate"'),
        ('body = "xml"', 'body: expected one of content-type, jwt, text, cloudevents, got "xml"'),
        ('dedupe = "yes"', "dedupe: expected true or false, got text"),
    ],
)
def test_an_option_of_a_route_that_cannot_be(load: Load, line: str, problem: str) -> None:
    text = RELAY_TOML.replace("[route.event]", f"{line}\n[route.event]")
    assert problems(load, text) == (f'relay.toml: route "orders": {problem}',)


def test_to_tell_one_webhook_from_another_takes_an_id(load: Load) -> None:
    text = RELAY_TOML.replace('scheme = "standard-webhooks"', 'scheme = "api-key", token = "${headers.x_key}"')
    expected = 'relay.toml: route "orders": dedupe: expected id: what tells one webhook from another'
    assert problems(load, text.replace("[route.event]", "dedupe = true\n[route.event]")) == (expected,)


def test_fields_beside_a_claim_take_a_route_with_claims(load: Load) -> None:
    expected = 'relay.toml: route "orders": event.claim_detail: expected oversize = "claim-check" on the route'
    assert problems(load, RELAY_TOML + 'claim_detail = "${ {id: body.id} }"\n') == (expected,)


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
        "sns": 'topics = ["arn:aws:sns:us-east-1:111111111111:a"]',
        "paypal": 'webhook_id = "1"',
        "pubsub": 'audience = "a", email = "e"',
        "kinde": 'jwks_url = "https://acme.kinde.com/.well-known/jwks"',
    }
    route = preset(load, name, auth.get(name, 'secret = "s"')).routes[0]
    assert route.id
    assert scheme_config.covers(route.auth, route.id) is covered


def tenants(source: str, secret: str = "acme/orders") -> str:
    text = RELAY_TOML.replace("${path.customer}/orders", source).replace(
        'secret = "acme/orders"', f'secret = "{secret}"'
    )
    return text.replace('detail_type = "${body.type}"', 'detail_type = "a"')


@pytest.mark.parametrize("source", ["${path.customer}", "${query.c}", "${headers.x_customer}", "a-${path.customer}"])
def test_a_source_from_what_is_not_signed_is_a_warning_with_both_ways_out(load: Load, source: str) -> None:
    [warning] = load(tenants(source)).warnings()
    assert warning.startswith('route "orders": event.source depends on ${')
    assert "Take it from what is signed" in warning
    assert 'auth.secret = "acme/${' in warning


@pytest.mark.parametrize(
    ("source", "secret"),
    [
        ("${body.customer}", "acme/orders"),
        ("${headers.webhook_id}", "acme/orders"),  # it is in what is signed
        ("${path.customer}", "acme/${path.customer}"),
        ("fixed", "acme/orders"),
    ],
)
def test_a_source_that_is_signed_or_a_secret_for_each_customer_is_none(load: Load, source: str, secret: str) -> None:
    assert load(tenants(source, secret)).warnings() == []


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
