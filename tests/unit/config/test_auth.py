"""relay.toml: what the authentication of a route needs, and what is left unauthenticated."""

import pytest

from relay.auth.signature import SignatureScheme
from relay.errors import ConfigError
from tests.conftest import RELAY_TOML, Load
from tests.unit.config.loading import FIXED, SOURCE, preset, problems

AUTH = 'auth = { scheme = "standard-webhooks", secret = "acme/${path.customer}" }'


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
