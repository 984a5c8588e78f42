"""Did it arrive? `relayctl log` and `relayctl trace` on the deployed stack."""

import json
import uuid
from datetime import UTC, datetime

from relay_local.samples import SIGNERS
from tests.e2e.conftest import Relay
from tests.e2e.test_relayctl import Tool, tool

__all__ = ["tool"]  # a fixture


def post_orders(relay: Relay, *customers: str) -> tuple[str, list[dict[str, object]]]:
    """Post one webhook with an event for each customer; return its id and what became of them."""
    events = [
        {
            "id": f"evt_{number}",
            "type": "order.created",
            "customer": name,
            "created_at": "2026-11-22T10:00:00Z",
            "resources": [],
        }
        for number, name in enumerate(customers)
    ]
    body = json.dumps({"events": events}).encode()
    headers = SIGNERS["standard-webhooks"](relay.session.secrets["acme/orders"], body)
    answer = relay.post("/orders", body, headers)
    assert answer.status_code == 202, answer.text
    return headers["webhook-id"], answer.json()["entries"]


def test_support_sees_what_became_of_a_customers_entries(relay: Relay, tool: Tool) -> None:
    since = datetime.now(UTC).isoformat()
    webhook_id, entries = post_orders(relay, "c42", "c99", "c42")
    code, lines, told = tool("log", "--customer", "c42", "--since", since, "--output", "json")
    assert code == 0, told
    assert [(line["webhook"], line["index"], line["result"], line["event_id"]) for line in lines] == [
        (webhook_id, 0, "accepted", entries[0]["event_id"]),
        (webhook_id, 2, "accepted", entries[2]["event_id"]),
    ]
    code, lines, _ = tool("log", "--customer", "c99", "--since", since, "--output", "json")
    assert (code, [line["result"] for line in lines]) == (0, ["unsubscribed"])


def test_without_a_line_the_exit_code_says_so(relay: Relay, tool: Tool) -> None:
    assert relay.url
    code, lines, told = tool("log", "--customer", "nobody", "--output", "json")
    assert (code, lines) == (1, [])
    assert "No entries since" in told
    assert tool("log", "--since", "2099-01-01T00:00")[0] == 2


def test_a_webhook_is_traced_by_its_own_id_and_by_that_of_its_event(relay: Relay, tool: Tool) -> None:
    webhook_id, entries = post_orders(relay, "c42")
    for text in (webhook_id, entries[0]["event_id"]):
        code, lines, told = tool("trace", str(text), "--output", "json")
        assert code == 0, told
        assert [(line["result"], line["webhook"]) for line in lines] == [
            ("accepted", webhook_id),
        ]


def test_a_dead_letter_is_traced_back_to_its_webhook(relay: Relay, tool: Tool) -> None:
    sample = relay.sample("/github")
    body = json.dumps(json.loads(sample.body) | {"repository": {"owner": {"login": "nobody-here"}}}).encode()
    delivery = {"x-github-delivery": f"traced-{uuid.uuid4()}"}
    headers = {**sample.headers, **delivery, **SIGNERS["github"](relay.session.secrets["acme/github"], body)}
    assert relay.post("/github", body, headers).json()["dead_lettered"] == 1
    _, [letter], _ = tool("dead-letters", "list", "--output", "json")
    code, lines, told = tool("trace", letter["id"], "--output", "json")
    assert (code, [line["result"] for line in lines]) == (0, ["dead_lettered"]), told


def test_an_id_that_nobody_knows_is_not_found(relay: Relay, tool: Tool) -> None:
    assert relay.url
    code, _, told = tool("trace", "evt_unknown")
    assert code == 1
    assert 'Nothing is known of "evt_unknown"' in told
