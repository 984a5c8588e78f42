"""What a stranger, another customer, or another site tries on the customer's page."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest

from relay.config.customer_page import Page
from relay.control import api
from relay.control.grant import Grant, Scope
from relay.control.problems import MAX_BODY_BYTES
from relay.destinations.errors import SourceRefusedError
from relay.page import static_files
from tests.unit.control.gateway import BACKEND, Gateway
from tests.unit.control.gateway import event as signed_event
from tests.unit.control.world import World
from tests.unit.destinations.destinations import ACTIVE, destination
from tests.unit.page.browser import ADA, KEY, OLD_KEY, PAGE, URL, Site, event

ONE = "/page/v1/destinations/prod"
WANTED = {"aws_account_id": "222222222222", "aws_region": "us-east-1"}
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


@pytest.fixture
def world() -> World:
    return World(destination())


@pytest.fixture
def site(world: World) -> Site:
    return Site(world)


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


@pytest.mark.parametrize("path", ["/page", "/page/v1/settings", "/page/nothing", "/page/v1/nothing"])
def test_every_answer_has_the_headers_that_keep_others_out(site: Site, path: str) -> None:
    _, _, headers = site.request("GET", path)
    assert headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        " img-src 'self' https://www.acme.example; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["strict-transport-security"] == "max-age=63072000"


def test_only_the_origins_of_relay_toml_may_frame_it_and_no_logo_means_no_other_host(world: World) -> None:
    page = Page("Acme", frame_ancestors=("https://app.acme.example", "https://eu.acme.example:8443"))
    policy = Site(world, page).request("GET", "/page")[2]["content-security-policy"]
    assert "frame-ancestors https://app.acme.example https://eu.acme.example:8443;" in policy
    assert "img-src 'self';" in policy


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


@pytest.mark.parametrize(
    "path",
    [
        "/page/",
        "/page/index.html",
        "/page/..",
        "/page/../server.py",
        "/page/%2e%2e/server.py",
        "/page/static/index.html",
        "/page//etc/passwd",
        "/page/.gitignore",
        "/pagex",
        "/PAGE",
        "/",
        "",
    ],
)
def test_a_path_that_names_no_file_of_the_page_is_answered_404(site: Site, path: str) -> None:
    assert site.request("GET", path)[0] == 404


def test_the_files_of_the_folder_are_served_as_what_they_are(tmp_path: Path) -> None:
    for name in ("index.html", "script.js", "module.js", "style.css", "notes.txt", ".secret.js.swp"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "folder.js").mkdir()
    found = static_files.load(tmp_path)
    assert {path: (file.content_type.partition(";")[0], file.content) for path, file in found.items()} == {
        "/page": ("text/html", b"index.html"),
        "/page/script.js": ("text/javascript", b"script.js"),
        "/page/style.css": ("text/css", b"style.css"),
    }
    answer = found["/page/script.js"].answer()
    assert (base64.b64decode(answer["body"]), answer["isBase64Encoded"]) == (b"script.js", True)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_a_file_can_only_be_fetched(site: Site, method: str) -> None:
    assert site.request(method, "/page")[0] == 404


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
