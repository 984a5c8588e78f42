"""What a scheme or a preset signs: fields of the body, the path, the id."""

import pytest

from relay.templates.template import compile_template
from tests.conftest import RELAY_TOML, Load
from tests.unit.config.loading import preset, problems

TOPIC = "arn:aws:sns:us-east-1:111111111111:a"


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


def test_a_signature_is_no_proof_of_attributes_in_headers(load: Load) -> None:
    text = RELAY_TOML.replace("[route.event]", 'body_format = "cloudevents-binary"\n[route.event]')
    assert 'body_format: expected "cloudevents"' in problems(load, text)[0]
    bearer = text.replace('"standard-webhooks"', '"bearer"')
    assert load(bearer).routes[0].body_format == "cloudevents-binary"
