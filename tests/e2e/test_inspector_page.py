"""The inspector's page itself, in a real browser: the editor, the search, the keyboard, every size, a flood, script."""

import json
import time
import uuid
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from relay_local.samples import SIGNERS
from tests.e2e.browser import CONTRAST, browser, mapping_text, page, write_mapping
from tests.e2e.inspector import PAGE, REPOSITORY, WEBHOOKS, Picture, nothing_simulated, picture, post, sample
from tests.e2e.test_commands import running

__all__ = ["browser", "nothing_simulated", "page", "picture", "running"]  # fixtures


@pytest.mark.usefixtures("running")
def test_a_refused_webhook_says_why_and_shows_nothing_as_delivered_that_is_equal(page: Page) -> None:
    one, body = sample("/github"), json.dumps({"repository": REPOSITORY, "unique": str(uuid.uuid4())}).encode()
    httpx.post(f"{WEBHOOKS}/github", content=body, headers=dict(one.headers), timeout=60)
    assert post(one, body).json()["accepted"] == 1
    page.goto(PAGE)
    genuine, refused = page.locator("#list li").nth(0), page.locator("#list li").nth(1)
    expect(genuine).to_contain_text("delivered")
    expect(refused).to_contain_text("401 signature missing: ${headers.x_hub_signature_256}")
    refused.click()
    expect(page.locator("#detail .head").first).to_contain_text("signature missing")
    page.locator("#detail summary").filter(has_text="What it would have become: 1 entry").click()
    expect(page.locator("#detail .entry .result")).to_have_text("not sent: the webhook was refused")
    expect(page.locator("#detail")).not_to_contain_text("As the customer got it")


@pytest.mark.usefixtures("running")
def test_what_a_webhook_brings_is_text_in_every_field(page: Page) -> None:
    attack = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    page.goto(PAGE)
    one = sample("/orders")
    event = {
        "type": attack * 2,  # too long for EventBridge
        "customer": "c42",
        "created_at": "2026-11-23T07:09:54Z",
        "resources": [attack],
        "order": {attack: attack},
    }
    body = json.dumps({"events": [event]}).encode()
    headers = SIGNERS["standard-webhooks"](one.secret, body) | {"x-note": attack, "content-type": "application/json"}
    url = f"{WEBHOOKS}{one.path}?{httpx.QueryParams({attack: attack})}"
    assert httpx.post(url, content=body, headers=headers, timeout=60).json()["dead_lettered"] == 1
    httpx.post(f"{WEBHOOKS}/{attack}", content=attack.encode(), headers={"content-type": attack}, timeout=60)
    for row in (page.locator("#list li").nth(0), page.locator("#list li").nth(1)):
        row.click()
        expect(page.locator("#detail h2").first).to_contain_text("POST")
        open_everything(page)
    page.locator("#open-letters").click()
    expect(page.locator("#dialog")).to_contain_text(attack)
    assert page.title() == "Partner Event Relay"
    assert page.locator("#list img, #detail img, #dialog img, body script").count() == 0


def open_everything(page: Page) -> None:
    """Open what is folded, and what is folded in that."""
    closed = page.locator("#detail details:not([open])")
    while closed.count():
        closed.first.evaluate("one => new Promise(done => { one.addEventListener('toggle', done); one.open = true; })")


@pytest.mark.usefixtures("running")
def test_the_editor_completes_keys_their_values_and_what_this_webhook_has(page: Page) -> None:
    page.goto(PAGE)
    post(sample("/github"))
    expect(page.locator("#list li").first).to_contain_text("push")
    page.locator("#list li").first.click()
    page.get_by_role("button", name="Try a mapping").click()
    expect(page.locator("#outcome")).to_contain_text("1 entry")
    offered = page.locator("#mapping .cm-tooltip-autocomplete li[aria-selected=true]")
    text = mapping_text(page)

    def complete(typed: str, proposal: str) -> None:
        page.keyboard.type(typed)
        page.keyboard.press("Control+Space")
        expect(offered).to_contain_text(proposal)
        offered.click()

    write_mapping(page, text)
    page.keyboard.press("Control+End")
    complete("on_ov", "on_oversize")
    complete('"cl', "claim-check")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    complete("body_f", "body_format")
    assert mapping_text(page).removeprefix(text).split("\n") == ['on_oversize = "claim-check"', "body_format = "]
    write_mapping(page, text.partition("event = {")[0] + "event = { ")
    complete("detail_t", "detail_type")
    complete('"${body.repository.own', "owner")
    complete(".log", "login")
    assert mapping_text(page).endswith('event = { detail_type = "${body.repository.owner.login"')


