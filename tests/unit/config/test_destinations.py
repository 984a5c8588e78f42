"""`[destinations]`, `[notify]` and a route's `customer`: what is accepted, and what nothing unproven may decide."""

import pytest

from relay.config.customer_page import Page
from relay.config.destinations import Destinations
from tests.conftest import RELAY_TOML, Load
from tests.unit.config.loading import problems

SOURCE = 'source = "aws.partner/acme.example/${path.customer}/orders"\n'
OF_THE_PATH = RELAY_TOML.replace(SOURCE, "").replace("[route.event]", 'customer = "${path.customer}"\n[route.event]')
TABLE = "[destinations]\n"


def signed(customer: str, more: str = "") -> str:
    """Return a route whose one secret serves every customer."""
    text = OF_THE_PATH.replace("acme/${path.customer}", "acme/orders")
    return text.replace('customer = "${path.customer}"', f'customer = "{customer}"\n{more}') + TABLE


def test_a_route_may_send_to_the_destinations_of_the_customer_who_chose_the_secret(load: Load) -> None:
    config = load(OF_THE_PATH + TABLE)
    assert config.destinations == Destinations(30, 14 * 86400, 600, 100, (), "Ping")
    assert config.routes[0].customer
    assert config.routes[0].customer.text == "${path.customer}"
    assert (config.routes[0].event.source, config.routes[0].event.region) == (None, None)


def test_the_page_is_there_only_if_it_is_written(load: Load) -> None:
    config = load(OF_THE_PATH + TABLE)
    assert config.destinations
    assert config.destinations.page is None
    written = """[destinations.page]
title = "Acme"
logo = "https://www.acme.example:8443/a/logo.svg?v=1"
color = "#0B5fff"
frame_ancestors = "https://app.acme.example"
"""
    config = load(OF_THE_PATH + written)
    assert config.destinations
    page = config.destinations.page
    assert page == Page(
        "Acme", "https://www.acme.example:8443/a/logo.svg?v=1", "#0B5fff", ("https://app.acme.example",)
    )
    assert page.logo_origin == "https://www.acme.example:8443"


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("", "title"),
        ('title = ""', "title"),
        ('title = "Acme"\ncolor = "red"', "color"),
        ('title = "Acme"\ncolor = "#0b5fff; x"', "color"),
        ('title = "Acme"\nlogo = "http://www.acme.example/logo.svg"', "logo"),
        ('title = "Acme"\nlogo = "https://www.acme.example"', "logo"),
        ('title = "Acme"\nlogo = "https://a.example; script-src *; x/logo.svg"', "logo"),
        ('title = "Acme"\nlogo = "https://user@a.example/logo.svg"', "logo"),
        ('title = "Acme"\nframe_ancestors = "*"', "frame_ancestors"),
        ('title = "Acme"\nframe_ancestors = "https://*.acme.example"', "frame_ancestors"),
        ('title = "Acme"\nframe_ancestors = "https://app.acme.example/"', "frame_ancestors"),
        ('title = "Acme"\nframe_ancestors = "https://app.acme.example; script-src *"', "frame_ancestors"),
        ('title = "Acme"\ntheme = "dark"', "theme"),
    ],
)
def test_what_the_page_cannot_show_or_must_not_let_in_is_a_mistake(load: Load, line: str, key: str) -> None:
    (problem,) = problems(load, f"{OF_THE_PATH}[destinations.page]\n{line}")
    assert f"page.{key}:" in problem


def test_a_customer_may_be_an_element_of_what_is_signed(load: Load) -> None:
    text = signed("${item.customer}").replace("[route.event]", '[route.event]\neach = "${body.events}"')
    route = load(text).routes[0]
    assert route.customer
    assert route.customer.text == "${item.customer}"


@pytest.mark.parametrize(("hold", "days"), [("14 days", 14), ("1 day", 1), ("never", 30)])
def test_what_was_held_before_nothing_waits_any_more_still_has_its_time(load: Load, hold: str, days: int) -> None:
    config = load(OF_THE_PATH + TABLE + f'hold = "{hold}"')
    assert config.destinations
    assert config.destinations.longest_hold == days * 86400


def test_item_is_no_name_where_there_is_no_each(load: Load) -> None:
    (problem,) = problems(load, signed("${item.customer}"))
    assert problem.startswith('relay.toml: route "orders": customer: "${item.customer}": no name "item"')


@pytest.mark.parametrize("more", ["", "allow_forgeable_source = true"])
@pytest.mark.parametrize("value", ["${path.customer}", "${headers.x_customer}", "${query.customer}"])
def test_what_is_not_signed_chooses_no_customer_whatever_the_route_allows(load: Load, value: str, more: str) -> None:
    (problem,) = problems(load, signed(value, more))
    assert problem == (
        f'relay.toml: route "orders": customer: {value} is not signed, and one secret serves all customers: who has'
        " seen one webhook could send it again to another customer's bus. Expected what is signed, or what chooses a"
        ' secret for each customer (auth.secret = "acme/${path.customer}")'
    )


