"""What was archived, sent again and compared, on the deployed stack with the real command line."""

import gzip
import itertools
import json
import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from relay.archive import keys
from relay.archive.record import ArchivedWebhook
from relay.catalog import loader
from relay.config.fingerprint import mapping_fingerprint
from relay.http.request import Request
from relay_local.samples import SIGNERS
from tests.e2e.conftest import Relay
from tests.e2e.test_relayctl import Tool, tool
from tests.relayctl.conftest import run

__all__ = ["tool"]  # a fixture

numbers = itertools.count(1)


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


def test_the_event_catalog_is_learned_from_real_traffic(relay: Relay, tool: Tool, tmp_path: Path) -> None:
    since = datetime.now(UTC).isoformat()
    post(relay, private="Zoë's")
    relay.received_within(30, 1)
    config = tmp_path / "relay.toml"
    shutil.copyfile("relay.toml", config)
    infer = ("catalog", "infer", "--since", since, "--config", str(config), "--output", "json")
    code, rows, told = tool(*infer)
    assert (code, [(row["detail-type"], row["result"]) for row in rows]) == (0, [("push", "new")]), told
    [push] = loader.load(tmp_path / "events")
    assert (push.sample["private"], push.sample["repository"]["private"]) == ("text", False)
    assert push.schema["properties"]["private"] == {"type": "string"}
    checked = run("catalog", "check", "--config", str(config))
    assert checked.returncode == 0, checked.stderr


LONG_AGO = datetime(2026, 11, 1, 9, tzinfo=UTC)


def archive_many(relay: Relay, count: int, per_object: int) -> None:
    """Write webhooks of GitHub's into the archive, as Firehose would have; the last object is cut off in the middle."""
    config = relay.session.config
    chance = random.Random(0)
    route = next(route for route in config.routes if route.name == "github")
    mapping, body = mapping_fingerprint(route, config), json.loads(relay.sample("/github").body)
    bucket, content = relay.session.stack.outputs["ArchiveBucket"], b""
    for start in range(0, count, per_object):
        lines = []
        for number in range(start, start + per_object):
            body["after"] = f"{chance.getrandbits(160):040x}"
            kind = chance.choice(["push", "issues", "release"])
            headers = {"content-type": "application/json", "x-github-event": kind}
            request = Request("POST", "/github", "", headers, json.dumps(body).encode(), f"request-{number}")
            received_at = LONG_AGO + timedelta(seconds=chance.random() * 3600)
            lines.append(ArchivedWebhook("github", f"delivery-{number}", received_at, mapping, request).line())
        content = gzip.compress(b"".join(lines), mtime=0)
        key = f"{keys.ROOT}2026/11/01/09/{start:06}.gz"
        relay.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
    relay.client("s3").put_object(Bucket=bucket, Key=f"{keys.ROOT}2026/11/01/09/999999.gz", Body=content[:-1000])


def test_ten_thousand_webhooks_are_counted_compared_and_a_damaged_object_is_named(
    relay: Relay, tool: Tool, tmp_path: Path
) -> None:
    archive_many(relay, 10_000, 2_000)
    window = ("--since", "2026-11-01T09:00", "--until", "1h", "--output", "json")
    code, rows, told = tool("replay", *window, "--dry-run")
    assert (code, sum(row["entries"] for row in rows)) == (1, 10_000), told
    assert "10000 entries of 10000 webhooks would be sent." in told
    assert "999999.gz: it is damaged" in told
    code, rows, told = tool("replay", *window, "--dry-run", "--detail-type", "iss*", "--remap")
    assert {row["detail-type"] for row in rows} == {"issues"}
    edited = tmp_path / "relay.toml"
    text = Path("relay.toml").read_text("utf-8")
    edited.write_text(text.replace("github/${body.repository.owner.login}", "gh/${body.repository.owner.login}"))
    code, rows, told = tool("diff", *window, "--config", str(edited))
    assert (code, sum(row["count"] for row in rows), {row["fields"] for row in rows}) == (1, 10_000, {"source"}), told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("replay",), "expected --since"),
        (("replay", "--since", "2099-01-01T00:00"), "is in the future"),
        (("replay", "--since", "yesterday"), "expected a time"),
        (("replay", "--since", "1h", "--until", "2000-01-01"), "is not after --since"),
        (("replay", "--resume", "nowhere.json"), "nowhere.json"),
        (("diff", "--config", "nowhere.toml"), "nowhere.toml"),
        (("diff", "--samples", "nowhere"), "expected files such as"),
    ],
)
def test_a_mistake_is_named_and_the_exit_code_is_2(
    relay: Relay, tool: Tool, arguments: tuple[str, ...], told: str
) -> None:
    assert relay.url
    code, _, message = tool(*arguments)
    assert (code, told in message) == (2, True), message


def test_a_window_before_the_archive_is_empty(relay: Relay, tool: Tool) -> None:
    assert relay.url
    code, rows, told = tool("replay", "--since", "2020-01-01T00:00", "--until", "2h", "--output", "json")
    assert (code, rows) == (0, []), told


def test_a_customer_who_connects_today_gets_what_came_before(relay: Relay, tool: Tool) -> None:
    """The backfill: their webhooks were unsubscribed when they came."""
    since, customer = datetime.now(UTC).isoformat(), f"late{next(numbers)}"
    event = {"id": "evt_1", "type": "order.created", "customer": customer, "created_at": "2026-11-22T10:00:00Z"}
    body = json.dumps({"events": [event | {"resources": []}]}).encode()
    headers = SIGNERS["standard-webhooks"](relay.session.secrets["acme/orders"], body)
    assert relay.post("/orders", body, headers).json()["unsubscribed"] == 1
    assert relay.session.connections
    relay.session.connections.ensure([customer])
    chosen = ("--since", since, "--customer", customer, "--control-url", relay.session.connections.api.url)
    relay.until(lambda: _is_active(relay, customer))
    code, rows, told = tool("replay", *chosen, "--output", "json")
    assert (code, [(row["entries"], row["result"]) for row in rows]) == (0, [(1, "put")]), told
    [received] = relay.received_within(60, 1)
    assert received["detail"]["id"] == "evt_1"


def _is_active(relay: Relay, customer: str) -> bool:
    assert relay.session.connections
    return relay.session.connections.show(customer)["holding"] is None
