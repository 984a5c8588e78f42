"""`dedupe = true`: two webhooks that are not the same never have one key, unless the sender says that its id tells."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from relay import config
from relay.config import presets
from relay.config.model import Config
from relay.errors import ConfigError
from relay.http.request import Request
from relay.mapping.parsed_webhook import parse_webhook
from relay.pipeline.idempotency_key import idempotency_key
from relay.webhook import Webhook

NOW = datetime(2026, 11, 23, tzinfo=UTC)
NAMES = {
    name: preset["delivery_id"]
    for name, preset in ((name, presets.load()[name]) for name in presets.load())
    if preset.get("delivery_id", "").startswith(("${body", "${headers"))
    and preset["delivery_id"].count("${") == 1
    and preset.get("body_format", "json") == "json"
}


def loaded(preset: str, more: str = "", auth: str = 'secret = "s"') -> Config:
    """One route of this preset that wants each webhook once."""
    return config.parse(
        f"""
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
public_url = "https://hooks.acme.example"
[[route]]
name = "route"
path = "/hook"
preset = "{preset}"
dedupe = true
{'verify_token = "token"' if preset == "meta" else ""}
{more}
auth = {{ {auth} }}
event = {{ source = "aws.partner/acme.example/a", detail_type = "a" }}
""",
        "relay.toml",
    )


def key(relay: Config, body: Any, headers: Mapping[str, str]) -> str:
    """Return what the webhook with this body is remembered by; empty if it is not."""
    request = Request("POST", "/hook", "", headers, json.dumps(body).encode(), "request")
    return idempotency_key(parse_webhook(Webhook.unverified(relay.routes[0], request, {}, NOW, "s")))


def a_public_key(key: PublicKeyTypes) -> str:
    """Return the text of `key`, as a value in TOML."""
    return json.dumps(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


# What a preset wants to be told before it is a route: the first of these that makes one.
AUTH = (
    'secret = "s"',
    "",
    'audience = "https://hooks.acme.example", email = "a@b.example"',
    'webhook_id = "webhook"',
    'topics = ["arn:aws:sns:eu-west-1:123456789012:MyTopic"]',
    *(
        f"public_key = {a_public_key(key)}"
        for key in (
            ed25519.Ed25519PrivateKey.generate().public_key(),
            ec.generate_private_key(ec.SECP256R1()).public_key(),
            rsa.generate_private_key(65537, 2048).public_key(),
        )
    ),
)


def any_route(preset: str) -> Config:
    """One route of this preset, whatever it has to be told."""
    for auth in AUTH:
        try:
            return loaded(preset, auth=auth)
        except ConfigError:
            continue
    raise AssertionError(preset)


def with_id(expression: str, value: str, rest: Mapping[str, Any]) -> tuple[Any, dict[str, str]]:
    """Return a body and headers in which an id's expression gives `value`, and that have `rest` beside it."""
    place, *steps = re.findall(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+", expression.removeprefix("${").partition(" || ")[0])
    if place == "headers":
        return dict(rest), {steps[0].replace("_", "-"): value}
    inner: Any = value
    for step in reversed(steps):
        inner = [inner] if step.isdecimal() else {step: inner}
    return ({**rest, **inner} if isinstance(inner, dict) else [*inner, rest]), {}


ROUTES = {name: any_route(name) for name in NAMES}
values = st.from_regex(r"[a-z0-9-]{1,8}", fullmatch=True)
others = st.dictionaries(st.sampled_from(["other", "state", "n"]), st.integers() | st.text(max_size=5), max_size=2)


@given(
    name=st.sampled_from(sorted(ROUTES)),
    one=others,
    other=others,
    value=st.from_regex(r"[a-z0-9-]{1,8}", fullmatch=True),
)
def test_two_bodies_have_one_key_only_if_the_sender_says_that_the_id_is_one_deliverys(
    name: str, one: dict[str, Any], other: dict[str, Any], value: str
) -> None:
    relay = ROUTES[name]
    keys = {key(relay, *with_id(NAMES[name], value, rest)) for rest in (one, other)}
    same = one == other or relay.routes[0].unique_delivery_id
    assert "" not in keys
    assert same or len(keys) == 2


@given(
    name=st.sampled_from(sorted(ROUTES)),
    rest=others,
    ids=st.lists(values, min_size=2, max_size=2),
)
def test_a_repeat_has_the_same_key_and_another_id_another(name: str, rest: dict[str, Any], ids: list[str]) -> None:
    keys = {key(ROUTES[name], *with_id(NAMES[name], value, rest)) for value in (*ids, *ids)}
    assert len(keys) == len(set(ids))


LOST: dict[str, list[dict[str, Any]]] = {
    "meta": [
        {"object": "page", "entry": [{"id": "page", "time": time, "messaging": [{"message": {"mid": str(time)}}]}]}
        for time in (1, 2)
    ],
    "vonage": [{"message_uuid": "1", "status": status} for status in ("submitted", "delivered", "read")],
    "docusign": [
        {"event": event, "data": {"envelopeId": "1", "envelopeSummary": {"status": event}}}
        for event in ("envelope-sent", "envelope-completed")
    ],
    "webex": [{"id": "subscription", "event": "created", "data": {"id": message}} for message in ("1", "2")],
    "cloudflare-stream": [{"uid": "1", "status": {"state": state}} for state in ("ready", "error")],
    "viber": [{"event": event, "message_token": 1, "user_id": "1"} for event in ("delivered", "seen")],
    "commercelayer": [
        {"data": {"id": "order", "type": "orders", "attributes": {"status": status}}}
        for status in ("placed", "approved")
    ],
}


@pytest.mark.parametrize("name", LOST)
def test_webhooks_about_one_thing_are_all_delivered(name: str) -> None:
    keys = [key(any_route(name), body, {"x-commercelayer-topic": "a"}) for body in LOST[name]]
    assert len(set(keys)) == len(keys)


def test_a_delivery_id_that_is_signed_tells_by_itself() -> None:
    headers = {"webhook-id": "1"}
    assert key(loaded("standard-webhooks"), {"a": 1}, headers) == key(loaded("standard-webhooks"), {"a": 2}, headers)


def test_an_id_that_is_not_signed_never_tells_by_itself() -> None:
    relay = loaded("github", more="unique_delivery_id = true")
    assert key(relay, {"a": 1}, {"x-github-delivery": "1"}) != key(relay, {"a": 2}, {"x-github-delivery": "1"})


def test_what_a_preset_says_of_its_id_is_not_said_of_the_routes_own() -> None:
    relay = loaded("standard-webhooks", more='delivery_id = "${headers.webhook_id}"')
    assert key(relay, {"a": 1}, {"webhook-id": "1"}) != key(relay, {"a": 2}, {"webhook-id": "1"})
    relay = loaded("standard-webhooks", more='delivery_id = "${headers.webhook_id}"\nunique_delivery_id = true')
    assert key(relay, {"a": 1}, {"webhook-id": "1"}) == key(relay, {"a": 2}, {"webhook-id": "1"})


def test_a_preset_that_is_like_another_says_the_same_of_its_id_and_of_its_own_nothing() -> None:
    assert loaded("openai").routes[0].unique_delivery_id
    assert not loaded("calendly", more='delivery_id = "${body.id}"').routes[0].unique_delivery_id


def test_an_id_is_unique_or_not() -> None:
    with pytest.raises(ConfigError, match="unique_delivery_id: expected true or false"):
        loaded("github", more='unique_delivery_id = "event"')
