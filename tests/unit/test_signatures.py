"""Vectors of the senders, agreed on by their official libraries or published in their documentation."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from relay.config import Config
from relay.errors import Unauthorized
from relay.request import Request
from relay.webhook import authenticate
from tests.conftest import Load

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))

# What the vectors leave open. A signature has one spelling, and what a proxy joined is not what was sent.
DECIDED = {
    "stripe/hex_uppercase": False,
    "github/hex_uppercase": False,
    "standard-webhooks/comma_separated_list": False,
    "standard-webhooks/id_with_dot": False,
}

ROUTES = """
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[[route]]
name = "standard-webhooks"
path = "/standard-webhooks"
auth = { scheme = "standard-webhooks", secret = "s" }
event = { source = "aws.partner/acme.example/a", detail_type = "a" }
""" + "".join(
    f"""
[[route]]
name = "{preset}"
path = "/{preset}"
preset = "{preset}"
auth = {{ secret = "s" }}
event = {{ source = "aws.partner/acme.example/a" }}
"""
    for preset in ("github", "stripe", "shopify")
)


@pytest.fixture
def config(load: Load) -> Config:
    return load(ROUTES)


def joined(headers: list[list[str]]) -> dict[str, str]:
    """As API Gateway does it: lower-case names, repeated ones joined with a comma."""
    several: dict[str, list[str]] = {}
    for name, value in headers:
        several.setdefault(name.lower(), []).append(value)
    return {name: ",".join(values) for name, values in several.items()}


def accepts(config: Config, vector: Mapping[str, Any]) -> bool:
    route = next(route for route in config.routes if route.name == vector["id"].split("/")[0])
    body = base64.b64decode(vector["body_base64"]) if "body_base64" in vector else vector["body"].encode()
    posted = Request("POST", route.path, "", joined(vector["headers"]), body, "id")
    secrets = vector.get("secrets", [vector.get("secret")])
    try:
        authenticate(posted, route, {}, secrets, datetime.fromtimestamp(vector["now"], UTC))
    except Unauthorized:
        return False
    return True


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_a_vector_gets_its_verdict(config: Config, vector: dict[str, Any]) -> None:
    expected = DECIDED.get(vector["id"], vector["expected_ok"])
    assert accepts(config, vector) == expected, vector["why"]


def test_every_open_verdict_is_decided() -> None:
    assert {vector["id"] for vector in VECTORS if vector["expected_ok"] is None} == DECIDED.keys()


@pytest.mark.parametrize("secrets", [[], [""], [" \n"], ["whsec_"], ["whsec_not base64!"], ["whpk_AAAA"]])
def test_without_a_usable_secret_nothing_passes(config: Config, secrets: list[str]) -> None:
    vector = next(vector for vector in VECTORS if vector["id"] == "standard-webhooks/valid")
    assert not accepts(config, {**vector, "secrets": secrets})


def test_thirty_two_signatures_are_read_and_thirty_three_are_refused(config: Config) -> None:
    vector = next(vector for vector in VECTORS if vector["id"] == "standard-webhooks/valid")
    *others, (name, signature) = vector["headers"]
    wrong = "v1," + base64.b64encode(bytes(32)).decode()
    for count, expected in ((31, True), (32, False)):
        several = [*others, [name, " ".join([wrong] * count + [signature])]]
        assert accepts(config, {**vector, "headers": several}) is expected