@pytest.mark.parametrize("more", ["", "allow_forgeable_source = true\n"])
def test_the_holder_of_one_customers_secret_cannot_name_another_customer(load: Load, more: str) -> None:
    text = OF_THE_PATH.replace('customer = "${path.customer}"', f'{more}customer = "${{body.customer}}"')
    (problem,) = problems(load, text + TABLE)
    assert problem.endswith("who could name another customer. Expected only what chose the secret (${path.customer})")


@pytest.mark.parametrize("auth", ['scheme = "api-key", token = "${headers.x_key}"', 'scheme = "none"'])
def test_a_body_that_is_not_signed_names_no_customer(load: Load, auth: str) -> None:
    text = signed("${body.customer}").replace('scheme = "standard-webhooks"', auth)
    text = text.replace(', secret = "acme/orders"', "") if "none" in auth else text
    assert any("customer: ${body.customer} is not signed" in problem for problem in problems(load, text))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (TABLE, "", "customer: expected a [destinations] table, which says how customers' destinations are kept"),
        ("[route.event]\n", f"[route.event]\n{SOURCE}", "event.source: expected none: a route with customer sends"),
        ("[route.event]\n", '[route.event]\nregion = "us-east-1"\n', "event.region: expected none: a route with"),
        ("[route.event]\n", 'bus = "own"\n[route.event]\n', "customer: expected no bus beside it"),
        ('customer = "${path.customer}"', 'customer = ""', "customer: empty; expected text"),
        ('customer = "${path.customer}"', "customer = 7", "customer: expected text, got a whole number"),
        ('customer = "${path.customer}"', 'customer = "a-${path.customer}"', "customer: expected one placeholder"),
    ],
)
def test_what_a_route_with_a_customer_cannot_have(load: Load, old: str, new: str, problem: str) -> None:
    assert (OF_THE_PATH + TABLE).count(old) == 1
    (found,) = problems(load, (OF_THE_PATH + TABLE).replace(old, new))
    assert found.startswith(f'relay.toml: route "orders": {problem}')


def test_a_route_without_a_customer_still_needs_a_source(load: Load) -> None:
    [problem] = problems(load, RELAY_TOML.replace(SOURCE, ""))
    assert problem == (
        'relay.toml: route "orders": event.source: missing; expected text,'
        " or on the route `customer`: whose event it is"
    )


def test_each_key_of_the_table_is_read(load: Load) -> None:
    role = "arn:aws:iam::111111111111:role/backend"
    keys = f'cache = "1 min"\nhold = "never"\nsettle = "0 s"\nrelease_rate = 7\ncallers = ["{role}"]\nping = "Test"\n'
    assert load(RELAY_TOML + TABLE + keys).destinations == Destinations(60, None, 0, 7, (role,), "Test")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('hold = "31 days"', 'destinations.hold: expected a time from "1 min" to "30 days" or "never", got "31 days"'),
        ('hold = "always"', 'destinations.hold: expected a time from "1 min" to "30 days" or "never", got "always"'),
        ('cache = "never"', 'destinations.cache: expected a time from "1 s" to "10 min", got "never"'),
        ('settle = "2 days"', 'destinations.settle: expected a time from "0 s" to "1 day", got "2 days"'),
        ("release_rate = 0", "destinations.release_rate: expected a whole number from 1 to 1000, got 0"),
        ('callers = ["*"]', 'destinations.callers: expected the ARN of an IAM role, got "*"'),
        ('ping = "é"', 'destinations.ping: expected 1 to 128 printable characters, got "é"'),
        ("holds = 1", 'destinations.holds: unknown key; did you mean "hold"?'),
    ],
)
def test_a_key_of_the_table_that_cannot_be(load: Load, line: str, problem: str) -> None:
    assert problems(load, f"{RELAY_TOML}{TABLE}{line}\n") == (f"relay.toml: {problem}",)


def test_operational_events_go_nowhere_until_a_bus_is_named(load: Load) -> None:
    assert load(RELAY_TOML).notify_bus == ""
    assert load(RELAY_TOML + '[notify]\nbus = "default"\n').notify_bus == "default"
    assert problems(load, RELAY_TOML + '[notify]\nbus = "a b"\ntopic = "x"\n') == (
        'relay.toml: notify.bus: expected the name or the ARN of an event bus, got "a b"',
        "relay.toml: notify.topic: unknown key; expected one of bus",
    )
