"""API Gateway in front of the customer's page, and a browser that has been given a link."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from relay.catalog.event_type import EventType
from relay.config.customer_page import Page
from relay.control.grant import Grant, Scope
from relay.control.page_access import PageAccess, PageServices
from relay.page import static_files
from relay.page.api import PageContent
from relay.page.server import PageServer
from tests.unit.control.gateway import BACKEND
from tests.unit.control.world import SETTINGS, World
from tests.unit.destinations.destinations import NOW

KEY, OLD_KEY = "k" * 64, "o" * 64
URL = "https://page.example/page"
PAGE = Page("Acme", "https://www.acme.example/logo.svg", "#0b5fff")
CATALOG = (
    EventType("order.paid", "An order was paid.", date(2026, 1, 1), None, {"id": 1}, {"type": "object"}),
    EventType("order.old", "Before that.", date(2025, 1, 1), date(2026, 2, 1), {}, {}),
)
ONE = "/page/v1/destinations/prod"
WANTED = {"aws_account_id": "222222222222", "aws_region": "us-east-1"}
ADA = Grant("c42", Scope.MANAGE, "ada@customer.example", "https://app.acme.example/settings")


class Site:
    """The page of a world: its keys, its clock and what it has audited."""

    def __init__(self, world: World, page: Page = PAGE, catalog: tuple[EventType, ...] = CATALOG) -> None:
        self.keys: Sequence[str] = [KEY]
        self.fresh_keys: Sequence[str] | None = None
        self.now = NOW
        self.audit: list[tuple[str, str, Grant]] = []
        self.access = PageAccess(
            PageServices(
                read_keys=lambda: self.keys,
                refresh_keys=lambda: self.keys if self.fresh_keys is None else self.fresh_keys,
                revoked_at=world.revoked.get,
                record=lambda *audit: self.audit.append(audit),
                now=lambda: self.now,
            )
        )
        content = PageContent(page, tuple(SETTINGS.regions), "Ping", 14 * 86400, 600, catalog)
        self.server = PageServer(world.control, self.access, content, static_files.load())

    def link(self, grant: Grant = ADA) -> str:
        """Return the token of a new link."""
        url, _ = self.access.create_link(grant, URL, BACKEND)
        return url.partition("#token=")[2]

    def pass_time(self, **values: float) -> datetime:
        """Let time pass and return the time."""
        self.now += timedelta(**values)
        return self.now

    def request(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, query: str = "", **headers: str
    ) -> tuple[int, Any, dict[str, str]]:
        """Return status, body and headers of the answer."""
        sent = {"content-type": "application/json", **({"authorization": f"Bearer {token}"} if token else {})}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        text = body if isinstance(body, str) else None if body is None else json.dumps(body)
        answer = self.server.answer(event(method, path, text, query, sent), None)
        found = {name.lower(): str(value) for name, value in answer["headers"].items()}
        content = answer["body"]
        is_json = "json" in found.get("content-type", "")
        return answer["statusCode"], json.loads(content) if is_json else content, found

    def open_session(self, grant: Grant = ADA) -> str:
        """Return the token of a new session."""
        status, session, _ = self.request("POST", "/page/v1/session", {"token": self.link(grant)})
        assert status == 200, session
        return str(session["token"])


def event(method: str, path: str, body: str | None, query: str, headers: dict[str, str]) -> dict[str, Any]:
    """Return payload format 2.0 of a request that nobody has authorized."""
    return {
        "version": "2.0",
        "routeKey": "ANY /page/{proxy+}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "queryStringParameters": dict(pair.split("=") for pair in query.split("&")) if query else None,
        "requestContext": {
            "http": {"method": method, "path": path},
            "requestId": "JKJaXmPLvHcESHA=",
            "stage": "$default",
        },
        "body": body,
        "isBase64Encoded": False,
    }
