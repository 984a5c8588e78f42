"""GitHub's deliveries of one webhook: which of them failed, and asking GitHub to make them again.

https://docs.github.com/en/rest/repos/webhooks, /rest/orgs/webhooks and /rest/apps/webhooks describe the operations, and
https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries when a delivery has failed.
"""

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx

from relayctl import sender_api
from relayctl.sender_api import UNTOLD_WAIT_SECONDS, Api, Delivery, SenderError

API_URL = "https://api.github.com"
PAGE = 100
PAUSE_SECONDS = 1
"""Between requests that change something: https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api."""

_HOOK = re.compile(r"(?P<owner>[\w-]+)/(?:(?P<repo>(?!\.\.?/)[\w.-]+)/)?(?P<id>[0-9]+)", re.ASCII)
_HINTS = {
    401: "GitHub does not accept the token: it is wrong or has expired; an app needs a JSON Web Token",
    403: "no such webhook, or the token may not see it; docs/how-to/recover.md says what it needs",
    404: "no such webhook, or the token may not see it; docs/how-to/recover.md says what it needs",
}


def hook_path(hook: str) -> str:
    """Return the API's path of `OWNER/REPOSITORY/ID`, `ORGANIZATION/ID` or `app`. Raise ValueError."""
    if hook == "app":
        return "/app/hook"
    if not (match := _HOOK.fullmatch(hook)):
        raise ValueError(f'expected OWNER/REPOSITORY/ID, ORGANIZATION/ID or app, got "{hook}"')
    if match["repo"]:
        return f"/repos/{match['owner']}/{match['repo']}/hooks/{match['id']}"
    return f"/orgs/{match['owner']}/hooks/{match['id']}"


def api_client(url: str, token: str) -> httpx.Client:
    """Return a client of GitHub's API. Raise ValueError if the token would travel in the clear."""
    headers = {
        "accept": "application/vnd.github+json",
        "authorization": f"Bearer {token}",
        "x-github-api-version": "2022-11-28",
    }
    return sender_api.api_client(url, headers)


class Hook:
    """One webhook of a repository, an organization or an app, in GitHub's API. Its methods raise SenderError."""

    def __init__(self, client: httpx.Client, path: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._api = Api("GitHub", client, _HINTS, sleep, _wait)
        self._deliveries = f"{path}/deliveries"

    def failed(self, since: datetime) -> list[Delivery]:
        """Return the last attempt of each event that was tried since then and never succeeded, oldest first."""
        last: dict[str, Delivery] = {}
        delivered = set()
        for delivery, status in self._attempts(since):
            if status == "OK":
                delivered.add(delivery.guid)
            last.setdefault(delivery.guid, delivery)
        return [delivery for guid, delivery in reversed(last.items()) if guid not in delivered]

    def redeliver(self, delivery: Delivery) -> None:
        """Ask GitHub to deliver once more: it signs anew, and the delivery id stays."""
        self._api.sleep(PAUSE_SECONDS)
        self._api.ask("POST", f"{self._deliveries}/{delivery.id}/attempts")

    def _attempts(self, since: datetime) -> Iterator[tuple[Delivery, str]]:
        """Yield the attempts since then with their status, newest first, as GitHub lists them."""
        url: httpx.URL | str | None = f"{self._deliveries}?per_page={PAGE}"
        while url:
            response = self._api.ask("GET", url)
            page = _parse(response)
            yield from (attempt for attempt in page if attempt[0].delivered_at >= since)
            url = self._next(response) if page and page[-1][0].delivered_at >= since else None

    def _next(self, response: httpx.Response) -> httpx.URL | None:
        """Return the URL of the next page: GitHub's, because the token goes there."""
        try:
            link = httpx.URL(response.links.get("next", {}).get("url", ""))
        except httpx.InvalidURL as error:
            raise SenderError("GitHub's answer names a next page that is no URL.") from error
        if not str(link):
            return None
        base = self._api.base_url
        if (link.scheme, link.host, link.port) != (base.scheme, base.host, base.port):
            raise SenderError(
                f"GitHub's answer names a next page elsewhere, at {link.host}: the token is not sent there."
            )
        return link


def _wait(response: httpx.Response, now: float) -> float | None:
    """Return for how many seconds GitHub wants to be left alone, None if it answered.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
    """
    if response.status_code not in {httpx.codes.FORBIDDEN, httpx.codes.TOO_MANY_REQUESTS}:
        return None
    after, reset = (response.headers.get(name, "") for name in ("retry-after", "x-ratelimit-reset"))
    if re.fullmatch("[0-9]{1,9}", after):
        return float(after)
    if response.headers.get("x-ratelimit-remaining") == "0" and re.fullmatch("[0-9]{1,12}", reset):
        return max(0.0, float(reset) - now) + 1
    is_limit = response.status_code == httpx.codes.TOO_MANY_REQUESTS or "rate limit" in response.text.lower()
    return UNTOLD_WAIT_SECONDS if is_limit else None


def _parse(response: httpx.Response) -> list[tuple[Delivery, str]]:
    try:
        return [_delivery(item) for item in response.json()]
    except (ValueError, LookupError, TypeError) as error:
        raise SenderError(f"{response.request.url.path}: the answer is no list of deliveries.") from error


def _delivery(item: Any) -> tuple[Delivery, str]:
    at = datetime.fromisoformat(item["delivered_at"])
    event = ".".join(filter(None, (item["event"], item.get("action"))))
    status = f"{int(item['status_code'])} {item['status']}"
    return Delivery(str(item["id"]), str(item["guid"]), event, at.astimezone(UTC), status), str(item["status"])
