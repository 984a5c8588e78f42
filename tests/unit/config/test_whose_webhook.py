"""Whose webhook is it? What may choose the customer, and the secret, of a route."""

import pytest

from relay.errors import ConfigError
from tests.conftest import RELAY_TOML, Load
from tests.unit.config.loading import problems


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


@pytest.mark.parametrize(
    "secret", ["${path.customer}", "a-${path.customer}", "/${path.x}", "a/${bdy.x}", "a b/${path.x}"]
)
def test_a_secret_for_each_customer_has_a_fixed_beginning(load: Load, secret: str) -> None:
    [problem] = problems(load, tenants("fixed", secret))
    assert problem.startswith('relay.toml: route "orders": auth.secret: ')
