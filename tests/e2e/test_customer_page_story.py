"""The customer's page, in a real browser: from a link to the first event, and what a customer does afterwards."""

import json
import re
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from relay_local.deploy import CUSTOMER
from relay_local.process import ROOT
from relay_local.samples import SIGNERS
from tests.conftest import PRINTED_AT_THE_END
from tests.e2e.browser import browser, page
from tests.e2e.conftest import Relay
from tests.e2e.customer_page import ACTOR, Link, link

__all__ = ["browser", "link", "page"]  # fixtures

PICTURES = ROOT / "docs" / "pictures"
NOTICED = 120_000
"""Milliseconds in which the reconciler has looked at a source and the page has asked."""
Picture = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def picture(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Picture:
    """Take the documentation's pictures; into it with `--update-pictures`."""
    folder = PICTURES if request.config.getoption("--update-pictures") else tmp_path_factory.mktemp("pictures")

    def take(page: Page, name: str) -> None:
        page.set_viewport_size({"width": 1000, "height": 760})
        page.screenshot(path=folder / f"customer-{name}.png")

    return take


@pytest.fixture
def customer() -> str:
    """Return a customer whom no other test knows."""
    return f"page-{uuid4().hex[:8]}"


class Clock:
    """The time line of a first connection, printed when the tests are done."""

    def __init__(self, record_property: Callable[[str, object], None], heading: str) -> None:
        self._record, self._heading = record_property, heading
        self._begun = time.monotonic()

    def begin(self) -> None:
        """Begin: the customer has pressed the button."""
        self._begun = time.monotonic()

    def note(self, what: str) -> None:
        """Note that this happened now."""
        self._record(PRINTED_AT_THE_END, [self._heading, f"  {time.monotonic() - self._begun:5.1f}  {what}"])


@pytest.fixture
def clock(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Clock:
    return Clock(record_property, f"{request.node.name}, in seconds since “Yes, connect it”:")


def post(relay: Relay, customer: str, *numbers: int) -> str:
    """Post one webhook with an event for each number, as the SaaS does; return the answer."""
    sample = relay.sample("/orders")
    event = {"type": "order.created", "customer": customer, "created_at": "2026-11-23T07:09:54Z", "resources": []}
    body = json.dumps({"events": [{**event, "number": number} for number in numbers]}).encode()
    headers = SIGNERS["standard-webhooks"](sample.secret, body) | {"content-type": "application/json"}
    answer = relay.post("/orders", body, headers)
    assert answer.status_code == 202, answer.text
    return answer.text


def arrived(relay: Relay, customer: str, count: int = 1) -> list[dict[str, Any]]:
    """Return what reaches the customer until there are so many events; what others receive is passed over."""
    events: list[dict[str, Any]] = []

    def enough() -> bool:
        events.extend(event for event in relay.received() if f"/{customer}/" in event["source"])
        return len(events) >= count

    relay.until(enough)
    return events


def first(relay: Relay, customer: str, is_wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the first event of this kind that reaches the customer; those before it are passed over."""
    while True:
        for event in arrived(relay, customer):
            if is_wanted(event):
                return event


def test_a_customer_connects_and_receives_what_waited_and_what_comes(
    relay: Relay, link: Link, page: Page, customer: str, picture: Picture, clock: Clock
) -> None:
    page.goto(link(customer))
    expect(page.get_by_role("heading", level=1)).to_have_text("Events from Acme")
    assert "token" not in page.url
    connect(page, picture, clock)
    card = page.get_by_role("region", name="prod")
    its_source_can_be_copied(page, card, customer)
    what_comes_waits_for_the_customer(relay, page, card, customer, picture, clock)
    its_side_is_handed_over_as_code(page, card, picture)
    the_bus_is_attached_and_delivery_is_started(relay, page, card, customer, picture, clock)
    a_test_event_arrives(relay, card, customer)
    it_is_paused_and_resumed(relay, card, customer)
    it_is_disconnected(relay, page, card, customer)


def test_a_test_event_looks_at_once_so_that_nobody_waits_for_the_next_look(
    relay: Relay, link: Link, page: Page, customer: str, picture: Picture, clock: Clock
) -> None:
    page.goto(link(customer))
    connect(page, picture, clock)
    post(relay, customer, 7)
    card = page.get_by_role("region", name="prod")
    relay.session.customer.attach(source_of(card))
    card.get_by_role("button", name="Send a test event").click()
    expect(card).to_contain_text("Sent: detail-type Ping, id ")
    assert [event["detail-type"] for event in arrived(relay, customer)] == ["Ping"]
    clock.note("the customer has attached a bus with a rule, and a test event has arrived")
    card.get_by_role("button", name="Start delivery").click()
    assert [event["detail"]["number"] for event in arrived(relay, customer)] == [7]
    clock.note("delivery was started, and the event that waited has arrived")


def connect(page: Page, picture: Picture, clock: Clock) -> None:
    page.get_by_role("button", name="Connect an AWS account").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("prod")
    account = dialog.get_by_role("textbox", name="AWS account")
    account.fill("2222-2222-222")
    dialog.get_by_role("button", name="Continue").click()
    expect(dialog).to_contain_text("Expected 12 digits, got 11")
    expect(account).to_be_focused()
    account.fill("2222-2222-2222")
    expect(dialog.locator("#repeated")).to_have_text("2222 2222 2222")
    expect(dialog).to_contain_text("in steps of 64 KB, also an event that none of your rules matches")
    picture(page, "connect")
    dialog.get_by_role("button", name="Continue").click()
    expect(dialog.locator("#account-check")).to_have_text("2222 2222 2222")
    picture(page, "account")
    clock.begin()
    dialog.get_by_role("button", name="Yes, connect it").click()
    expect(page.get_by_role("heading", name="prod")).to_be_focused()
    clock.note("connected: the page shows the source, a bus can be attached")


def its_source_can_be_copied(page: Page, card: Locator, customer: str) -> None:
    expect(card.locator(".copyable code")).to_contain_text(f"aws.partner/acme.example/{customer}/prod-")
    card.get_by_role("button", name="Copy the source's name").click()
    expect(page.locator("#said")).to_have_text("The source's name copied")
    assert page.evaluate("navigator.clipboard.readText()") == source_of(card)
    console = card.get_by_role("link", name="Open the EventBridge console in us-east-1")
    expect(console).to_have_attribute(
        "href", "https://us-east-1.console.aws.amazon.com/events/home?region=us-east-1#/partners"
    )


def source_of(card: Locator) -> str:
    return card.locator(".copyable code").inner_text()


def what_comes_waits_for_the_customer(
    relay: Relay, page: Page, card: Locator, customer: str, picture: Picture, clock: Clock
) -> None:
    post(relay, customer, 1, 2)
    post(relay, customer, 3)
    expect(card).to_contain_text("Your turn: no event bus is attached yet")
    expect(card).to_contain_text("(in 6 days 23 hours) unless it has a bus by then", timeout=NOTICED)
    clock.note("the page has the source's clock: the first look")
    expect(card).to_contain_text("2 messages with events wait for you. The oldest came on", timeout=NOTICED)
    picture(page, "pending")
    card.get_by_role("button", name="Send a test event").click()
    expect(card).to_contain_text("The source is pending: attach an event bus")


def its_side_is_handed_over_as_code(page: Page, card: Locator, picture: Picture) -> None:
    card.get_by_text("Set up your side as code").click()
    code = card.get_by_label("Code for your account")
    for form, part in (("cloudformation", "AWS::Events::EventBus"), ("terraform", "aws_cloudwatch_event_bus")):
        card.get_by_label("As", exact=True).select_option(form)
        expect(code).to_contain_text(part)
        expect(code).to_contain_text(source_of(card))
    with page.expect_download() as download:
        card.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "eventbridge.tf"
    assert download.value.path().read_text("utf-8") == code.text_content()
    picture(page, "handover")


def the_bus_is_attached_and_delivery_is_started(
    relay: Relay, page: Page, card: Locator, customer: str, picture: Picture, clock: Clock
) -> None:
    relay.session.customer.attach(source_of(card))
    clock.note("the customer attaches a bus with a rule")
    expect(card).to_contain_text("Your turn: create your rules, then start delivery", timeout=NOTICED)
    clock.note("the page sees the bus")
    expect(card).not_to_contain_text("The source is pending")
    assert arrived(relay, customer, 0) == []  # what waited still waits: for the customer's rules
    picture(page, "settling")
    card.get_by_role("button", name="Start delivery").click()
    clock.note("the customer starts delivery")
    events = arrived(relay, customer, 3)
    clock.note("the three events that waited have arrived")
    assert sorted(event["detail"]["number"] for event in events) == [1, 2, 3]
    assert {(event["source"], event["account"]) for event in events} == {(source_of(card), CUSTOMER)}
    expect(card).to_contain_text("Connected: events are delivered as they come", timeout=NOTICED)
    relay.until(lambda: '"held"' not in post(relay, customer, 4))
    clock.note("a new event is delivered at once")
    assert arrived(relay, customer)


def a_test_event_arrives(relay: Relay, card: Locator, customer: str) -> None:
    card.get_by_role("button", name="Send a test event").click()
    expect(card).to_contain_text("Sent: detail-type Ping, id ")
    ping = first(relay, customer, lambda event: event["detail-type"] == "Ping")
    assert ping["source"] == source_of(card)
    expect(card).to_contain_text(ping["id"])


def it_is_paused_and_resumed(relay: Relay, card: Locator, customer: str) -> None:
    card.get_by_role("button", name="Pause").click()
    expect(card.locator(".turn")).to_contain_text("Paused")
    expect(card).to_contain_text(f"by {ACTOR} on this page")
    relay.until(lambda: '"held"' in post(relay, customer, 5))  # when every function knows it
    card.get_by_role("button", name="Resume").click()
    expect(card.locator(".turn")).to_contain_text("Connected")
    first(relay, customer, lambda event: event["detail"].get("number") == 5)


def it_is_disconnected(relay: Relay, page: Page, card: Locator, customer: str) -> None:
    source = source_of(card)
    card.get_by_role("button", name="Pause").click()
    expect(card.locator(".turn")).to_contain_text("Paused")
    relay.until(lambda: '"held"' in post(relay, customer, 6))
    card.get_by_role("button", name="Disconnect").click()
    dialog = page.get_by_role("dialog", name="Disconnect prod?")
    dialog.get_by_role("button", name="Disconnect").click()
    expect(dialog).to_contain_text(re.compile(r"(1 message waits|\d+ messages wait) for you and would be deleted\."))
    dialog.get_by_role("button", name="Delete what waits and disconnect").click()
    expect(card).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    assert source not in [
        each["Name"]
        for each in relay.client("events").list_partner_event_sources(NamePrefix=source)["PartnerEventSources"]
    ]
