"""What a stranger, another customer, or another site tries on the customer's page."""

import json
from dataclasses import replace

import pytest

from relay.control import api
from relay.control.grant import Grant, Scope
from relay.control.problems import MAX_BODY_BYTES
from relay.destinations.errors import SourceRefusedError
from tests.unit.control.gateway import BACKEND, Gateway
from tests.unit.control.gateway import event as signed_event
from tests.unit.control.world import World
from tests.unit.destinations.destinations import ACTIVE, destination
from tests.unit.page.browser import ADA, ONE, PAGE, WANTED, Site, event

OPERATIONS = [
    ("GET", "/page/v1/settings"),
    ("GET", "/page/v1/destinations"),
    ("GET", ONE),
    ("GET", f"{ONE}/handover"),
    ("PUT", ONE),
    ("DELETE", ONE),
    *(("POST", f"{ONE}/{operation}") for operation in ("pause", "resume", "release", "ping")),
]
SCRIPT = "<script>alert(1)</script>"


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_without_a_session_nothing_is_shown_and_nothing_changes(world: World, method: str, path: str) -> None:
    site = Site(world)
    before = dict(world.rows)
    body = WANTED if method == "PUT" else None
    link = site.link()
    for headers in (
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": "Bearer x.y.z"},
        {"authorization": f"Bearer {link}"},
        {"authorization": f"Basic {site.open_session()}"},
        {"authorization": site.open_session()},
        {"authorization": "AWS4-HMAC-SHA256 Credential=x"},
        {"cookie": f"token={site.open_session()}"},
    ):
        status, problem, sent = site.request(method, path, body, **headers)
        assert (status, problem["code"]) == (401, "session-refused")
        assert "c42" not in json.dumps(problem)
        assert "set-cookie" not in sent
    query = f"token={site.open_session()}"
    assert site.request(method, path, body, query=query)[0] == 401
    assert (world.rows, world.audit, world.pings) == (before, [], [])


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_a_session_of_another_customer_reaches_nothing_of_this_one(world: World, method: str, path: str) -> None:
    site = Site(world)
    token = site.open_session(replace(ADA, customer="c43"))
    status, content, _ = site.request(method, path, WANTED if method == "PUT" else None, token=token, query="as=cli")
    assert status in ({200, 201} if method == "PUT" or "prod" not in path else {404})
    assert "k3x9qa" not in json.dumps(content)  # the id of c42's destination
    assert world.rows["c42", "prod"] == destination()


@pytest.mark.parametrize(
    ("body", "query"),
    [
        (WANTED | {"customer": "c42"}, ""),
        (WANTED | {"customer_id": "c42"}, ""),
        (WANTED, "customer=c42"),
    ],
)
def test_the_customer_is_the_one_of_the_token_whatever_path_body_and_query_say(
    world: World, body: object, query: str
) -> None:
    site = Site(world)
    token = site.open_session(replace(ADA, customer="c43"))
    site.request("PUT", ONE, body, token=token, query=query)
    assert world.rows["c42", "prod"] == destination()
    for path in (
        "/page/v1/customers/c42/destinations",
        "/page/v1/customers/c42/destinations/prod",
        "/page/v1/destinations/../../c42/destinations/prod",
        "/page/v1/destinations/prod/../../c42",
        "/page/v1/destinations/c42/prod",
        "/v1/customers/c42/destinations/prod",
    ):
        assert site.request("DELETE", path, token=token, query="discard=true")[0] in {404, 422}
        assert site.request("GET", path, token=token)[0] in {404, 422}
    assert world.rows["c42", "prod"] == destination()


@pytest.mark.parametrize("header", ["x-customer", "x-forwarded-user", "x-http-method-override", "x-amzn-oidc-identity"])
def test_no_header_chooses_who_or_what(world: World, header: str) -> None:
    site = Site(world)
    token = site.open_session(Grant("c43", Scope.READ, "eve"))
    answer = site.request("GET", "/page/v1/destinations", token=token, **{header.replace("-", "_"): "c42"})
    assert answer[:2] == (200, {"destinations": []})


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_what_a_form_of_another_site_could_send_is_not_read(world: World, content_type: str) -> None:
    site = Site(world)
    token = site.open_session()
    for method, path, body in (
        ("PUT", ONE, WANTED | {"description": "new"}),
        ("POST", f"{ONE}/release", {"since": "2026-11-25T10:00:00Z"}),
        ("POST", "/page/v1/session", {"token": site.link()}),
    ):
        status, problem, headers = site.request(method, path, body, token=token, content_type=content_type)
        assert (status, problem["code"]) == (415, "not-json")
        assert not {name for name in headers if name.startswith("access-control-")}


