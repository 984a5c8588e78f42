"""A relay.toml for the checks of `relayctl doctor`, and what they have found."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from relay import config
from relay.config.model import Config
from relayctl.doctor.finding import Finding, Result, Unread
from relayctl.doctor.queues import QueueReading

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
PARTNER = "aws.partner/acme.example"
DENIED = Unread("An error occurred (AccessDenied)", is_denied=True)
REGION = "us-east-1"
RELAY = f"""
partner = "{PARTNER}"
regions = ["us-east-1", "eu-west-1"]
[destinations]
[[route]]
name = "orders"
path = "/orders"
auth = {{ scheme = "standard-webhooks", secret = "acme/orders" }}
customer = "${{body.customer}}"
event = {{ detail_type = "a" }}
[[route]]
name = "github"
path = "/github"
preset = "github"
auth = {{ secret = "ssm:/acme/github" }}
event = {{ source = "{PARTNER}/github/${{body.owner}}" }}
[[route]]
name = "shop"
path = "/shop"
preset = "github"
auth = {{ secret = "acme/shop" }}
event = {{ source = "{PARTNER}/shop" }}
[[route]]
name = "far"
path = "/far"
preset = "github"
auth = {{ secret = "acme/shop" }}
event = {{ source = "{PARTNER}/far", region = "eu-west-1" }}
[[route]]
name = "own"
path = "/own"
preset = "github"
bus = "my-bus"
auth = {{ secret = "acme/shop" }}
event = {{ source = "acme.own" }}
"""


@pytest.fixture
def relay(tmp_path: Path) -> Config:
    return parsed(tmp_path, RELAY)


def parsed(folder: Path, text: str) -> Config:
    path = folder / "relay.toml"
    path.write_text(text)
    return config.load(path)


def problems(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    """Where something is wrong or was not checked, and how; what is wrong says what to do."""
    assert all(finding.action for finding in findings if finding.result is not Result.OK)
    return [(finding.where, str(finding.result)) for finding in findings if finding.result is not Result.OK]


EMPTY = QueueReading(0, None)
