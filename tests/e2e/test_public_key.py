"""A route with a public key: its function is deployed with the packages that verifying takes."""

import time
from pathlib import Path

import httpx
from nacl.signing import SigningKey

from local import front
from local.session import deployed

SOURCE = "aws.partner/acme.example/discord"
RELAY_TOML = """
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[[route]]
name = "discord"
path = "/discord"
preset = "discord"
auth = {{ public_key = "{public_key}" }}
event = {{ source = "aws.partner/acme.example/discord" }}
"""


def test_a_webhook_signed_with_a_private_key_is_relayed_and_its_ping_is_answered(tmp_path: Path) -> None:
    key = SigningKey.generate()
    path = tmp_path / "relay.toml"
    path.write_text(RELAY_TOML.format(public_key=bytes(key.verify_key).hex()))

    def signed(body: bytes) -> dict[str, str]:
        timestamp = str(int(time.time()))
        signature = key.sign(timestamp.encode() + body).signature.hex()
        return {"x-signature-ed25519": signature, "x-signature-timestamp": timestamp}

    with deployed(lambda _: None, path) as session, front.serving(front.webhooks(session.aws, session.stack), 0) as url:
        session.customer.subscribe([SOURCE])
        ping, event = b'{"type":0}', b'{"type":1,"event":{"type":"ENTITLEMENT_CREATE"}}'
        assert httpx.post(f"{url}/discord", content=ping, headers=signed(ping), timeout=60).status_code == 204
        refused = httpx.post(f"{url}/discord", content=ping, headers=signed(event), timeout=60)
        assert refused.status_code == 401
        relayed = httpx.post(f"{url}/discord", content=event, headers=signed(event), timeout=60)
        assert relayed.json()["accepted"] == 1
        assert [one["detail-type"] for one in session.customer.received()] == ["ENTITLEMENT_CREATE"]
