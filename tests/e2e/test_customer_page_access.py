"""What the customer's page shows to whom: by the link's scope, until the session ends, and nothing of others."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from relay_local.deploy import CUSTOMER
from relayctl.control import destination_path
from tests.e2e.browser import browser, page
from tests.e2e.conftest import Relay
from tests.e2e.customer_page import RETURN_URL, Link, link

__all__ = ["browser", "link", "page"]  # fixtures

Connect = Callable[..., str]
ASK = """async ([method, path]) => {
  const { token } = JSON.parse(sessionStorage.getItem("session"));
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`page/v1/${path}`, { method, headers })).status;
}"""
ENDED = "The session has ended"


@pytest.fixture
def connected(relay: Relay) -> Connect:
    """Return a function that connects a new customer through the control API and returns the customer."""

    def connect(name: str = "prod", **fields: object) -> str:
        customer = f"page-{uuid4().hex[:8]}"
        wanted = {"aws_account_id": CUSTOMER, "aws_region": relay.session.stack.region, **fields}
        assert relay.session.connections
        relay.session.connections.api.call("PUT", destination_path(customer, name), wanted)
        return customer

    return connect


def test_a_link_that_may_only_read_changes_nothing(page: Page, link: Link, connected: Connect) -> None:
    customer = connected()
    page.goto(link(customer, scope="read"))
    card = page.get_by_role("region", name="prod")
    expect(card).to_contain_text("Your turn")
    expect(page.locator("#who")).to_contain_text("You can look, and change nothing.")
    names = [button.inner_text() for button in page.get_by_role("button").all()]
    assert names == ["Copy"]
    asked = [("POST", "destinations/prod/pause"), ("DELETE", "destinations/prod"), ("GET", "destinations/prod")]
    assert [page.evaluate(ASK, list(each)) for each in asked] == [403, 403, 200]


def test_a_customer_sees_nothing_of_another_one(page: Page, link: Link, connected: Connect) -> None:
    connected("theirs")
    page.goto(link(connected("ours")))
    expect(page.get_by_role("heading", level=2)).to_have_text(["ours"])
    asked = [("GET", "destinations/theirs"), ("POST", "destinations/theirs/pause"), ("GET", "destinations/ours")]
    assert [page.evaluate(ASK, list(each)) for each in asked] == [404, 404, 200]


def test_a_session_that_ends_says_so_and_leads_back(page: Page, link: Link, connected: Connect) -> None:
    page.goto(link(connected()))
    expect(page.get_by_role("heading", name="prod")).to_be_visible()
    page.evaluate("""() => {
      const stored = JSON.parse(sessionStorage.getItem("session"));
      sessionStorage.setItem("session", JSON.stringify({ ...stored, token: "expired" }));
    }""")
    page.get_by_role("button", name="Connect an AWS account").click()  # a dialog does not hide it
    expect(page.locator("main")).to_contain_text(ENDED, timeout=60_000)  # the page asks by itself
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("heading", name="prod")).to_be_hidden()
    expect(page.get_by_role("link", name="Go back for a new link")).to_have_attribute("href", RETURN_URL)


def test_who_has_an_old_session_of_a_deleted_customer_connects_nothing(
    page: Page, link: Link, connected: Connect, relay: Relay
) -> None:
    customer = connected()
    page.goto(link(customer))
    expect(page.get_by_role("heading", level=2)).to_have_text(["prod"])
    assert relay.session.connections
    relay.session.connections.api.call("DELETE", f"/v1/customers/{customer}", query={"discard": "true"})
    asked = [("PUT", "destinations/prod"), ("GET", "destinations"), ("GET", "settings")]
    assert [page.evaluate(ASK, list(each)) for each in asked] == [401, 401, 401]


def test_a_page_that_is_loaded_again_goes_on_and_one_without_a_link_says_what_is_missing(
    page: Page, link: Link, connected: Connect
) -> None:
    page.goto(link(connected()))
    expect(page.get_by_role("heading", name="prod")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="prod")).to_be_visible()
    page.evaluate("sessionStorage.clear()")
    page.reload()
    expect(page.locator("main")).to_contain_text("This page is opened by a link")


def test_a_link_that_is_no_longer_good_opens_nothing_even_if_another_one_was_open(
    page: Page, link: Link, connected: Connect
) -> None:
    url = link(connected())
    page.goto(url)
    expect(page.get_by_role("heading", name="prod")).to_be_visible()
    page.goto(url[:-8] + "AAAAAAAA")  # the signature of nobody; only the fragment differs, so nothing is loaded
    expect(page.locator("main")).to_contain_text("This link is no longer good")
    expect(page.get_by_role("heading", name="prod")).to_have_count(0)


def test_the_page_leads_back_to_https_only(page: Page, link: Link, connected: Connect) -> None:
    page.goto(link(connected()))
    expect(page.get_by_role("heading", name="prod")).to_be_visible()
    for url in ("javascript:alert(1)", "http://app.acme.example/", "//app.acme.example"):
        page.evaluate("url => sessionStorage.setItem('session', JSON.stringify({ return_url: url, token: 'x' }))", url)
        page.reload()
        expect(page.locator("main")).to_contain_text(ENDED)
        expect(page.get_by_role("link")).to_have_count(0)
