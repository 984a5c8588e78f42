"""relay.toml: what is accepted, and one readable sentence for every mistake."""

from pathlib import Path

import pytest

from relay import config
from relay.errors import ConfigError
from relay.signature_scheme import SignatureScheme
from tests.conftest import RELAY_TOML, Load

SHIPPED = Path(__file__).parents[2] / "relay.toml"
EVENT = 'source = "aws.partner/acme.example/${path.customer}/orders"'


def problems(load: Load, text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as error:
        load(text)
    return error.value.problems


def test_the_shipped_file_is_accepted() -> None:
    assert [route.name for route in config.load(SHIPPED).routes] == ["orders", "github", "stripe", "shopify"]


def test_the_defaults_are_those_of_the_design(load: Load) -> None:
    loaded = load(RELAY_TOML)
    assert (loaded.max_body_bytes, loaded.max_entry_bytes, loaded.max_request_bytes) == (1048576, 1048576, 262144)


def test_a_preset_brings_scheme_id_and_detail_type_and_the_route_may_override(load: Load) -> None:
    route = load(
        RELAY_TOML
        + """
[[route]]
name = "github"
path = "/github"
preset = "github"
auth = { secret = "github/webhook" }
event = { source = "aws.partner/acme.example/github", detail_type = "${body.action}" }
"""
    ).routes[1]
    assert route.id
    assert route.id.text == "${headers.x_github_delivery}"
    assert isinstance(route.auth, SignatureScheme)
    assert (route.auth.prefix, route.auth.signature.text) == ("sha256=", "${headers.x_hub_signature_256}")
    assert route.event.detail_type.text == "${body.action}"


def test_an_hmac_scheme_of_ones_own_needs_no_preset(load: Load) -> None:
    own = 'auth = { scheme = "hmac", secret = "s", signature = "${headers.x_sig}", content = "${body}" }'
    auth = (
        load(RELAY_TOML.replace('auth = { scheme = "standard-webhooks", secret = "acme/orders" }', own)).routes[0].auth
    )
    assert isinstance(auth, SignatureScheme)
    assert (auth.algorithm, auth.encoding, auth.timestamp) == ("sha256", "hex", None)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("regions =", "region =", 'relay.toml: region: unknown key; did you mean "regions"?'),
        ("regions =", "region =", "relay.toml: regions: missing; expected a list"),
        ('"eu-west-1"', '"Europe"', 'relay.toml: regions: expected AWS Regions such as "us-east-1", got "Europe"'),
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
        (', secret = "acme/orders"', "", 'route "orders": auth.secret: missing; expected text'),
        ('"acme/orders"', '""', 'route "orders": auth.secret: empty; expected text'),
        ('"acme/orders"', '"a b"', 'route "orders": auth.secret: expected a Secrets Manager id or "ssm:/parameter"'),
        (
            '"standard-webhooks"',
            '"none"',
            'hash, hmac, jwt, rsa, standard-webhooks, got "none"',
        ),
        ('"standard-webhooks"', '"hmac"', 'route "orders": auth.signature: missing; expected text'),
        ("/orders/{customer}", "orders", 'route "orders": path: expected "/" and segments'),
        ("detail_type", 'region = "us-west-2"\ndetail_type', 'event.region: expected one of regions, got "us-west-2"'),
        ("detail_type", 'detail = "{}"\ndetail_type', "event.detail: expected one placeholder"),
        ("partner", "max_body_bytes = 7000000\npartner", "max_body_bytes: expected a whole number from 1 to 6291456"),
        ("partner", "max_body_bytes = true\npartner", "max_body_bytes: expected a whole number, got true or false"),
        (
            'name = "orders"',
            'name = "orders"\npreset = "gitub"',
            "preset: expected one of acuity, ",
        ),
        ("[[route]]", "[route]", "relay.toml: route: expected a list, got a table"),
        ("partner =", "partner", "relay.toml: is not TOML: "),
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
    found = problems(load, RELAY_TOML + second.replace("path.customer", "body.customer"))
    assert found == ('relay.toml: route "more": path: route "orders" already has this path',)


def test_all_mistakes_are_reported_at_once(load: Load) -> None:
    text = RELAY_TOML.replace("partner", "partnr", 1).replace('name = "orders"', "").replace("${body.type}", "${")
    assert len(problems(load, text)) == 4  # partner missing, partnr unknown, name missing, the template


@pytest.mark.parametrize(
    ("auth", "problem"),
    [
        ('content = "${headers.x_id}"', "content: expected ${body} in it"),
        ('content = "${body.id}"', "content: expected ${body} in it"),
        ('content = "${timestamp}.${body}"', 'no name "timestamp"'),
        ('content = "${body}", timestamp = "${headers.x_time}"', "timestamp: expected ${timestamp} in content"),
        ('content = "${body}", label = "v1"', 'assign: expected "assign" and "label" together'),
        (
            'content = "${body}", algorithm = "md5"',
            'algorithm: expected one of sha256, sha1, sha384, sha512, got "md5"',
        ),
    ],
)
def test_a_scheme_that_would_not_authenticate_is_refused(load: Load, auth: str, problem: str) -> None:
    own = f'auth = {{ scheme = "hmac", secret = "s", signature = "${{headers.x_sig}}", {auth} }}'
    text = RELAY_TOML.replace('auth = { scheme = "standard-webhooks", secret = "acme/orders" }', own)
    assert any(problem in one for one in problems(load, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"relay.toml: cannot be read: No such file"):
        config.load(tmp_path / "relay.toml")