def test_a_body_that_is_too_large_is_not_parsed(site: Site) -> None:
    for path in (ONE, "/page/v1/session"):
        assert site.request("POST", path, "[" * (MAX_BODY_BYTES + 1), token=site.open_session())[0] == 413
    assert site.request("POST", "/page/v1/session", {"token": "a" * 5000})[0] == 422
    assert site.request("POST", "/page/v1/session", {"token": 1})[0] == 422
    assert site.request("POST", "/page/v1/session", "[" * 50_000)[0] == 422


@pytest.mark.parametrize(
    "body", ['{"token": 1' + "1" * 5000 + "}", "1" * 5000, "NaN", "{", '"\ud800"', "\ud800", "\x00"]
)
def test_what_a_stranger_sends_instead_of_json_is_no_failure_of_ours(site: Site, body: str) -> None:
    status, problem, _ = site.request("POST", "/page/v1/session", body)
    assert (status, problem["code"], problem["field"]) == (422, "invalid", "body")


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_cannot_be_stored_is_refused(site: Site, since: str) -> None:
    status, problem, _ = site.request("POST", f"{ONE}/release", {"since": since}, token=site.open_session())
    assert (status, problem["field"]) == (422, "since")


@pytest.mark.parametrize(("method", "path"), [("PUT", "/page/v1/destinations/new"), ("POST", f"{ONE}/ping")])
def test_what_aws_says_of_the_relay_reaches_operators_and_no_customer(world: World, method: str, path: str) -> None:
    site = Site(world)
    world.rows["c42", "prod"] = destination(state=ACTIVE)
    world.refusal = SourceRefusedError("AccessDenied", f"{BACKEND} may not events:CreatePartnerEventSource")
    body = WANTED if method == "PUT" else None
    status, problem, _ = site.request(method, path, body, token=site.open_session())
    assert status in {502, 503}
    assert "arn:" not in json.dumps(problem)
    by_iam = path.replace("/page/v1", "/v1/customers/c42")
    assert BACKEND in Gateway(world.control).request(method, by_iam, body)[1]["detail"]


def test_what_was_stored_is_only_ever_json(world: World) -> None:
    world.rows["c42", "prod"] = destination(
        description=SCRIPT, detail_types=(SCRIPT,), updated_by=f"page:{SCRIPT}", metadata={SCRIPT: SCRIPT}
    )
    site = Site(world)
    token = site.open_session(replace(ADA, actor=SCRIPT))
    for path in ("/page/v1/settings", "/page/v1/destinations", ONE, f"/page/v1/destinations/{SCRIPT}"):
        _, content, headers = site.request("GET", path, token=token)
        assert headers["content-type"] in {"application/json", "application/problem+json"}
        assert isinstance(content, dict)


def test_iam_is_no_way_into_the_page_and_a_session_none_into_the_control_api(world: World) -> None:
    site = Site(world)
    by_iam = event("GET", "/page/v1/destinations", None, "", {})
    by_iam["requestContext"]["authorizer"] = {"iam": {"userArn": BACKEND}}
    assert site.server.answer(by_iam, None)["statusCode"] == 401
    to_v1 = event("GET", "/v1/destinations", None, "", {"authorization": f"Bearer {site.open_session()}"})
    assert site.server.answer(to_v1, None)["statusCode"] == 404
    app = Gateway(world.control, site.access).app
    assert api.resolve(app, to_v1, None)["statusCode"] == 403
    for path in ("/page", "/page/v1/destinations"):
        assert api.resolve(app, signed_event("GET", path, None, "", {}), None)["statusCode"] == 404


def test_away_is_a_problem_and_no_failure_of_ours(world: World) -> None:
    site = Site(world)
    token = site.open_session()

    def away() -> list[str]:
        raise OSError("secret: ThrottlingException")

    services = replace(site.access._services, read_keys=away, refresh_keys=away)
    site.access._services = services
    for method, path, body in (("GET", ONE, None), ("POST", "/page/v1/session", {"token": token})):
        status, problem, headers = site.request(method, path, body, token=token)
        assert (status, problem["code"]) == (503, "unavailable")
        assert "Throttling" not in json.dumps(problem)
        assert "content-security-policy" in headers


def test_pages_of_two_customers_are_apart_while_one_function_serves_both(world: World) -> None:
    site = Site(world)
    world.rows["c43", "other"] = destination(customer="c43", name="other", source="s")
    first, second = site.open_session(), site.open_session(replace(ADA, customer="c43"))
    for _ in range(2):
        for token, names in ((first, ["prod"]), (second, ["other"])):
            found = site.request("GET", "/page/v1/destinations", token=token)[1]["destinations"]
            assert [each["name"] for each in found] == names
    assert site.request("GET", "/page/v1/destinations")[0] == 401
    assert PAGE.title == "Acme"
