"""Who is let in, for how long, and by which key; and how access ends."""

from dataclasses import replace

import pytest

from relay.control.grant import Grant, Scope
from tests.unit.control.gateway import BACKEND, Gateway
from tests.unit.control.world import World
from tests.unit.page.browser import ADA, KEY, OLD_KEY, ONE, URL, WANTED, Site


def test_a_session_ends_after_eight_hours_and_a_link_after_fifteen_minutes(site: Site) -> None:
    link = site.link()
    token = site.open_session()
    site.pass_time(minutes=15)
    status, problem, _ = site.request("POST", "/page/v1/session", {"token": link})
    assert (status, problem["code"]) == (401, "link-refused")
    site.pass_time(hours=7, minutes=44)
    assert site.request("GET", "/page/v1/settings", token=token)[0] == 200
    site.pass_time(minutes=1)
    assert site.request("GET", "/page/v1/settings", token=token)[0] == 401
    assert site.request("POST", f"{ONE}/pause", token=token)[0] == 401


def test_a_session_is_no_link_and_makes_no_longer_session(site: Site) -> None:
    assert site.request("POST", "/page/v1/session", {"token": site.open_session()})[1]["code"] == "link-refused"


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/v1/customers/c42"), ("DELETE", "/v1/customers/c42/links")])
def test_links_and_sessions_end_with_the_customer_or_when_they_are_revoked(
    world: World, method: str, path: str
) -> None:
    site = Site(world)
    link, token, other = site.link(), site.open_session(), site.open_session(replace(ADA, customer="c43"))
    world.now = site.pass_time(minutes=1)
    assert Gateway(world.control).request(method, path, query="discard=true")[0] in {200, 204}
    site.pass_time(seconds=1)
    assert site.request("PUT", "/page/v1/destinations/mine", WANTED, token=token)[1]["code"] == "session-refused"
    assert site.request("POST", "/page/v1/session", {"token": link})[1]["code"] == "link-refused"
    assert ("c42", "mine") not in world.rows
    assert site.request("GET", "/page/v1/settings", token=other)[0] == 200
    assert site.request("GET", "/page/v1/settings", token=site.open_session())[0] == 200


def test_a_session_that_is_opened_while_they_are_revoked_ends_too(world: World) -> None:
    site = Site(world)
    link = site.link()
    site.pass_time(minutes=1)

    def revoked_a_moment_later(_customer: str) -> None:
        world.revoked["c42"] = world.now = site.pass_time(seconds=1)
        site.pass_time(seconds=1)

    services = site.access._services
    site.access._services = replace(services, revoked_at=revoked_a_moment_later)
    token = site.request("POST", "/page/v1/session", {"token": link})[1]["token"]
    site.access._services = services
    assert site.request("GET", "/page/v1/settings", token=token)[0] == 401


def test_while_nobody_knows_whether_access_was_ended_nobody_is_let_in(world: World) -> None:
    site = Site(world)
    token = site.open_session()

    def away(_customer: str) -> None:
        raise OSError("registry: ThrottlingException")

    site.access._services = replace(site.access._services, revoked_at=away)
    assert site.request("GET", "/page/v1/settings", token=token)[0] == 503


def test_a_stranger_without_a_token_of_ours_costs_no_read_of_the_registry(world: World) -> None:
    site = Site(world)
    read: list[str] = []
    site.access._services = replace(site.access._services, revoked_at=read.append)
    site.request("GET", "/page/v1/settings", token="a.b." + "c" * 43)
    site.request("POST", "/page/v1/session", {"token": "a.b." + "c" * 43})
    assert read == []


def test_a_key_that_was_added_is_known_at_once_and_one_that_was_withdrawn_signs_nothing(site: Site) -> None:
    before = site.open_session()
    site.fresh_keys = ["n" * 64, KEY]  # rotated, and this function has read the keys before
    assert site.request("GET", "/page/v1/settings", token=before)[0] == 200
    after = site.open_session()
    assert site.request("GET", "/page/v1/settings", token=after)[0] == 200
    site.keys = site.fresh_keys = ["n" * 64]
    assert site.request("GET", "/page/v1/settings", token=before)[0] == 401
    assert site.request("GET", "/page/v1/settings", token=after)[0] == 200


@pytest.mark.parametrize("keys", [[], [""], ["short"], [KEY, "short"]])
def test_without_a_good_key_nobody_is_let_in(world: World, keys: list[str]) -> None:
    site = Site(world)
    link, token = site.link(), site.open_session()
    site.keys = site.fresh_keys = keys
    answers = [
        site.request("POST", "/page/v1/session", {"token": link}),
        site.request("GET", "/page/v1/destinations", token=token),
        site.request("GET", "/page/v1/destinations", token="..".join("abc")),
    ]
    assert [(status, problem["code"]) for status, problem, _ in answers] == [(503, "page-key")] * 3
    status, problem, _ = Gateway(world.control, site.access).request(
        "POST", "/v1/customers/c42/links", {"scope": "read", "actor": "ada"}
    )
    assert (status, problem["code"]) == (503, "page-key")


def test_a_key_of_somebody_else_is_of_no_use(world: World) -> None:
    site, other = Site(world), Site(world)
    other.keys = [OLD_KEY]
    assert site.request("GET", "/page/v1/settings", token=other.open_session())[0] == 401


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"scope": "manage"},
        {"actor": "ada"},
        {"scope": "admin", "actor": "ada"},
        {"scope": "read", "actor": ""},
        {"scope": "read", "actor": "a\nb"},
        *({"scope": "read", "actor": f"ada{unseen}"} for unseen in "\x7f\u200b\u202e\u2028\u2066\ufeff"),
        {"scope": "read", "actor": "a" * 129},
        {"scope": "read", "actor": "ada", "customer": "c43"},
        *(
            {"scope": "read", "actor": "ada", "return_url": url}
            for url in (
                "javascript:alert(1)",
                "http://app.acme.example",
                "//app.acme.example",
                "https://",
                "https://app.acme.example@evil.example/",
                "https://app.acme.example/\n",
                'https://app.acme.example/"onclick="x y',
                " https://app.acme.example/",
            )
        ),
    ],
)
def test_a_link_that_cannot_be_meant_is_not_made(world: World, wanted: object) -> None:
    site = Site(world)
    status, problem, _ = Gateway(world.control, site.access).request("POST", "/v1/customers/c42/links", wanted)
    assert (status, problem["code"], site.audit) == (422, "invalid", [])


def test_the_control_api_makes_a_link_that_opens_the_page(world: World) -> None:
    site = Site(world)
    wanted = {"scope": "read", "actor": "bob", "return_url": "https://app.acme.example/?a=b#c"}
    status, link, headers = Gateway(world.control, site.access, URL).request("POST", "/v1/customers/c42/links", wanted)
    assert (status, link["expires_at"], headers["cache-control"]) == (200, "2026-11-25T12:15:00Z", "no-store")
    url, _, token = link["url"].partition("#token=")
    assert url == URL
    session = site.request("POST", "/page/v1/session", {"token": token})[1]
    assert (session["scope"], session["return_url"]) == ("read", wanted["return_url"])
    assert site.audit[0] == ("Link Created", BACKEND, Grant("c42", Scope.READ, "bob", wanted["return_url"]))


def test_without_a_page_a_request_for_a_link_says_what_to_do(world: World) -> None:
    wanted = {"scope": "read", "actor": "bob"}
    status, problem, _ = Gateway(world.control).request("POST", "/v1/customers/c42/links", wanted)
    assert (status, problem["code"]) == (409, "no-page")
    assert "[destinations.page]" in problem["detail"]
