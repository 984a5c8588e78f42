"""`make run`'s page, in a real browser: what a person does, from the first webhook to the last dead letter."""

import json
import re
import subprocess
import sys
import uuid
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from relay_local import samples
from relay_local.process import ROOT
from tests.e2e.browser import browser, mapping_text, page, write_mapping
from tests.e2e.inspector import PAGE, REPOSITORY, WEBHOOKS, Picture, nothing_simulated, picture, post, sample
from tests.e2e.test_commands import running

__all__ = ["browser", "nothing_simulated", "page", "picture", "running"]  # fixtures


@pytest.mark.usefixtures("running")
def test_from_the_first_webhook_to_the_last_dead_letter(page: Page, picture: Picture) -> None:
    page.goto(PAGE)
    expect(page.locator("#connection")).to_have_text("Live")
    nothing_has_come(page, picture)
    each_sample_appears_within_a_second(page, picture)
    one_is_opened(page, picture)
    another_mapping_is_tried(page, picture)
    a_destination_is_paused_and_resumed(page, picture)
    an_outage_queues_and_its_end_delivers(page)
    a_dead_letter_is_redriven(page, picture)
    expect(page.locator("#chart-received b")).to_have_text("6")


def nothing_has_come(page: Page, picture: Picture) -> None:
    expect(page.locator("#empty")).to_contain_text("No webhooks yet")
    expect(page.locator("#urls li")).to_have_count(4)
    picture(page, "empty")


def each_sample_appears_within_a_second(page: Page, picture: Picture) -> None:
    for number, one in enumerate(samples.load(), 1):
        assert post(one).status_code == 202
        expect(page.locator("#list li")).to_have_count(number, timeout=1000)
    expect(page.locator("#dead")).to_have_text("1")  # the samples have one that EventBridge refuses
    picture(page, "list")


def one_is_opened(page: Page, picture: Picture) -> None:
    page.locator("#list li").filter(has_text="github").click()
    detail = page.locator("#detail")
    expect(detail).to_contain_text("authentic")
    expect(detail).to_contain_text("aws.partner/acme.example/github/octo-org")
    expect(detail.locator(".entry .result")).to_have_text("delivered")
    expect(detail).to_contain_text("As the customer got it")
    expect(page).to_have_url(f"{PAGE}/#/webhooks/1")
    picture(page, "detail")


def another_mapping_is_tried(page: Page, picture: Picture) -> None:
    page.get_by_role("button", name="Try a mapping").click()
    outcome, problems = page.locator("#outcome"), page.locator("#problems")
    expect(outcome).to_contain_text("1 entry")
    assert 'preset = "github"' in mapping_text(page)
    changed = mapping_text(page).replace("event = {", 'event = { detail_type = "git.${headers.x_github_event}",')
    write_mapping(page, changed)
    expect(outcome).to_contain_text("git.push")
    page.locator("#compare").click()
    expect(page.locator("#comparison")).to_contain_text("webhooks would become other entries.")
    expect(page.locator("#comparison summary").first).to_contain_text("other fields: push, detail-type")
    picture(page, "mapping")
    write_mapping(page, changed.replace("headers.x_github_event", "body.no_such[0]"))
    expect(problems).to_contain_text("line 6: route")
    expect(page.locator("#mapping .cm-lintRange-error")).to_have_text("detail_type")
    expect(outcome).to_contain_text("git.push")  # the last result without a problem
    expect(page.locator(".stale-note")).to_be_visible()
    write_mapping(page, changed.replace("detail_type", "detial_type"))
    expect(problems).to_contain_text('did you mean "detail_type"?')
    expect(page.locator("#mapping .cm-lintRange-error")).to_have_text("detial_type")
    expect(page.locator("#save")).to_be_disabled()
    write_mapping(page, changed)
    expect(page.locator(".stale-note")).to_be_hidden()
    page.get_by_role("button", name="Close").click()


