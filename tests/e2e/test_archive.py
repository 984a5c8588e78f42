"""What was archived, sent again and compared, on the deployed stack with the real command line."""

import itertools
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.samples import SIGNERS
from tests.e2e.conftest import Relay
from tests.e2e.test_relayctl import Tool, tool

__all__ = ["tool"]  # a fixture

numbers = itertools.count(1)
ALL = "2000-01-01T00:00"


def post(relay: Relay, **fields: Any) -> str:
    """Post a webhook of GitHub's and return its delivery id."""
    delivery = f"archived-{next(numbers)}-{datetime.now(UTC):%f}"
    sample = relay.sample("/github")
    body = json.dumps(json.loads(sample.body) | fields).encode()
    secret = relay.session.secrets["acme/github"]
    headers = dict(sample.headers) | SIGNERS["github"](secret, body) | {"x-github-delivery": delivery}
    assert relay.post("/github", body, headers).status_code == 202
    return delivery


def test_a_webhook_is_archived_and_sent_again_with_another_id(relay: Relay, tool: Tool) -> None:
    since = datetime.now(UTC).isoformat()
    post(relay, note="replayed")
    [first] = relay.received_within(30, 1)
    code, rows, told = tool("replay", "--since", since, "--route", "github", "--mark", "--output", "json")
    assert (code, rows[0]["entries"], rows[0]["result"]) == (0, 1, "put"), told
    [again] = relay.received_within(60, 1)
    assert again["detail"] == first["detail"]
    assert again["id"] != first["id"]
    assert again["resources"][-1].startswith("replay/replay-")


def test_a_dry_run_sends_nothing(relay: Relay, tool: Tool) -> None:
    since = datetime.now(UTC).isoformat()
    post(relay)
    relay.received_within(30, 1)
    code, rows, told = tool("replay", "--since", since, "--dry-run", "--output", "json")
    assert (code, [row["entries"] for row in rows]) == (0, [1]), told
    assert "1 entries of 1 webhooks would be sent." in told
    assert relay.received_within(3, 1) == []


def test_an_edit_of_relay_toml_is_compared_with_real_traffic(relay: Relay, tool: Tool, tmp_path: Path) -> None:
    since = datetime.now(UTC).isoformat()
    delivery = post(relay)
    relay.received_within(30, 1)
    edited = tmp_path / "relay.toml"
    text = Path("relay.toml").read_text("utf-8")
    edited.write_text(text.replace("github/${body.repository.owner.login}", "github/${body.nobody}"), "utf-8")
    code, rows, told = tool("diff", "--since", since, "--config", str(edited), "--output", "json")
    assert code == 1, told
    [row] = rows
    assert (row["route"], row["change"], row["count"]) == ("github", "new dead letter", 1)
    assert row["samples"][0]["webhook_id"] == delivery
    edited.write_text(text, "utf-8")
    assert tool("diff", "--since", since, "--config", str(edited))[0] == 0
