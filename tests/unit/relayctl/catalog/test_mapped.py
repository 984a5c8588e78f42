"""A sample is compared with relay.toml as far as a detail alone decides what a route makes of it."""

from datetime import date
from typing import Any

import pytest

from relay.catalog.event_type import EventType
from relayctl.catalog import checking, mapped
from tests.conftest import Load

TOML = """
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[destinations]
[[route]]
name = "orders"
path = "/orders"
auth = {{ scheme = "standard-webhooks", secret = "acme/orders" }}
{route}
"""
ITEMS = """
customer = "${item.customer}"
[route.event]
each = "${body.events}"
detail_type = "${item.type}"
time = "${item.created_at}"
detail = "${item}"
when = "${item.live}"
"""
BODY = """
event = { source = "aws.partner/acme.example/a", detail_type = "order.${body.action}" }
"""
HEADER = """
event = { source = "aws.partner/acme.example/a", detail_type = "order.${headers.x_action}" }
"""
LITERAL = """
event = { source = "aws.partner/acme.example/a", detail_type = "order.paid" }
"""
GOOD: dict[str, Any] = {"type": "order.paid", "customer": "c42", "created_at": "2026-11-22T10:15:00Z", "live": True}


def paid(sample: dict[str, Any], name: str = "order.paid") -> EventType:
    return EventType(name, "", date(2026, 11, 22), None, sample, {"type": "object"})


@pytest.mark.parametrize(
    ("route", "sample", "expected"),
    [
        (ITEMS, GOOD, []),
        (ITEMS, GOOD | {"type": "other"}, ['no route sends it: route "orders" makes "other" of the sample']),
        (
            ITEMS,
            GOOD | {"created_at": "today"},
            ['the sample would be dead-lettered: route "orders", event.time: ${item.created_at} is text'],
        ),
        (ITEMS, GOOD | {"customer": None}, ['route "orders": the sample has no customer']),
        (ITEMS, GOOD | {"live": False}, ['route "orders": event.when leaves the sample out']),
        (BODY, {"action": "paid"}, []),
        (BODY, {"action": "shipped"}, ['no route sends it: route "orders" makes "order.shipped" of the sample']),
        (
            BODY,
            {},
            ['no route sends it: route "orders", event.detail_type: ${body.action} is null or missing'],
        ),
        (HEADER, {}, []),
        (LITERAL, {}, []),
    ],
)
def test_a_sample_that_relay_toml_would_map_otherwise_is_named(
    load: Load, route: str, sample: dict[str, Any], expected: list[str]
) -> None:
    found = mapped.problems(paid(sample), load(TOML.format(route=route)))
    assert [problem.partition("; expected")[0] for problem in found] == expected


@pytest.mark.parametrize("route", [HEADER, LITERAL])
def test_a_detail_type_that_no_route_can_send_is_named(load: Load, route: str) -> None:
    [problem] = mapped.problems(paid({}, "invoice.paid"), load(TOML.format(route=route)))
    assert problem.startswith('no route sends it: route "orders"')


def test_a_detail_type_that_relay_toml_spells_out_has_to_be_described(load: Load) -> None:
    config = load(TOML.format(route=LITERAL))
    [missing] = checking.problems([], config)
    assert (missing.detail_type, missing.check) == ("order.paid", "missing")
    assert list(checking.problems([paid({})], config)) == []
