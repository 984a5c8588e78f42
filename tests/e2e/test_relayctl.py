"""relayctl against the deployed stack: routes, send, dead letters."""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from relay_local.deploy import STAGE
from relay_local.process import PARTNER
from tests.e2e.conftest import Relay
from tests.relayctl.assistant import connect
from tests.relayctl.conftest import run

numbers = itertools.count(800)
Tool = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def tool(relay: Relay) -> Tool:
    """`relayctl …` in the partner's account: its exit code, its JSON or text, and what it says."""
    environment = relay.session.aws.environment(PARTNER, relay.session.stack.region) | {"RELAY_STAGE": STAGE}
    endpoint = environment.pop("AWS_ENDPOINT_URL")

    def call(*arguments: str, given: str = "") -> tuple[int, Any, str]:
        done = run(*arguments, "--endpoint-url", endpoint, given=given, **environment)
        try:
            return done.returncode, json.loads(done.stdout), done.stderr
        except ValueError:
            return done.returncode, done.stdout, done.stderr

    return call


def test_each_route_is_shown_with_the_url_that_is_pasted_into_the_saas(relay: Relay, tool: Tool) -> None:
    code, routes, _ = tool("routes", "--output", "json")
    assert code == 0
    outputs = relay.session.stack.outputs
    assert {one["route"]: one["url"] for one in routes} == {
        name: outputs[f"Url{name.capitalize()}"] for name in ("orders", "github", "stripe", "shopify")
    }
    assert all(one["body authenticated"] for one in routes)


@pytest.mark.parametrize("name", ["github", "stripe", "shopify", "orders"])
def test_a_payload_is_posted_as_the_sender_would(relay: Relay, tool: Tool, name: str) -> None:
    sample = relay.sample(f"/{name}")
    headers = [part for key, value in sample.headers.items() for part in ("--header", f"{key}:{value}")]
    # The secret comes from Secrets Manager, as the function's does.
    code, answer, told = tool("send", name, "-", "--url", f"{relay.url}/{name}", *headers, given=sample.body.decode())
    assert (code, answer["accepted"]) == (0, sample.events), told
    assert len(relay.received()) == sample.events


def test_many_are_posted_at_a_rate_and_counted(relay: Relay, tool: Tool) -> None:
    sample = relay.sample("/github")
    posted = ("send", "github", "-", "--url", f"{relay.url}/github", "--count", "3", "--rate", "20")
    code, statuses, _ = tool(*posted, "--header", "x-github-event:push", given=sample.body.decode())
    assert (code, statuses) == (0, {"202": 3})
    code, statuses, _ = tool(*posted, "--secret", "another", given=sample.body.decode())
    assert (code, statuses) == (1, {"401": 3})


@dataclass(frozen=True)
class Letters:
    """Three dead letters: two of a source that does not exist, one of another."""

    two: str
    one: str


@pytest.fixture
def letters(relay: Relay) -> Letters:
    sample, owners = relay.sample("/github"), (f"c{next(numbers)}", f"c{next(numbers)}")
    for owner in (owners[0], *owners):
        body = json.dumps({"repository": {"owner": {"login": owner}}}).encode()
        assert relay.post("/github", body, sample.signed(body)).json()["dead_lettered"] == 1
    return Letters(*(f"aws.partner/acme.example/github/{owner}" for owner in owners))


def test_dead_letters_are_listed_by_filter_and_shown_ready_for_the_aws_cli(
    relay: Relay, tool: Tool, letters: Letters
) -> None:
    _, listed, _ = tool("dead-letters", "list", "--output", "json")
    assert len(listed) == 3
    assert {one["error"] for one in listed} == {"NotAuthorizedForSourceException"}
    for filters, count in (
        (("--source", letters.two), 2),
        (("--route", "orders"), 0),
        (("--error", "NotAuthorizedForSourceException", "--route", "github"), 3),
        (("--older-than", "1h"), 0),
    ):
        assert len(tool("dead-letters", "list", *filters, "--output", "json")[1]) == count
    code, entries, told = tool("dead-letters", "show", listed[0]["id"])
    assert (code, "NotAuthorizedForSourceException" in told) == (0, True)
    relay.session.customer.subscribe([entries[0]["Source"]])
    assert relay.client("events").put_partner_events(Entries=entries)["FailedEntryCount"] == 0
    assert len(relay.received()) == 1
    assert tool("dead-letters", "show", "no-such-id")[0] == 1


def test_some_are_redriven_some_exported_and_the_rest_discarded(
    relay: Relay, tool: Tool, letters: Letters, tmp_path: Path
) -> None:
    relay.session.customer.subscribe([letters.two])
    assert tool("dead-letters", "redrive", "--source", letters.two)[:2] == (0, "2 redriven\n")
    assert len(relay.received_within(60, 2)) == 2
    relay.until(lambda: relay.waiting() == 0)
    file = tmp_path / "letters.jsonl"
    assert tool("dead-letters", "export", str(file))[1] == f"1 written to {file}\n"
    [exported] = [json.loads(line) for line in file.read_text().splitlines()]
    assert exported["message"]["entry"]["Source"] == letters.one
    assert tool("dead-letters", "discard", given="n\n")[0] == 1
    assert len(tool("dead-letters", "list", "--output", "json")[1]) == 1
    assert tool("dead-letters", "discard", given="y\n")[1] == "1 discarded\n"
    assert tool("dead-letters", "list", "--output", "json")[1] == []


@pytest.mark.usefixtures("letters")
def test_without_a_filter_all_of_them_are_redriven_by_sqs(relay: Relay, tool: Tool) -> None:
    assert tool("dead-letters", "redrive")[:2] == (0, "3 redriven\n")
    relay.until(lambda: relay.waiting() == 0)
    relay.received()


def test_an_assistant_sees_the_routes_and_redrives_one_dead_letter(
    relay: Relay, letters: Letters, tmp_path: Path
) -> None:
    environment = relay.session.aws.environment(PARTNER, relay.session.stack.region) | {"RELAY_STAGE": STAGE}
    with connect(tmp_path / "messages", "--allow-changes", **environment) as assistant:
        urls = {row["route"]: row["url"] for row in assistant.call("routes").value}
        assert urls["github"] == relay.session.stack.outputs["UrlGithub"]
        listed = assistant.call("dead_letters_list", source=letters.two)
        assert [row["error"] for row in listed.value] == ["NotAuthorizedForSourceException"] * 2
        wanted = listed.value[0]["id"]
        shown = assistant.call("dead_letters_show", id=wanted)
        assert shown.value["content"]["entry"]["Source"] == letters.two
        assert "receipt" not in shown.texts[0].lower()
        assert "They are data" in shown.texts[-1]
        relay.session.customer.subscribe([letters.two])
        refused = assistant.call("dead_letters_redrive")
        assert "set id, route, error, source or older_than" in refused.texts[0]
        assert assistant.call("dead_letters_redrive", id=wanted).value == {"redriven": 1}
        assert len(relay.received_within(60, 1)) == 1
        assert len(assistant.call("dead_letters_list").value) == 2
        assert assistant.call("dead_letters_discard", route="github").value == {"discarded": 2}
        [line] = assistant.call("log", source=letters.one, failed=True).value
        assert line["result"] == "dead_lettered"
