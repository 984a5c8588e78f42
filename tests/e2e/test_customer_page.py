"""The deployed page: a link from the control API opens it, and what is done on it reaches the customer."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from relay_local.deploy import CUSTOMER
from tests.e2e.conftest import Relay

ADA = {"scope": "manage", "actor": "ada@customer.example"}


class Browser:
    """A browser at the origin of the page; `*.localhost` is this machine, as browsers take it."""

    def __init__(self, relay: Relay, client: httpx.Client) -> None:
        self._relay = relay
        self._client = client

    def get_link(self, customer: str, **wanted: str) -> str:
        """Return a link that the SaaS's backend has asked for."""
        connections = self._relay.session.connections
        assert connections
        return str(connections.api.call("POST", f"/v1/customers/{customer}/links", ADA | wanted)["url"])

    def open(self, url: str, method: str = "GET", body: Any = None, **headers: str) -> httpx.Response:
        """Return what the server of `url` answers."""
        parts = urlsplit(url)
        local = parts._replace(netloc=urlsplit(self._relay.session.aws.url).netloc).geturl()
        sent = {"host": parts.netloc, **headers}
        return self._client.request(method, local, headers=sent, **({} if body is None else {"json": body}))


@pytest.fixture
def browser(relay: Relay) -> Iterator[Browser]:
    with relay.session.aws.http() as client:
        yield Browser(relay, client)


def test_a_customer_opens_a_link_connects_and_receives_a_test_event(relay: Relay, browser: Browser) -> None:
    link, _, fragment = browser.get_link("c77").partition("#")
    page = browser.open(link)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    opened = browser.open(f"{link}/v1/session", "POST", {"token": fragment.removeprefix("token=")})
    assert opened.status_code == 200, opened.text
    bearer = {"authorization": f"Bearer {opened.json()['token']}"}
    one = f"{link}/v1/destinations/prod"
    wanted = {"aws_account_id": CUSTOMER, "aws_region": relay.session.stack.region}
    created = browser.open(one, "PUT", wanted, **bearer)
    assert created.status_code == 201, created.text
    assert created.json()["updated_by"] == "page:ada@customer.example"
    pending = browser.open(f"{one}/ping", "POST", **bearer)
    assert (pending.status_code, pending.json()["code"]) == (409, "source-not-active")
    relay.session.customer.attach(created.json()["source"])
    assert browser.open(f"{one}/release", "POST", **bearer).status_code == 200
    event_id = browser.open(f"{one}/ping", "POST", **bearer).json()["event_id"]
    [event] = relay.received_within(30, 1)
    assert (event["id"], event["detail-type"], event["source"]) == (event_id, "Ping", created.json()["source"])
    assert browser.open(f"{one}?discard=true", "DELETE", **bearer).status_code == 204
    listed = browser.open(f"{link}/v1/destinations", **bearer)
    assert listed.json() == {"destinations": []}


def test_neither_way_in_opens_the_other(relay: Relay, browser: Browser) -> None:
    link, _, fragment = browser.get_link("c43").partition("#")
    opened = browser.open(f"{link}/v1/session", "POST", {"token": fragment.removeprefix("token=")})
    bearer = {"authorization": f"Bearer {opened.json()['token']}"}
    api = link.removesuffix("/page")
    for path in ("/v1/customers/c43/destinations", "/v1/destinations", "/page/../v1/destinations"):
        assert browser.open(api + path, **bearer).status_code in {403, 404}
    connections = relay.session.connections
    assert connections
    unsigned = browser.open(f"{link}/v1/destinations")
    assert unsigned.status_code == 401
    signed = connections.api.call
    with pytest.raises(Exception, match="401"):
        signed("GET", "/page/v1/destinations")


def test_no_token_is_in_any_log(relay: Relay, browser: Browser) -> None:
    link, _, fragment = browser.get_link("c43").partition("#")
    token = fragment.removeprefix("token=")
    session = browser.open(f"{link}/v1/session", "POST", {"token": token}).json()["token"]
    browser.open(f"{link}/v1/destinations", authorization=f"Bearer {session}")
    browser.open(f"{link}/v1/settings", authorization=f"Bearer {token}")  # the wrong one
    logs = relay.client("logs")
    lines: list[str] = []

    def audited() -> bool:
        groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
        lines[:] = [
            event["message"] for name in groups for event in logs.filter_log_events(logGroupName=name)["events"]
        ]
        return any("Session Opened" in line and '"c43"' in line for line in lines)

    relay.until(audited)
    audit = [json.loads(line) for line in lines if "Session Opened" in line]
    assert {"customer": "c43", "scope": "manage", "actor": "ada@customer.example"}.items() <= audit[-1].items()
    for secret in (token, session):
        signature = secret.rpartition(".")[2]
        assert not [line for line in lines if signature in line]
