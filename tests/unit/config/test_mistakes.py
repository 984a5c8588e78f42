"""relay.toml: one readable sentence for every mistake, with its place."""

import pytest

from relay import config
from relay.errors import ConfigError
from tests.conftest import RELAY_TOML, Load
from tests.unit.config.loading import FIXED, SOURCE, problems


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("regions =", "region =", 'relay.toml: region: unknown key; did you mean "regions"?'),
        ('regions = ["us-east-1", "eu-west-1"]', "", "relay.toml: regions: missing; expected a list"),
        ('"eu-west-1"', '"Europe"', 'relay.toml: regions: expected an AWS Region such as "us-east-1", got "Europe"'),
        (
            '"eu-west-1"',
            '"eu-wset-1"',
            'relay.toml: regions: expected an AWS Region (did you mean "eu-west-1"?), got "eu-wset-1"',
        ),
        (
            "${path.customer}/orders",
            "{{body.customer}}",
            'event.source: "aws.partner/acme.example/{{body.customer}}": expected "${body.customer}" instead of "{{',
        ),
        (
            '"aws.partner/acme.example"',
            '"acme.example"',
            'relay.toml: partner: expected "aws.partner/" and your domain, got',
        ),
        ("detail_type =", "detail_typ =", 'route "orders": event.detail_typ: unknown key; did you mean "detail_type"?'),
        ("${body.type}", "${body.type", 'route "orders": event.detail_type: "${body.type": expected "}" to end'),
        ("${body.type}", "${body..type}", 'route "orders": event.detail_type: "${body..type}" is not JMESPath'),
        ("${body.type}", "${item.type}", 'route "orders": event.detail_type: "${item.type}": no name "item"'),
        ("${body.type}", "x" * 129, 'route "orders": event.detail_type: expected at most 128 characters, got 129'),
        (
            "aws.partner/acme.example/${",
            "aws.partner/other.example/${",
            'event.source: expected it to start with "aws.partner/acme.example/", got "aws.partner/other.example/${',
        ),
        ("${path.customer}/orders", "orders!", "event.source: expected aws\\.partner("),
        (', secret = "acme/${path.customer}"', "", 'route "orders": auth.secret: missing; expected text'),
        ('"acme/${path.customer}"', '""', 'route "orders": auth.secret: empty; expected text'),
        (
            '"acme/${path.customer}"',
            '"a b"',
            'route "orders": auth.secret: expected a Secrets Manager id or "ssm:/parameter"',
        ),
        ('"standard-webhooks"', '"hmca"', 'hash, hmac, jwt, none, paypal, rsa, sns, standard-webhooks, got "hmca"'),
        ('"standard-webhooks"', '"hmac"', 'route "orders": auth.signature: missing; expected text'),
        ('"standard-webhooks"', '"hash"', 'route "orders": auth.content: missing; expected text'),
        ("/orders/{customer}", "orders", 'route "orders": path: expected "/" and segments'),
        ("detail_type", 'region = "us-west-2"\ndetail_type', 'event.region: expected one of regions, got "us-west-2"'),
        ("detail_type", 'detail = "{}"\ndetail_type', "event.detail: expected one placeholder"),
        (
            "partner",
            'limits = { body = "7 MB" }\npartner',
            'limits.body: expected a size from "1 B" to "5 MB", got "7 MB"',
        ),
        (
            "partner",
            "limits = { body = true }\npartner",
            'limits.body: expected a size from "1 B" to "5 MB", got true or false',
        ),
        ("partner", "limits = { body = 1048576 }\npartner", 'got 1048576; write "1 MiB"'),
        ("partner", 'limits = { body = "1 mib" }\npartner', 'got "1 mib"'),
        (
            "partner",
            'limits = { entries = "5" }\npartner',
            "limits.entries: expected a whole number from 1 to 10000, got text",
        ),
        ("partner", "claim_check_ttl = 300\npartner", 'expected a time from "1 s" to "12 h", got 300; write "5 min"'),
        (
            'name = "orders"',
            'name = "orders"\npreset = "gitub"',
            'preset: there is no "gitub"; did you mean "github"?',
        ),
        ("[[route]]", "[route]", "relay.toml: route: expected a list, got a table"),
        ("partner =", "partner", "relay.toml: is not TOML: "),
        ('"orders"', "orders", "is not TOML: Invalid value (column 8); a text stands in quotes"),
        ('"orders"', '"orders', "(column 15); a text ends on the line on which it begins"),
        ("[route.event]", "[route]", "(column 7); each route begins with [[route]]"),
        ("${body.type}", '${body."type"}', "; a text that has a double quote stands in single quotes"),
        ('name = "orders"', 'name = "orders"\ncustmer = "x"', 'custmer: unknown key; did you mean "customer"?'),
        ("detail_type", 'resources = ["x"]\ndetail_type', "event.resources: expected one text with a template"),
        ("[[route]]", "[[rout]]", 'relay.toml: rout: unknown key; did you mean "route"?'),
    ],
)
def test_a_mistake_is_named_with_its_place_and_what_was_expected(load: Load, old: str, new: str, problem: str) -> None:
    assert old in RELAY_TOML
    assert any(problem in one for one in problems(load, RELAY_TOML.replace(old, new, 1)))


