"""Rotating a secret with the commands of docs/how-to/rotate-secrets.md: nothing is refused, and nothing is deployed."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.aws.secrets import MAX_AGE_SECONDS, REFUSE_SECONDS
from relay_local.deploy import Customer
from relay_local.process import PARTNER, ROOT, LocalAws
from relay_local.samples import SIGNERS
from tests.local_bus import REGION, Functions, functions

SOURCE = "aws.partner/acme.example/rotation/orders"
OLD, NEW = "whsec_b2xkIG9sZCBvbGQgb2xk", "whsec_bmV3IG5ldyBuZXcgbmV3"
RELAY_TOML = f"""
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[[route]]
name = "orders"
path = "/orders"
auth = {{ scheme = "standard-webhooks", secret = "acme/orders" }}
event = {{ source = "{SOURCE}", detail_type = "a" }}
"""


@pytest.fixture
def relay(bus: LocalAws, tmp_path: Path) -> Iterator[Functions]:
    path = tmp_path / "relay.toml"
    path.write_text(RELAY_TOML)
    Customer(bus, REGION, queue="rotation").subscribe([SOURCE])
    bus.client("secretsmanager", PARTNER, REGION).create_secret(Name="acme/orders", SecretString=OLD)
    with functions(bus, path, "rotation") as made:
        yield made


def test_both_secrets_are_active_while_the_sender_changes(relay: Functions, bus: LocalAws) -> None:
    now = time.time()
    restarted = relay.restarted(lambda: now)

    def answered(secret: str) -> int:
        body = b'{"n":1}'
        status: int = restarted.post("/orders", body, SIGNERS["standard-webhooks"](secret, body))["statusCode"]
        return status

    [script] = re.findall(
        r"```bash\n([^`]*acme/orders[^`]*)```", (ROOT / "docs/how-to/rotate-secrets.md").read_text(), re.DOTALL
    )
    commands = [line.replace("NEW", NEW).replace("OLD", OLD) for line in script.splitlines() if line.startswith("aws ")]
    assert len(commands) == 2
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {"PATH": path, **bus.environment(PARTNER, REGION)}
    assert (answered(OLD), answered(NEW)) == (202, 401)
    subprocess.run(["bash", "-euc", commands[0]], env=environment, check=True, capture_output=True)
    now += REFUSE_SECONDS
    assert (answered(NEW), answered(OLD)) == (202, 202)
    subprocess.run(["bash", "-euc", commands[1]], env=environment, check=True, capture_output=True)
    now += MAX_AGE_SECONDS
    assert (answered(NEW), answered(OLD)) == (202, 401)
