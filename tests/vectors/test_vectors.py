"""Every vector with a verdict gets it, through the handler; what the vectors leave open is decided here."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from relay import config
from relay.config import presets
from relay.config.model import Config
from relay.entry import Accepted
from tests import doubles
from tests.conftest import http_api_event
from tests.handler import handle

FILES = sorted(Path(__file__).parent.glob("*.json"))
VECTORS = [one for path in FILES for one in json.loads(path.read_text("utf-8"))["vectors"]]
SUPPORTED = presets.load().keys()

# What the vectors leave open, all refused: a signature has one spelling (hex in lower case), what a proxy joined is not
# what was sent, an id with the separator in it can be shifted, an authorization scheme is compared as it is written.
OPEN = {"hex_uppercase", "duplicate_signature_header", "comma_separated_list", "id_with_dot", "lowercase_scheme"}
OPEN_ALONE = {
    "easypost/nfkd_secret",  # the secret is used as it is stored, and not normalized
    "twilio/port_variant",  # public_url is the URL, exactly
    "twilio/sha256_sharedkey",  # the route names the algorithm, not the request
}


# What a receiver needs that is not secret, named as in relay.toml.
PUBLIC = ("public_key", "public_key_id", "certificate", "jwk", "audience", "email", "webhook_id")
TOPIC = "arn:aws:sns:eu-west-1:123456789012:MyTopic"

# What the route has to say of its bodies, where the preset's own word for it is another.
FORMATS = {"slack/published_example": "form", "twilio/json_bodySHA256": "json"}
# What else is answered than 202 and 401. 400: it is authentic, and no JSON; 200 and 204: a handshake.
ANSWERS = {
    "circleci/header_case_upper": 400,
    "circleci/multi_signature_rotation": 400,
    "circleci/published_example_1": 400,
    "circleci/published_example_2": 400,
    "circleci/published_example_3": 400,
    "circleci/published_example_4": 400,
    "circleci/published_example_versions": 400,
    "circleci/valid": 400,
    "discord/ping": 204,
    "github/non_utf8_body": 400,
    "github/published_example": 400,
    "jira/published": 400,
    "hubspot-v2/other_method": 405,
    "sns/subscription_confirmation": 200,
    "standard-webhooks/empty_body": 400,
    "standard-webhooks/non_utf8_body": 400,
}

Load = Callable[[str, str, str, str, str], Config]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Load:
    folder = tmp_path_factory.mktemp("config")

    @cache
    def load(preset: str, base: str, path: str, key: str, body: str) -> Config:
        file, token = folder / "relay.toml", 'verify_token = "token"' if preset == "meta" else ""
        file.write_text(
            f"""
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
public_url = "{base}"
[[route]]
name = "route"
path = "{path}"
preset = "{preset}"
{token}
{f'body_format = "{body}"' if body else ""}
auth = {{ {key} }}
event = {{ source = "aws.partner/acme.example/source" }}
"""
        )
        return config.load(file)

    return load


def status(vector: dict[str, Any], load: Load) -> int:
    """Return the status of the answer, with a bus that accepts and a queue that stores everything."""
    url = urlsplit(vector["url"])
    body = base64.b64decode(vector["body_base64"]) if "body_base64" in vector else vector["body"].encode()
    headers: dict[str, str] = {}
    for name, value in vector["headers"]:  # as API Gateway does it
        headers[name.lower()] = f"{headers[name.lower()]},{value}" if name.lower() in headers else value
    event = http_api_event(url.path, body, headers, method=vector["method"], query=url.query)
    secrets = vector.get("secrets") or [vector.get("secret", "")]
    public = {name: vector[name] for name in PUBLIC if name in vector}
    values = {name: value if isinstance(value, str) else json.dumps(value) for name, value in public.items()}
    if not values.keys() & {"public_key", "certificate", "jwk"}:
        values["secret"] = "secret"
    key = ", ".join(f"{name} = {json.dumps(value)}" for name, value in values.items())
    if vector["provider"] == "sns":
        key += f', topics = ["{TOPIC}"]'
    relay_config = load(
        vector["provider"], f"{url.scheme}://{url.netloc}", url.path, key, FORMATS.get(vector["id"], "")
    )
    services = doubles.services(
        relay_config,
        read_secret=lambda _: secrets,
        send=lambda entries: [Accepted("id") for _ in entries],
        fetch=lambda *_: b"<ConfirmSubscriptionResponse/>",  # a confirmation of SNS is visited; certificates are pinned
    )
    answer = handle(event, services, datetime.fromtimestamp(vector["now"], UTC))
    code: int = answer["statusCode"]
    return code


@pytest.mark.parametrize("vector", [pytest.param(one, id=one["id"]) for one in VECTORS if one["provider"] in SUPPORTED])
def test_a_vector_gets_its_verdict(vector: dict[str, Any], loaded: Load) -> None:
    taken = 200 if presets.load()[vector["provider"]].get("response_body") else 202
    expected = taken if vector["expected_ok"] else 401
    assert status(vector, loaded) == ANSWERS.get(vector["id"], expected), vector["why"]


def test_every_open_verdict_is_decided() -> None:
    undecided = {one["id"] for one in VECTORS if one["expected_ok"] is None and one["provider"] in SUPPORTED}
    assert {one for one in undecided if one.split("/")[1] not in OPEN} == OPEN_ALONE


def test_every_sender_of_the_vectors_is_supported() -> None:
    assert {one["provider"] for one in VECTORS} <= SUPPORTED
