"""relay.toml: what is accepted, and one readable sentence for every mistake."""

import re
from pathlib import Path

import pytest

from relay import config
from relay.auth.signature import SignatureScheme
from relay.config.model import Config, Limits
from relay.errors import ConfigError
from tests.conftest import RELAY_TOML, Load

SHIPPED = Path(__file__).parents[3] / "relay.toml"
AUTH = 'auth = { scheme = "standard-webhooks", secret = "acme/${path.customer}" }'
SOURCE = 'source = "aws.partner/acme.example/${path.customer}/orders"'
FIXED = 'source = "aws.partner/acme.example/orders"'


def problems(load: Load, text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as error:
        load(text)
    assert all(re.match(r"relay.toml:[0-9]+: |relay.toml: is not TOML", one) for one in error.value.problems)
    return tuple(re.sub("^relay.toml:[0-9]+", "relay.toml", problem) for problem in error.value.problems)


def test_the_shipped_file_is_accepted() -> None:
    assert [route.name for route in config.load(SHIPPED).routes] == ["orders", "github", "stripe", "shopify"]


def test_the_defaults_are_those_of_the_design(load: Load) -> None:
    loaded = load(RELAY_TOML)
    assert loaded.limits == Limits(1048576, 1_000_000, 262143, 5000)


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
    assert route.delivery_id
    assert route.delivery_id.text == "${headers.x_github_delivery}"
    assert isinstance(route.auth, SignatureScheme)
    assert (route.auth.prefix, route.auth.signature.text) == ("sha256=", "${headers.x_hub_signature_256}")
    assert route.event.detail_type.text == "${body.action}"


def test_an_hmac_scheme_of_ones_own_needs_no_preset(load: Load) -> None:
    own = 'auth = { scheme = "hmac", secret = "s", signature = "${headers.x_sig}", content = "${body}" }'
    auth = load(RELAY_TOML.replace(AUTH, own).replace(SOURCE, FIXED)).routes[0].auth
    assert isinstance(auth, SignatureScheme)
    assert (auth.algorithm, auth.encoding, auth.timestamp) == ("sha256", "hex", None)


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


@pytest.mark.parametrize("regions", ['"us-east-1"', '["us-east-1"]'])
def test_a_list_of_one_may_be_written_as_a_text(load: Load, regions: str) -> None:
    assert load(RELAY_TOML.replace('["us-east-1", "eu-west-1"]', regions)).regions == ("us-east-1",)


def test_a_misspelt_key_is_one_mistake_although_the_right_one_is_missing(load: Load) -> None:
    [problem] = problems(load, RELAY_TOML.replace("detail_type =", "detial_type ="))
    assert 'event.detial_type: unknown key; did you mean "detail_type"?' in problem


@pytest.mark.parametrize("name", ["orders", "Orders", "or-ders"])
def test_route_names_that_would_be_one_output_are_refused(load: Load, name: str) -> None:
    second = RELAY_TOML[RELAY_TOML.index("[[route]]") :].replace('"orders"', f'"{name}"', 1)
    found = problems(load, RELAY_TOML + second.replace("/orders/{customer}", "/more/{customer}"))
    assert found == (f'relay.toml: route "{name}": name: route "orders" already has this name',)


@pytest.mark.parametrize(
    ("auth", "problem"),
    [
        ('content = "${headers.x_id}"', "content: expected ${body} in it"),
        ('content = "${body.id}"', "content: expected ${body} in it"),
        ('content = "${timestamp}.${body}"', 'no name "timestamp"'),
        ('content = "${body}", timestamp = "${headers.x_time}"', "timestamp: expected ${timestamp} in content"),
        ('content = "${body}", pair_key = "v1"', 'pair_separator: expected "pair_separator" and "pair_key" together'),
        (
            'content = "${body}", algorithm = "md5"',
            'algorithm: expected one of sha256, sha1, sha384, sha512, got "md5"',
        ),
    ],
)
def test_a_scheme_that_would_not_authenticate_is_refused(load: Load, auth: str, problem: str) -> None:
    own = f'auth = {{ scheme = "hmac", secret = "s", signature = "${{headers.x_sig}}", {auth} }}'
    text = RELAY_TOML.replace(AUTH, own)
    assert any(problem in one for one in problems(load, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"relay.toml: cannot be read: No such file"):
        config.load(tmp_path / "relay.toml")


def test_the_transport_is_one_of_two(load: Load) -> None:
    assert load('transport = "boto3"\n' + RELAY_TOML).transport == "boto3"
    with pytest.raises(ConfigError, match=r'transport: expected one of .*, got "curl"'):
        load('transport = "curl"\n' + RELAY_TOML)


def preset(load: Load, name: str, auth: str, top: str = "") -> Config:
    return load(
        f"""
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
{top}
[[route]]
name = "hook"
path = "/hook"
preset = "{name}"
auth = {{ {auth} }}
event = {{ source = "aws.partner/acme.example/hook" }}
"""
    )


@pytest.mark.parametrize(
    ("name", "auth", "warnings"),
    [
        ("github", 'secret = "s"', []),
        ("gitlab", 'secret = "s"', ["the body is not authenticated"]),
        ("mailgun", 'secret = "s"', ["not every field of the body is signed"]),
        ("brex", 'secret = "s"', []),
        ("gumroad", 'scheme = "none"', ["nothing is authenticated", "the preset has not been verified"]),
        ("plaid", 'jwk = \'{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}\'', []),
    ],
)
def test_what_a_route_does_not_authenticate_is_a_warning(load: Load, name: str, auth: str, warnings: list[str]) -> None:
    # A point of the curve: the base point of P-256, from FIPS 186-4.
    point = ("axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU")
    loaded = preset(load, name, auth % point if "%s" in auth else auth)
    said = [warning.split(": ")[1] for warning in loaded.warnings()]
    assert [one[: len(expected)] for one, expected in zip(said, warnings, strict=True)] == warnings


@pytest.mark.parametrize(
    ("name", "auth", "problem"),
    [
        ("gumroad", "", "auth.scheme: missing; expected text"),
        ("github", 'scheme = "none"', "auth.content: unknown key"),
        ("github", 'secret = "s", public_key = "x"', "auth.public_key: unknown key"),
        ("square", 'secret = "s"', "auth: the sender signs its URL; expected public_url at the top of the file"),
        ("twilio", 'secret = "s"', "auth: the sender signs its URL; expected public_url at the top of the file"),
        ("contentful", 'secret = "s"', "auth: the sender signs its URL; expected public_url at the top of the file"),
        ("discord", 'secret = "s"', "auth.public_key: missing; expected text"),
        ("discord", 'public_key = "xyz"', "auth.public_key: expected a public key in PEM or hex"),
        ("discord", 'public_key = "abcd"', "auth.public_key: expected the public key of ed25519"),
        ("sendgrid", 'public_key = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="', "got another kind"),
        ("pubsub", "", "auth.audience: missing; expected text"),
        ("pubsub", 'jwks_url = "http://a/b"', "auth.jwks_url: expected a URL with https"),
        (
            "pubsub",
            'audience = "a", email = "e", certificate = "x"',
            "expected a public key in PEM, a certificate in PEM",
        ),
        ("netlify", "", "auth.secret: missing; expected text"),
        ("meta", 'secret = "s"', "verify_token: missing; expected text"),
        ("braintree", 'secret = "s"', "auth.public_key_id: missing; expected text"),
    ],
)
def test_what_a_preset_needs_from_the_route_is_required(load: Load, name: str, auth: str, problem: str) -> None:
    with pytest.raises(ConfigError) as error:
        preset(load, name, auth)
    assert any(problem in one for one in error.value.problems), error.value.problems


@pytest.mark.parametrize(
    "url", ["hooks.acme.example", "https://hooks.acme.example/", "https://a.example?x", "https://"]
)
def test_a_public_url_that_cannot_be_the_base_of_one_is_refused(load: Load, url: str) -> None:
    assert "public_url: expected a URL such as" in problems(load, f'public_url = "{url}"\n{RELAY_TOML}')[0]


def test_a_secret_that_arrives_can_be_stored_in_secrets_manager_alone(load: Load) -> None:
    with pytest.raises(ConfigError, match="enroll: expected the secret to be one in Secrets Manager"):
        load(
            RELAY_TOML
            + """
[[route]]
name = "asana"
path = "/asana"
preset = "asana"
enroll = true
auth = { secret = "ssm:/asana" }
event = { source = "aws.partner/acme.example/asana" }
"""
        )


def test_a_token_needs_an_algorithm_from_the_route(load: Load) -> None:
    jwt = 'auth = { scheme = "jwt", public_key = "x" }'
    text = RELAY_TOML.replace(AUTH, jwt)
    assert any("auth.algorithm: missing; expected text" in one for one in problems(load, text))


def test_a_wrong_partner_name_is_one_mistake(load: Load) -> None:
    with pytest.raises(ConfigError) as error:
        load(RELAY_TOML.replace('"aws.partner/acme.example"', '"aws.partner/acme.example/"', 1))
    assert len(error.value.problems) == 1


def test_what_is_not_toml_names_its_line_as_other_mistakes_do() -> None:
    with pytest.raises(ConfigError) as error:
        config.parse("a = 1\nb = x", "relay.toml")
    assert error.value.problems[0].startswith("relay.toml:2: is not TOML: ")
