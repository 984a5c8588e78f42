"""The life cycle of a partner event source, with relayctl on one side and the customer on the other."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from relay_local.deploy import CUSTOMER
from relay_local.process import PARTNER, LocalAws
from tests.local_bus import REGION
from tests.relayctl.conftest import Relayctl

Sources = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def sources(relayctl: Relayctl, bus: LocalAws) -> Sources:
    """`relayctl sources …`: its exit code, its JSON or text, and what it says."""

    def run(*arguments: str, given: str = "") -> tuple[int, Any, str]:
        environment = bus.environment(PARTNER, REGION)
        # As on AWS: nothing but credentials is in the environment.
        for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
            del environment[name]
        there = ("--region", REGION, "--endpoint-url", bus.url)
        done = relayctl("sources", *arguments, *there, given=given, **environment)
        try:
            return done.returncode, json.loads(done.stdout), done.stderr
        except ValueError:
            return done.returncode, done.stdout, done.stderr

    return run


def test_from_pending_to_active_to_gone(sources: Sources, bus: LocalAws) -> None:
    code, arn, told = sources("create", "cycle/orders", CUSTOMER)
    assert (code, arn) == (0, "arn:aws:events:us-east-1::event-source/aws.partner/acme.example/cycle/orders\n")
    assert "DROPS" in told
    code, [pending], _ = sources("status", "cycle", "--output", "json")
    assert (code, pending["account"], pending["state"]) == (1, CUSTOMER, "PENDING")
    assert "DROPS" in pending["meaning"]
    assert pending["expires"] > pending["created"]
    name = "aws.partner/acme.example/cycle/orders"
    bus.client("events", CUSTOMER, REGION).create_event_bus(Name=name, EventSourceName=name)
    code, [active], _ = sources("status", name, "--output", "json")
    assert (code, active["state"], active["expires"]) == (0, "ACTIVE", None)
    assert sources("list", "cycle", "--output", "json")[1] == [{"source": name, "arn": arn.strip()}]
    assert sources("delete", "cycle/orders", CUSTOMER, given="n\n")[0] == 1
    assert sources("status", "cycle", "--output", "json")[0] == 0
    assert sources("delete", "cycle/orders", CUSTOMER, given="y\n")[0] == 0
    code, deleted, _ = sources("status", "cycle", "--output", "json")
    assert (code, [one["state"] for one in deleted]) in [(1, ["DELETED"]), (0, [])]


def test_what_aws_refuses_is_one_line(sources: Sources) -> None:
    sources("create", "twice/orders", CUSTOMER)
    code, _, told = sources("create", "twice/orders", CUSTOMER)
    assert code == 1
    [line] = told.splitlines()
    assert "ResourceAlreadyExistsException" in line


def test_more_sources_than_fit_on_a_page_are_all_listed(sources: Sources, bus: LocalAws) -> None:
    client = bus.client("events", PARTNER, REGION)
    names = [f"aws.partner/acme.example/many/{number}" for number in range(120)]
    for name in names:
        client.create_partner_event_source(Name=name, Account=CUSTOMER)
    _, listed, _ = sources("list", "many", "--output", "json")
    assert sorted(one["source"] for one in listed) == sorted(names)
