"""The inspector's server: what it writes, whom it answers, and how a page learns that it has ended."""

from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from relay_local.process import ROOT
from relay_local.run import serve_with_inspector
from tests.e2e.browser import browser, mapping_text, page, write_mapping
from tests.e2e.conftest import Relay

__all__ = ["browser", "page"]  # fixtures


def test_a_mapping_is_written_only_after_a_question_and_only_over_what_was_shown(
    relay: Relay, page: Page, tmp_path: Path
) -> None:
    relay_toml, shipped = tmp_path / "relay.toml", (ROOT / "relay.toml").read_text("utf-8")
    relay_toml.write_text(shipped)
    one = relay.sample("/github")
    with serve_with_inspector(relay.session, 0, 0, relay_toml) as (webhooks, url):
        page.goto(url)
        httpx.post(webhooks + one.path, content=one.body, headers=one.signed(), timeout=60)
        page.locator("#list li").first.click()

        def edit(said: bool) -> None:
            page.once("dialog", lambda dialog: dialog.accept() if said else dialog.dismiss())
            page.get_by_role("button", name="Try a mapping").click()
            expect(page.locator("#outcome")).to_contain_text("1 entry")
            expect(page.locator("#save")).to_be_disabled()  # nothing has changed
            write_mapping(page, mapping_text(page).replace("event = {", 'event = { detail_type = "git",'))
            expect(page.locator("#outcome")).to_contain_text("1. git")
            page.locator("#save").click()

        edit(said=False)
        assert relay_toml.read_text() == shipped
        page.get_by_role("button", name="Close").click()
        edit(said=True)
        expect(page.locator("#said")).to_have_text("Written to relay.toml; to deploy it, stop and start make run")
        written = relay_toml.read_text()
        rest = 'source = "aws.partner/acme.example/github'
        assert written == shipped.replace(f"event = {{ {rest}", f'event = {{ detail_type = "git", {rest}')
        stale = {"text": "", "version": "of yesterday"}
        assert httpx.put(f"{url}/routes/github", json=stale).status_code == 409
        assert relay_toml.read_text() == written
        page.goto("about:blank")  # its stream ends with it


def test_another_website_can_neither_look_nor_press_a_button(relay: Relay, tmp_path: Path) -> None:
    with serve_with_inspector(relay.session, 0, 0, tmp_path / "relay.toml") as (_, url):
        elsewhere = {"origin": "https://evil.example"}
        assert httpx.post(f"{url}/dead-letters/redrive", headers=elsewhere).status_code == 403
        assert httpx.get(f"{url}/events", headers={"host": "evil.example"}).status_code == 403
        policy = httpx.get(f"{url}/").headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_the_page_says_when_make_run_has_ended(relay: Relay, page: Page, tmp_path: Path) -> None:
    with serve_with_inspector(relay.session, 0, 0, tmp_path / "relay.toml") as (_, url):
        page.goto(url)
        expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#connection")).to_contain_text("is make run still up?")