def a_destination_is_paused_and_resumed(page: Page, picture: Picture) -> None:
    page.locator("#open-destinations").click()
    first = page.locator("#destination-list .entry").first
    expect(first).to_contain_text("c42/prod")
    expect(first).to_contain_text("delivers")
    first.get_by_role("button", name="Pause").click()
    expect(first).to_contain_text("paused: 0 webhooks held")
    picture(page, "destinations")
    first.get_by_role("button", name="Resume").click()
    expect(first).to_contain_text("delivers")
    first.get_by_role("button", name="Detach the bus").click()
    expect(first).to_contain_text("source-pending", timeout=90_000)  # at the next look
    first.get_by_role("button", name="Attach a bus").click()
    first.get_by_role("button", name="Start delivery").click()
    expect(first).to_contain_text("delivers")
    page.get_by_role("button", name="Close").click()


def an_outage_queues_and_its_end_delivers(page: Page) -> None:
    fate, queued = page.locator("#detail .entry .result"), page.locator("#list li").filter(has_text="queued")
    newest, way = page.locator("#list li").first, page.locator("#detail .timeline").first
    page.locator("#faults").select_option("outage")
    expect(page.locator("#simulation")).to_contain_text("Simulation. EventBridge is out.")
    page.get_by_role("button", name="Replay, freshly signed").click()
    expect(queued).to_have_count(1)
    queued.click()
    expect(fate).to_have_text("queued: ServiceUnavailable")
    expect(page.locator("#retry")).to_have_text("1")
    expect(page.locator("#group-waiting b")).to_have_text("1")
    page.get_by_role("button", name="End").click()
    expect(page.locator("#simulation")).to_be_hidden()
    expect(fate).to_have_text("delivered later", timeout=60_000)
    expect(page.locator("#retry")).to_have_text("0")
    expect(newest).to_contain_text("delivered")
    expect(queued).to_have_count(0)
    for moment in ("received", "1 queued (ServiceUnavailable)", "from the retry queue", "arrived at the customer"):
        expect(way).to_contain_text(moment)


def a_dead_letter_is_redriven(page: Page, picture: Picture) -> None:
    page.locator("#faults").select_option("some")
    expect(page.locator("#said")).to_contain_text("refuses")
    page.get_by_role("button", name="Replay, freshly signed").click()
    expect(page.locator("#list li").filter(has_text="github").filter(has_text="dead-lettered")).to_have_count(1)
    page.locator("#faults").select_option("none")
    expect(page.locator("#dead")).to_have_text("2")
    page.locator("#open-letters").click()
    dialog, newest = page.locator("#dialog"), page.locator("#list li").first
    expect(dialog).to_contain_text("MalformedDetail (1)")
    expect(dialog).to_contain_text("What to do: the message says which field: correct the template.")
    expect(dialog).to_contain_text("What to do: EventBridge was simulated to fail: end the simulation, then redrive.")
    picture(page, "dead-letters")
    page.once("dialog", lambda question: question.dismiss())
    page.locator("#redrive").click()
    expect(page.locator("#dead")).to_have_text("2")
    page.once("dialog", lambda question: question.accept())
    page.locator("#redrive").click()
    expect(newest).to_contain_text("delivered", timeout=60_000)
    # The one whose detail-type is too long is refused again.
    expect(page.locator("#dead")).to_have_text("1")
    expect(page.locator("#list li").filter(has_text="1 dead-lettered")).to_have_count(1)