@pytest.mark.parametrize("route", ["/orders/{customer}", "/orders/{other}"])
def test_two_routes_with_one_path_are_one_mistake(load: Load, route: str) -> None:
    second = (
        RELAY_TOML[RELAY_TOML.index("[[route]]") :].replace('"orders"', '"more"').replace("/orders/{customer}", route)
    )
    second = second.replace(SOURCE, FIXED)
    found = problems(load, RELAY_TOML + second)
    assert found == ('relay.toml: route "more": path: route "orders" already has this path',)


def test_all_mistakes_are_reported_at_once(load: Load) -> None:
    text = RELAY_TOML.replace("partner", "partnr", 1).replace('name = "orders"', "").replace("${body.type}", "${")
    assert len(problems(load, text)) == 3  # partnr, the name, the template


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("max_body_bytes = 1", 'max_body_bytes: unknown key; did you mean "limits.body"?'),
        ("claim_seconds = 60", 'claim_seconds: unknown key; did you mean "claim_check_ttl"?'),
        ("[[route]]\nacknowledge = 'OK'", 'acknowledge: unknown key; did you mean "response_body"?'),
        ("[[route]]\nid = '${body.id}'", 'id: unknown key; did you mean "delivery_id"?'),
    ],
)
def test_a_key_by_its_former_name_is_a_mistake_that_shows_the_new_one(load: Load, line: str, hint: str) -> None:
    header = "[[route]]" if "[[route]]" in line else "partner"
    text = RELAY_TOML.replace(header, line if header in line else f"{line}\npartner", 1)
    assert [problem.endswith(hint) for problem in problems(load, text)] == [True]


def test_a_misspelt_key_is_one_mistake_although_the_right_one_is_missing(load: Load) -> None:
    [problem] = problems(load, RELAY_TOML.replace("detail_type =", "detial_type ="))
    assert 'event.detial_type: unknown key; did you mean "detail_type"?' in problem


@pytest.mark.parametrize("name", ["orders", "Orders", "or-ders"])
def test_route_names_that_would_be_one_output_are_refused(load: Load, name: str) -> None:
    second = RELAY_TOML[RELAY_TOML.index("[[route]]") :].replace('"orders"', f'"{name}"', 1)
    found = problems(load, RELAY_TOML + second.replace("/orders/{customer}", "/more/{customer}"))
    assert found == (f'relay.toml: route "{name}": name: route "orders" already has this name',)


@pytest.mark.parametrize(
    "url", ["hooks.acme.example", "https://hooks.acme.example/", "https://a.example?x", "https://"]
)
def test_a_public_url_that_cannot_be_the_base_of_one_is_refused(load: Load, url: str) -> None:
    assert "public_url: expected a URL such as" in problems(load, f'public_url = "{url}"\n{RELAY_TOML}')[0]


def test_a_wrong_partner_name_is_one_mistake(load: Load) -> None:
    with pytest.raises(ConfigError) as error:
        load(RELAY_TOML.replace('"aws.partner/acme.example"', '"aws.partner/acme.example/"', 1))
    assert len(error.value.problems) == 1


def test_what_is_not_toml_names_its_line_as_other_mistakes_do() -> None:
    with pytest.raises(ConfigError) as error:
        config.parse("a = 1\nb = x", "relay.toml")
    assert error.value.problems[0].startswith("relay.toml:2: is not TOML: ")
