"""Verification handshakes: found by what they ask, answered with what their route knows."""

from datetime import UTC, datetime

from relay.pipeline.accept import accept
from tests import doubles
from tests.conftest import Load, http_api_event

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CHALLENGE = "hub.mode=subscribe&hub.verify_token=right&hub.challenge=1158201444"
RELAY_TOML = """
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[[route]]
name = "meta"
path = "/meta/{customer}"
preset = "meta"
verify_token = "acme/${path.customer}"
auth = { secret = "keys/${path.customer}" }
event = { source = "aws.partner/acme.example/${path.customer}", detail_type = "meta" }
"""


def status(load: Load, customer: str) -> int:
    tokens = {"acme/c1": ["right"], "acme/c2": ["wrong"]}
    services = doubles.services(load(RELAY_TOML), refresh_secret=lambda name: tokens[name])
    event = http_api_event(f"/meta/{customer}", b"", {}, query=CHALLENGE, method="GET")
    response, _ = accept(event, services, NOW, lambda: 29.0)
    return int(response["statusCode"])


def test_a_customer_has_a_verify_token_of_their_own(load: Load) -> None:
    assert status(load, "c1") == 200
    assert status(load, "c2") == 403