@pytest.mark.usefixtures("running")
def test_one_dead_letter_is_redriven_or_discarded_after_a_question_and_its_webhook_says_so(page: Page) -> None:
    page.goto(PAGE)
    page.locator("#faults").select_option("some")
    expect(page.locator("#simulation")).to_be_visible()
    posted = [
        post(sample("/github"), json.dumps({"repository": REPOSITORY, "number": each}).encode()) for each in (1, 2)
    ]
    assert [each.json()["dead_lettered"] for each in posted] == [1, 1]
    page.get_by_role("button", name="End").click()
    expect(page.locator("#simulation")).to_be_hidden()
    first, second = page.locator("#list li").nth(1), page.locator("#list li").nth(0)

    def letter_of(row: Locator) -> Locator:
        number = (row.get_attribute("id") or "").removeprefix("webhook-")
        return page.locator("#dialog .entry").filter(has=page.get_by_role("link", name=f"Webhook {number}", exact=True))

    page.locator("#open-letters").click()
    page.once("dialog", lambda question: question.dismiss())
    letter_of(first).get_by_role("button", name="Redrive").click()
    expect(first).to_contain_text("dead-lettered")
    page.once("dialog", lambda question: question.accept())
    letter_of(first).get_by_role("button", name="Redrive").click()
    expect(letter_of(first)).to_have_count(0)
    expect(first).to_contain_text("delivered", timeout=60_000)
    expect(second).to_contain_text("dead-lettered")
    page.once("dialog", lambda question: question.accept())
    letter_of(second).get_by_role("button", name="Discard").click()
    expect(second).to_contain_text("discarded")
    page.get_by_role("button", name="Close").click()
    first.click()
    way = page.locator("#detail .timeline").first
    for moment in ("1 dead-lettered (MalformedDetail)", "sent back to the retry queue by a person", "arrived"):
        expect(way).to_contain_text(moment)


