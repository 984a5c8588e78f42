"""The customer's page over HTTP: what a session may see and do."""

import json
from dataclasses import replace

import pytest

from relay.catalog import loader
from relay.catalog.event_type import EventType
from relay.control.grant import Grant, Scope
from tests.unit.control.world import World
from tests.unit.destinations.destinations import ACTIVE, NOW, destination
from tests.unit.page.browser import ADA, ONE, WANTED, Site, event


@pytest.fixture
def world() -> World:
    return World()


def test_a_link_becomes_a_session_of_eight_hours(site: Site) -> None:
    status, session, _ = site.request("POST", "/page/v1/session", {"token": site.link()})
    assert status == 200
    assert session.pop("token").count(".") == 2
    assert session == {
        "expires_at": "2026-11-25T20:00:00Z",
        "scope": "manage",
        "return_url": "https://app.acme.example/settings",
    }


def test_the_settings_say_who_is_here_and_what_can_be_chosen(site: Site) -> None:
    status, settings, _ = site.request("GET", "/page/v1/settings", token=site.open_session())
    assert status == 200
    assert settings == {
        "title": "Acme",
        "logo": "https://www.acme.example/logo.svg",
        "color": "#0b5fff",
        "customer": "c42",
        "scope": "manage",
        "actor": "ada@customer.example",
        "expires_at": "2026-11-25T20:00:00Z",
        "regions": ["us-east-1", "eu-west-1"],
        "ping": "Ping",
        "hold_seconds": 14 * 86400,
        "settle_seconds": 600,
        "detail_types": [
            {
                "detail_type": "order.paid",
                "description": "An order was paid.",
                "deprecated": None,
                "sample": {"id": 1},
            },
            {"detail_type": "order.old", "description": "Before that.", "deprecated": "2026-02-01", "sample": {}},
        ],
    }


def test_the_largest_catalog_is_an_answer_that_lambda_sends(world: World) -> None:
    quotes = '"' * (loader.MAX_BYTES // 2)  # two characters each in JSON, four in JSON within JSON
    site = Site(world, catalog=(EventType("order.paid", "", NOW.date(), None, {"quotes": quotes}, {}),))
    request = event("GET", "/page/v1/settings", None, "", {"authorization": f"Bearer {site.open_session()}"})
    answer = site.server.answer(request, None)
    assert (answer["statusCode"], len(json.dumps(answer)) < 6_000_000) == (200, True)


def test_a_customer_connects_and_the_change_is_audited_by_their_name(world: World, site: Site) -> None:
    token = site.open_session()
    status, created, headers = site.request("PUT", ONE, WANTED, token=token)
    assert (status, created["customer"], created["source_status"]) == (201, "c42", "pending")
    assert created["updated_by"] == "page:ada@customer.example"
    assert headers["etag"] == '"id0000-1"'
    assert [audit[:2] for audit in world.audit] == [("Destination Created", "page:ada@customer.example")]
    assert site.request("PUT", ONE, WANTED, token=token)[0] == 200
    assert site.request("PUT", ONE, WANTED, token=token, if_none_match="*")[0] == 412
    assert site.request("PUT", ONE, WANTED, token=token, if_match='"other"')[0] == 412


def test_the_destinations_come_with_what_waits_for_them(world: World, site: Site) -> None:
    world.rows["c42", "prod"] = destination()
    world.rows["c43", "prod"] = destination(customer="c43", source="s")
    world.held = replace(world.held, webhooks=7)
    status, found, _ = site.request("GET", "/page/v1/destinations", token=site.open_session())
    assert status == 200
    assert [(each["customer"], each["name"], each["held"]["webhooks"]) for each in found["destinations"]] == [
        ("c42", "prod", 7)
    ]


def test_pause_resume_release_ping_and_delete(world: World, site: Site) -> None:
    world.rows["c42", "prod"] = destination(replace(ACTIVE, settling_since=NOW))
    token = site.open_session()
    assert site.request("POST", f"{ONE}/pause", token=token)[1]["status"] == "paused"
    assert site.request("POST", f"{ONE}/resume", token=token)[1]["status"] == "enabled"
    assert site.request("POST", f"{ONE}/release", token=token)[1]["holding"] is None
    assert site.request("POST", f"{ONE}/release", {"since": "2026-11-25T10:00:00Z"}, token=token)[0] == 200
    assert site.request("POST", f"{ONE}/ping", token=token)[1] == {"event_id": "event-1"}
    world.held = replace(world.held, webhooks=7)
    refused = site.request("DELETE", ONE, token=token)
    assert (refused[0], refused[1]["code"]) == (409, "held")
    assert site.request("DELETE", ONE, token=token, query="discard=true")[0] == 204
    assert world.rows == {}


@pytest.mark.parametrize("form", ["cloudformation", "terraform", "cli", "console"])
def test_the_customer_gets_what_they_deploy(world: World, site: Site, form: str) -> None:
    world.rows["c42", "prod"] = destination()
    status, found, _ = site.request("GET", f"{ONE}/handover", token=site.open_session(), query=f"as={form}")
    assert status == 200
    assert "aws.partner/acme.example/c42/prod-k3x9qa" in found["text"]


def test_the_metadata_of_the_saas_are_neither_shown_nor_lost(world: World, site: Site) -> None:
    world.rows["c42", "prod"] = destination(metadata={"plan": "gold"})
    token = site.open_session()
    assert site.request("GET", ONE, token=token)[1]["metadata"] == {}
    status, changed, _ = site.request("PUT", ONE, WANTED | {"description": "new"}, token=token)
    assert (status, changed["metadata"], changed["description"]) == (200, {}, "new")
    assert world.control.get("c42", "prod").metadata == {"plan": "gold"}
    assert site.request("PUT", ONE, WANTED | {"metadata": {}}, token=token)[0] == 422
    assert site.request("PUT", ONE, WANTED | {"source": "x"}, token=token)[0] == 422


def test_who_changed_it_is_told_without_the_arn_of_the_saas(world: World, site: Site) -> None:
    world.rows["c42", "prod"] = destination()
    token = site.open_session()
    assert site.request("GET", ONE, token=token)[1]["updated_by"] == "provider"
    assert site.request("POST", f"{ONE}/pause", token=token)[1]["updated_by"] == "page:ada@customer.example"


def test_a_session_that_may_only_look_changes_nothing(world: World, site: Site) -> None:
    world.rows["c42", "prod"] = destination()
    token = site.open_session(Grant("c42", Scope.READ, "bob"))
    for path in ("/page/v1/settings", "/page/v1/destinations", ONE):
        assert site.request("GET", path, token=token)[0] == 200
    before = dict(world.rows)
    for method, path in (
        ("PUT", ONE),
        ("DELETE", ONE),
        *(("POST", f"{ONE}/{operation}") for operation in ("pause", "resume", "release", "ping")),
    ):
        status, problem, _ = site.request(method, path, WANTED if method == "PUT" else None, token=token)
        assert (status, problem["code"]) == (403, "read-only")
    assert (world.rows, world.pings, world.audit) == (before, [], [])


def test_links_and_sessions_are_audited(site: Site) -> None:
    site.open_session()
    assert [(operation, grant) for operation, _, grant in site.audit] == [
        ("Link Created", ADA),
        ("Session Opened", ADA),
    ]
    assert [actor for _, actor, _ in site.audit][1] == "page:ada@customer.example"
