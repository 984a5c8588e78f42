"""Whether everybody can read and use the customer's page: sizes, themes, brands, keyboard, while it refreshes."""

from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from relay_local.deploy import CUSTOMER
from relayctl.control import destination_path
from tests.e2e.browser import browser, page
from tests.e2e.conftest import Relay
from tests.e2e.customer_page import (
    ATTACK,
    CATALOG,
    Link,
    answer_every_state,
    answer_settings,
    link,
    mistakes_of_accessibility,
    states,
)

__all__ = ["browser", "link", "page"]  # fixtures

DESTINATIONS = "**/page/v1/destinations"


@pytest.fixture(scope="module")
def customer(relay: Relay) -> str:
    """Return a customer with one destination, `prod`, to which no bus is attached."""
    customer = f"page-{uuid4().hex[:8]}"
    assert relay.session.connections
    wanted = {"aws_account_id": CUSTOMER, "aws_region": relay.session.stack.region, "description": ATTACK}
    relay.session.connections.api.call("PUT", destination_path(customer, "prod"), wanted)
    return customer


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_state_can_be_read_on_a_desk_and_on_a_telephone(
    browser: Browser, link: Link, customer: str, width: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
        ignore_https_errors=True,
    )
    page = context.new_page()
    logged: list[str] = []
    page.on("console", lambda message: logged.append(message.text))
    answer_settings(page, detail_types=CATALOG)
    answer_every_state(page)
    page.goto(link(customer, actor=ATTACK))
    for name, (_, title) in states().items():
        expect(page.get_by_role("region", name=name, exact=True).locator(".turn b")).to_have_text(f"{title}.")
    for details in page.locator("details").all():
        details.evaluate("one => { one.open = true; }")
    assert mistakes_of_accessibility(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Connect an AWS account").click()
    page.get_by_role("button", name="Continue").click()
    assert mistakes_of_accessibility(page) == []  # with its errors
    page.get_by_label("Name", exact=True).fill("prod")
    page.get_by_role("textbox", name="AWS account").fill("222222222222")
    page.get_by_role("button", name="Continue").click()
    assert mistakes_of_accessibility(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("region", name="paused").get_by_role("button", name="Disconnect").click()
    assert mistakes_of_accessibility(page) == []
    assert page.title() == "Events from Acme"
    assert page.locator("main img, main script, dialog img, dialog script").count() == 0
    assert page.locator("main").inner_text().count(ATTACK) >= 5
    assert logged == []  # no error, and nothing that the policy has forbidden
    context.close()


@pytest.mark.parametrize("color", ["#ffee00", "#000000", "#ffffff", "#767676", "#d0021b"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_brand_of_any_color_can_be_read(page: Page, link: Link, customer: str, color: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    answer_settings(page, color=color)
    page.goto(link(customer))
    expect(page.get_by_role("heading", name="prod")).to_be_visible()
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    expect(page.locator("#brand")).to_have_css("background-color", f"rgb({red}, {green}, {blue})")
    assert mistakes_of_accessibility(page) == []


def test_an_account_is_connected_by_the_keyboard_alone(relay: Relay, page: Page, link: Link) -> None:
    customer = f"page-{uuid4().hex[:8]}"
    page.goto(link(customer))
    expect(page.get_by_role("button", name="Connect an AWS account")).to_be_visible()
    press(page, "Tab", "Enter")
    page.keyboard.type("prod")
    press(page, "Tab")
    page.keyboard.type("2222 2222 2222")
    press(page, "Tab", "Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("order.*")
    press(page, "Enter")
    expect(page.locator("#account-check")).to_be_focused()
    press(page, "Tab", "Enter")
    expect(page.get_by_role("heading", name="prod")).to_be_focused()
    assert relay.session.connections
    [made] = relay.session.connections.find(customer)
    assert (made.aws_account_id, made.detail_types) == (CUSTOMER, ("order.*",))
    reached = tab_stops(page)
    for name in ("Copy", "Send a test event", "Set up your side as code", "Pause", "Disconnect…"):
        assert name in reached


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_stops(page: Page) -> list[str]:
    """Press Tab until the page ends; return what had the focus. Each has to show that."""
    reached: list[str] = []
    for _ in range(50):
        page.keyboard.press("Tab")
        text, outline = page.evaluate("""() => {
          const one = document.activeElement;
          return [one === document.body ? "" : one.textContent, getComputedStyle(one).outlineStyle];
        }""")
        if not text and reached:
            break
        assert outline == "solid", f"no focus is visible on {text!r}"
        reached.append(text)
    return reached


def test_what_is_typed_and_what_has_the_focus_stays_while_the_page_refreshes(
    page: Page, link: Link, customer: str
) -> None:
    page.goto(link(customer))
    card = page.get_by_role("region", name="prod")
    card.get_by_text("Set up your side as code").click()
    select = card.get_by_label("As", exact=True)
    select.select_option("terraform")
    select.focus()
    with page.expect_response(DESTINATIONS, timeout=60_000):
        pass
    with page.expect_response(DESTINATIONS, timeout=60_000):
        pass
    expect(select).to_be_focused()
    expect(select).to_have_value("terraform")
    page.get_by_role("button", name="Connect an AWS account").click()
    page.keyboard.type("half a na")
    with page.expect_response(DESTINATIONS, timeout=60_000):
        pass
    page.keyboard.type("me")
    expect(page.get_by_label("Name", exact=True)).to_have_value("half a name")


def test_the_page_asks_less_and_less_often_and_not_in_a_hidden_tab(page: Page, link: Link, customer: str) -> None:
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if request.url.endswith("/destinations") else None)
    page.clock.install()
    page.goto(link(customer))
    expect(page.get_by_role("heading", name="prod")).to_be_visible()
    for seconds in (2, 3, 4.5):
        number = len(asked)
        page.clock.run_for(int(seconds * 1000) - 200)
        assert len(asked) == number
        with page.expect_response(DESTINATIONS):
            page.clock.run_for(400)
    set_hidden(page, hidden=True)
    number = len(asked)
    page.clock.run_for(600_000)
    assert len(asked) == number
    with page.expect_response(DESTINATIONS):
        set_hidden(page, hidden=False)


def set_hidden(page: Page, *, hidden: bool) -> None:
    page.evaluate(
        """hidden => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }""",
        hidden,
    )