@pytest.mark.usefixtures("running")
def test_what_a_command_redrives_is_seen_too_and_what_is_not_delivered_comes_first(
    page: Page, running: list[str]
) -> None:
    page.goto(PAGE)
    page.locator("#faults").select_option("some")
    expect(page.locator("#simulation")).to_be_visible()
    post(sample("/orders"))
    newest, entries = page.locator("#list li").first, page.locator("#entries > .entry")
    expect(newest).to_contain_text("order.created")
    newest.click()
    expect(entries).to_have_count(45)
    expect(entries.first.locator(".result").first).to_contain_text("dead-lettered")
    expect(entries.last.locator(".result").first).to_have_text("delivered")
    refused = page.locator("#entries > .entry > summary").filter(has_text="dead-lettered")
    before = refused.count()
    assert before > 1
    page.get_by_role("button", name="End").click()
    expect(page.locator("#simulation")).to_be_hidden()
    exports = "".join(line for line in running if line.strip().startswith("export "))
    redrive = f"{exports}.venv/bin/relayctl --stage dev dead-letters redrive --route orders --error MalformedDetail"
    done = subprocess.run(["bash", "-euc", redrive], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    expect(refused).to_have_count(1, timeout=60_000)
    expect(page.locator("#entries > .entry > summary").filter(has_text="delivered later")).to_have_count(before - 1)
    expect(page.locator("#detail .timeline").first).to_contain_text("accepted by EventBridge, from the retry queue")


@pytest.mark.usefixtures("running")
def test_a_window_is_counted_then_sent_again_and_its_webhook_says_so(page: Page, picture: Picture) -> None:
    page.goto(PAGE)
    page.on("dialog", lambda question: question.accept())
    one = sample("/github")
    headers = one.signed(one.body) | {"x-github-event": "star", "x-github-delivery": str(uuid.uuid4())}
    httpx.post(f"{WEBHOOKS}/github", content=one.body, headers=headers, timeout=60).raise_for_status()
    page.get_by_role("button", name="Replay a window…").click()
    form, result, send = page.locator("#replay-form"), page.locator("#replay-result"), page.locator("#replay-send")
    form.get_by_label("Until").fill("2020-01-01T00:00:00")
    page.locator("#replay-count").click()
    expect(result).to_contain_text("is not after --since", timeout=30_000)
    expect(send).to_be_disabled()
    form.get_by_label("Until").fill("")
    form.get_by_label("Route").select_option("github")
    form.get_by_label("Detail-type").fill("star")
    page.locator("#replay-count").click()
    expect(result).to_contain_text("1 entries of 1 webhooks would be sent.", timeout=30_000)
    expect(result.locator("tbody tr")).to_have_text(
        re.compile("aws.partner/acme.example/github/octo-org.*star.*put.*1")
    )
    picture(page, "replay")
    form.get_by_label("Customer").fill("--remap")  # it is a value, whatever it looks like
    expect(send).to_be_disabled()  # it was not counted
    form.get_by_label("Customer").fill("")
    page.locator("#replay-count").click()
    send.click(timeout=30_000)
    expect(result).to_contain_text("sent as replay-", timeout=30_000)
    page.get_by_role("button", name="Close").click()
    page.locator("#list li").first.click()
    timeline = page.locator("#detail .timeline")
    expect(timeline).to_contain_text("accepted by EventBridge once more, sent again by replay-", timeout=30_000)
    expect(timeline.locator("li").filter(has_text="arrived at the customer")).to_have_count(2)


def test_the_terminal_says_why_a_webhook_is_refused_and_what_to_do_about_a_dead_letter(
    page: Page, running: list[str]
) -> None:
    one, begun = sample("/github"), len(running)
    httpx.post(f"{WEBHOOKS}/github", content=one.body, headers=dict(one.headers), timeout=60)
    httpx.post(f"{WEBHOOKS}/githup", content=b"{}", timeout=60)
    httpx.put(f"{PAGE}/faults", json=[{"error_code": "MalformedDetail", "requests": 1}]).raise_for_status()
    post(one)
    page.goto(PAGE)
    expect(page.locator("#list li").first).to_contain_text("dead-lettered")
    said = "".join(running[begun:])
    assert re.search(r"401 POST /github: signature missing: .*x_hub_signature_256", said)
    assert "404 POST /githup: no route has this path; this relay has /orders, /github," in said
    assert "202 POST /github: 1 dead-lettered\n         MalformedDetail: Simulated failure\n" in said
    assert "         what to do: EventBridge was simulated to fail: end the simulation, then redrive\n" in said


@pytest.mark.usefixtures("running")
def test_an_event_of_a_customer_who_is_not_connected_says_the_command_that_connects_them(
    page: Page, running: list[str]
) -> None:
    begun, one = len(running), sample("/orders")
    event = {"type": "order.created", "customer": "c88", "created_at": "2026-11-23T07:09:54Z", "resources": []}
    assert post(one, json.dumps({"events": [event]}).encode()).json()["unsubscribed"] == 1
    page.goto(PAGE)
    newest = page.locator("#list li").first
    expect(newest).to_contain_text("orders · c88")
    newest.click()
    command = "customer c88 has no destination: relayctl destinations create c88 NAME --account ACCOUNT"
    expect(page.locator("#entries .unsent")).to_contain_text(command)
    assert command in "".join(running[begun:])


@pytest.mark.usefixtures("running")
def test_the_commands_that_are_copied_do_what_they_say(page: Page, running: list[str]) -> None:
    page.goto(PAGE)
    post(sample("/github"), b'{"repository":{"owner":{"login":"octo-org"}},"it\'s":"\\u00e9"}')
    page.locator("#list li").first.click()
    for name, answer in (
        ("Copy as curl", '"accepted":1'),
        ("Copy all entries", '"FailedEntryCount": 0'),
        ("Copy for the AWS CLI", '"FailedEntryCount": 0'),
    ):
        page.get_by_role("button", name=name).click()
        expect(page.locator("#said")).to_have_text("The command copied")
        command = page.evaluate("navigator.clipboard.readText()")
        exports = "".join(line for line in running if line.strip().startswith("export "))
        bash = ["bash", "-euc", f"export PATH={Path(sys.executable).parent}:$PATH\n{exports}{command}"]
        done = subprocess.run(bash, capture_output=True, text=True, check=False)
        assert answer in done.stdout, done.stderr
        page.locator("#said").evaluate("one => { one.textContent = ''; }")
