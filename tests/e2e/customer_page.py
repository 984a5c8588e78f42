"""Links to the customer's page, and every state that a destination can be in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, Route

from relay_local.process import HOST, ROOT
from tests.e2e.conftest import Relay

AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RETURN_URL = "https://app.acme.example/settings"
ACTOR = "jane@customer.example"
ATTACK = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


Link = Callable[..., str]
"""Return a link to the page of a customer, by `scope` and `actor`."""


@pytest.fixture
def link(relay: Relay) -> Link:
    """Return what makes a link, as the SaaS's backend does."""

    def create(customer: str, scope: str = "manage", actor: str = ACTOR) -> str:
        wanted = {"scope": scope, "actor": actor, "return_url": RETURN_URL}
        assert relay.session.connections
        return str(relay.session.connections.api.call("POST", f"/v1/customers/{customer}/links", wanted)["url"])

    return create


def mistakes_of_accessibility(page: Page) -> list[str]:
    """Return what axe-core finds on the page as it is now.

    https://github.com/dequelabs/axe-core/blob/develop/doc/rule-descriptions.md
    """
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    contrasts = [one for one in found["passes"] if one["id"] == "color-contrast"]
    assert contrasts, "axe-core measured no contrast"
    return [
        f"{one['id']}: {node['html']} {node['failureSummary']}" for one in found["violations"] for node in one["nodes"]
    ]


def states() -> dict[str, tuple[dict[str, Any], str]]:
    """Return, for each state by a name, how its destination differs from one that is active, and what the page says."""
    now = datetime.now(UTC)
    held = {
        "webhooks": 3,
        "at_least": False,
        "oldest_at": (now - timedelta(hours=2)).isoformat(),
        "as_of": now.isoformat(),
    }
    pending = {
        "source_status": "pending",
        "source_status_at": now.isoformat(),
        "holding": "source-pending",
        "was_active": False,
    }
    week, fortnight = ((now + timedelta(days=days)).isoformat() for days in (7, 14))
    return {
        "never-attached": ({**pending, "expires_at": week, "held": held}, "Your turn: no event bus is attached yet"),
        "bus-deleted": (
            {**pending, "expires_at": week, "was_active": True},
            "Your turn: the event bus was deleted in your account",
        ),
        "deactivated": (
            {**pending, "expires_at": fortnight, "was_active": True},
            "Your turn: the source is deactivated in your account",
        ),
        "settling": (
            {"holding": "settling", "held": {**held, "at_least": True}},
            "Your turn: create your rules, then start delivery",
        ),
        "delivers": (
            {"detail_types": ["order.created", "order.*", ATTACK]},
            "Connected: events are delivered as they come",
        ),
        "releasing": ({"held": held}, "Connected: what waited is being delivered"),
        "refused": ({"holding": "refused", "last_error": ATTACK}, "EventBridge refuses the events; our turn"),
        "paused": ({"status": "paused", "holding": "paused", "updated_by": f"page:{ATTACK}"}, "Paused"),
        "missing": ({"source_status": "missing", "holding": "source-missing"}, "The source is gone; our turn"),
        "expired": (
            {"status": "disabled", "status_reason": "never-attached", "source_status": "missing"},
            "Expired: no event bus was attached in time",
        ),
        "stopped": (
            {"status": "disabled", "status_reason": "refused", "description": ATTACK},
            "Stopped: EventBridge refuses the events",
        ),
    }


CATALOG = [
    {
        "detail_type": "order.created",
        "description": "An order was placed.",
        "deprecated": False,
        "sample": {"note": ATTACK},
    },
    {"detail_type": "order.paid", "description": ATTACK, "deprecated": True, "sample": None},
]


def answer_settings(page: Page, **changed: Any) -> None:
    """Let the page have other settings than those of the deployed relay, such as another color."""
    _change(page, "**/page/v1/settings", lambda real: {**real, **changed})


def answer_every_state(page: Page) -> None:
    """Let the page have a destination in each state instead of the only one that is there."""

    def change(real: dict[str, Any]) -> dict[str, Any]:
        [only] = real["destinations"]
        active = {**only, "source_status": "active", "holding": None, "held": None, "expires_at": None}
        changed = [
            {**active, "name": name, "source": f"{only['source']}-{name}", **differs}
            for name, (differs, _) in states().items()
        ]
        return {"destinations": changed}

    _change(page, "**/page/v1/destinations", change)
    page.route("**/handover?as=*", lambda route: route.fulfill(json={"text": ATTACK}))


def _change(page: Page, url: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Let the page have a changed answer in place of the real one, with the same headers."""

    def answer(route: Route) -> None:
        asked = urlsplit(route.request.url)
        # Only browsers know that every name below `localhost` is this machine.
        address = asked._replace(netloc=f"{HOST}:{asked.port}").geturl()
        headers = {"authorization": route.request.headers["authorization"], "host": asked.netloc}
        real = httpx.get(address, headers=headers, verify=False, timeout=60)
        route.fulfill(status=real.status_code, headers=dict(real.headers), json=change(real.json()))

    page.route(url, answer)