@pytest.mark.usefixtures("running")
def test_a_key_of_the_webhook_that_is_pressed_is_inserted_as_a_template(page: Page) -> None:
    page.goto(PAGE)
    post(sample("/github"), b'{"repository":{"owner":{"login":"octo-org"}},"strange key":{"x-y":1}}')
    expect(page.locator("#list li").first).to_contain_text("push")
    page.locator("#list li").first.click()
    page.get_by_role("button", name="Try a mapping").click()
    expect(page.locator("#outcome")).to_contain_text("1 entry")
    write_mapping(page, f"{mapping_text(page).rstrip()}\ncustomer = ")
    page.locator(".values").get_by_role("button", name='"x-y"').click()
    assert mapping_text(page).endswith(r'customer = "${body.\"strange key\".\"x-y\"}"')
    write_mapping(page, 'customer = "${')
    page.locator(".values").get_by_role("button", name='"login"').click()
    assert mapping_text(page) == 'customer = "${body.repository.owner.login'


@pytest.mark.usefixtures("running")
def test_nothing_is_fetched_from_elsewhere_and_the_policy_forbids_it(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(PAGE)
    post(sample("/github"))
    page.locator("#list li").first.click()
    page.get_by_role("button", name="Try a mapping").click()
    expect(page.locator("#mapping .cm-line").first).to_have_text("[[route]]")
    assert f"{PAGE}/built/codemirror.js" in asked
    assert [url for url in asked if not url.startswith((PAGE, "data:"))] == []
    assert (
        page.locator("#mapping .cm-gutters").evaluate("one => getComputedStyle(one).display") == "flex"
    )  # its styles hold


@pytest.mark.usefixtures("running")
def test_a_webhook_is_found_by_an_id_a_customer_or_any_text_in_it(page: Page) -> None:
    page.goto(PAGE)
    push = b'{"repository":{"owner":{"login":"octo-org"}},"pusher":"Zo\\u00eb","number":12345678901234567890}'
    posted = post(sample("/github"), push)
    post(sample("/orders"))
    [event_id] = (entry["event_id"] for entry in posted.json()["entries"])
    rows, search = page.locator("#list li:not([hidden])"), page.locator("#search")
    for query in (event_id, "12345678901234567890", "zoë type:push", "source:github/octo-org 1234567890123"):
        search.fill(query)
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("push")
    search.fill("customer:c42")
    expect(rows.first).to_contain_text("order.created")
    search.fill("no webhook has this")
    expect(page.locator("#none")).to_have_text("No webhook matches.")
    search.fill("12345678901234567890")
    expect(rows).to_have_count(1)
    rows.click()
    expect(page.locator("#detail .json .number").first).to_have_text(
        "12345678901234567890"
    )  # not what a float makes of it


@pytest.mark.usefixtures("running")
def test_buttons_show_the_webhooks_of_one_result(page: Page) -> None:
    page.goto(PAGE)
    httpx.post(f"{WEBHOOKS}/github", content=b"{}", timeout=60)
    post(sample("/github"))
    newest = page.locator("#list li").first
    expect(newest).to_contain_text("push")
    page.locator("#group-rejected").click()
    expect(newest).to_be_hidden()
    shown = page.locator("#list li:not([hidden])")
    expect(shown.first).to_contain_text("401")
    expect(page.locator("#group-rejected b")).to_have_text(str(shown.count()))
    page.locator("#group-accepted").click()
    expect(newest).to_be_visible()


@pytest.mark.usefixtures("running")
def test_each_webhook_has_an_address_and_the_back_button_goes_back(page: Page) -> None:
    page.goto(PAGE)
    post(sample("/github"))
    post(sample("/stripe"))
    title, rows = page.locator("#detail h2").first, page.locator("#list li")
    expect(rows.first).to_contain_text("invoice.paid")
    rows.nth(0).click()
    expect(title).to_have_text("POST /stripe")
    rows.nth(1).click()
    expect(title).to_have_text("POST /github")
    page.reload()
    expect(title).to_have_text("POST /github")
    expect(page.locator('#list li[aria-selected="true"]')).to_contain_text("push")
    page.go_back()
    expect(title).to_have_text("POST /stripe")
    page.goto(f"{PAGE}/#/webhooks/999999")
    expect(page.locator("#detail")).to_contain_text("no longer stored")


@pytest.mark.usefixtures("running")
def test_json_folds_and_stays_folded_while_more_becomes_known(page: Page) -> None:
    page.goto(PAGE)
    page.locator("#faults").select_option("outage")
    expect(page.locator("#simulation")).to_be_visible()
    post(sample("/github"), b'{"repository":{"owner":{"login":"octo-org"}},"list":[{"deep":{"deeper":"here"}}]}')
    page.locator("#list li").filter(has_text="queued").first.click()
    owner, deep = (page.locator("#detail .block .string").filter(has_text=text) for text in ("octo-org", "here"))
    expect(deep).to_be_visible()
    page.locator("#detail .block summary").filter(has_text='"list"').click()
    expect(deep).to_be_hidden()
    page.get_by_role("button", name="End").click()
    expect(page.locator("#detail .entry .result")).to_have_text("delivered later", timeout=60_000)
    expect(deep).to_be_hidden()
    expect(owner).to_be_visible()


@pytest.mark.usefixtures("running")
def test_everything_can_be_done_with_the_keyboard(page: Page) -> None:
    page.goto(PAGE)
    post(sample("/github"))
    post(sample("/stripe"))
    expect(page.locator("#list li").first).to_contain_text("stripe")
    page.locator("#list").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#detail h2").first).to_have_text("POST /github")
    expect(page.locator("#detail")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#list")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("route:stripe")
    expect(page.locator("#list li:not([hidden])").first).to_contain_text("stripe")
    expect(page.locator("#list li").filter(has_text="github").first).to_be_hidden()


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_can_be_read_on_a_desk_and_on_a_telephone(
    browser: Browser, picture: Picture, width: int, scheme: str
) -> None:
    post(sample("/orders"))
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    page.goto(PAGE)
    expect(page.locator("#list li").first).to_be_in_viewport(ratio=0.9)
    page.locator("#list li").first.click()
    expect(page.locator("#detail .entry").first).to_be_visible()
    for part in page.locator("#detail details").all()[:6]:
        part.evaluate("one => { one.open = true; }")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if (width, scheme) == (390, "dark"):
        picture(page, "telephone")
    contrast = page.evaluate(CONTRAST)
    assert contrast >= 4.5, contrast  # https://www.w3.org/TR/WCAG22/#contrast-minimum
    context.close()


@pytest.mark.usefixtures("running")
def test_a_thousand_webhooks_in_a_minute_leave_the_page_responsive_and_the_memory_bounded(page: Page) -> None:
    page.goto(PAGE)
    post(sample("/github"))
    [run] = [
        path.parent
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if path.read_bytes().split(b"\0")[1:3] == [b"-m", b"relay_local.run"]
    ]
    [emulator] = (run / "task" / run.name / "children").read_text().split()

    def megabytes() -> float:
        lines = [line for one in (run, Path("/proc") / emulator) for line in (one / "status").read_text().splitlines()]
        return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

    before, one = megabytes(), sample("/github")
    begun, slowest = time.monotonic(), 0.0
    with httpx.Client(base_url=WEBHOOKS, timeout=60) as client:
        for number in range(1000):
            body = json.dumps({"repository": {"owner": {"login": "octo-org"}}, "number": number}).encode()
            assert client.post(one.path, content=body, headers=one.signed(body)).status_code == 202
            if number % 100 == 50:
                at = time.monotonic()
                page.locator("#list li").first.click()
                expect(page.locator("#detail h2").first).to_have_text("POST /github")
                slowest = max(slowest, time.monotonic() - at)
    assert time.monotonic() - begun < 60
    assert slowest < 1
    expect(page.locator("#list li")).to_have_count(500)  # the last ones
    assert megabytes() - before < 60
