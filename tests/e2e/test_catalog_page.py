"""The page of the event catalog in a real browser, from a file as it is published."""

from datetime import date
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from relay.catalog import loader
from relayctl.catalog import page as catalog_page
from tests.e2e.browser import CONTRAST, browser

__all__ = ["browser"]  # a fixture

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("catalog")
    event_types = loader.load(ROOT / "events")
    catalog_page.write(
        folder, event_types, partner="aws.partner/acme.example", title="Events", today=date(2026, 11, 22)
    )
    return (folder / "index.html").as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_can_be_read_at_every_width_and_in_both_colors(
    browser: Browser, url: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.goto(url)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    contrast = page.evaluate(CONTRAST)
    assert contrast >= 4.5, contrast  # https://www.w3.org/TR/WCAG22/#contrast-minimum
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (dark == "rgb(255, 255, 255)") is (scheme == "light")
    page.close()


def test_the_page_is_operated_by_keyboard_without_scripts(browser: Browser, url: str) -> None:
    page = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 800}).new_page()
    page.goto(url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Events")
    expect(page.get_by_role("navigation", name="Event types").get_by_role("link")).to_have_count(6)
    expect(page.get_by_role("region", name="orders/create", exact=True)).to_have_count(1)
    page.get_by_role("link", name="order.paid", exact=True).focus()
    page.keyboard.press("Enter")
    assert page.url.endswith("#order.paid")
    expect(page.get_by_role("heading", name="order.paid", exact=True)).to_be_in_viewport()
    sample = page.get_by_role("region", name="Sample of push", exact=True)
    sample.focus()
    expect(sample).to_be_focused()
    page.context.close()
