"""GitHub's deliveries of one webhook: which of them failed, and asking GitHub to make them again.

https://docs.github.com/en/rest/repos/webhooks, /rest/orgs/webhooks and /rest/apps/webhooks describe the operations, and
https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries when a delivery has failed.
"""

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx

from relayctl import output

API_URL = "https://api.github.com"
PAGE = 100
TIMEOUT_SECONDS = 30
ATTEMPTS = 4
MAX_WAIT_SECONDS = 300
UNTOLD_WAIT_SECONDS = 60
PAUSE_SECONDS = 1
"""Between requests that change something: https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api."""

_HOOK = re.compile(r"(?P<owner>[\w-]+)/(?:(?P<repo>(?!\.\.?/)[\w.-]+)/)?(?P<id>[0-9]+)", re.ASCII)
_LOCAL = {"127.0.0.1", "localhost", "::1"}


class GitHubError(Exception):
    """GitHub did not do what it was asked; the message says why, and what to do."""


class Delivery(NamedTuple):
    """One attempt to deliver an event; `guid` is the event's, which the relay sees as X-GitHub-Delivery."""

    id: int
    guid: str
    event: str
    delivered_at: datetime
    status: str
    status_code: int


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
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f'expected an URL, got "{url}"') from error
    if parsed.scheme != "https" and not (parsed.scheme == "http" and parsed.host in _LOCAL):
        raise ValueError(f'expected https://…, got "{url}"')
    headers = {
        "accept": "application/vnd.github+json",
        "authorization": f"Bearer {token}",
        "x-github-api-version": "2022-11-28",
        "user-agent": "relayctl",
    }
    return httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_SECONDS)


class Hook:
    """One webhook of a repository, an organization or an app, in GitHub's API. Its methods raise GitHubError."""

    def __init__(self, client: httpx.Client, path: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._deliveries = f"{path}/deliveries"
        self._sleep = sleep

    def failed(self, since: datetime) -> list[Delivery]:
        """Return the last attempt of each event that was tried since then and never succeeded, oldest first."""
        last: dict[str, Delivery] = {}
        delivered = set()
        for delivery in self._attempts(since):
            if delivery.status == "OK":
                delivered.add(delivery.guid)
            last.setdefault(delivery.guid, delivery)
        return [delivery for guid, delivery in reversed(last.items()) if guid not in delivered]

    def redeliver(self, delivery: Delivery) -> None:
        """Ask GitHub to deliver once more: it signs anew, and the delivery id stays."""
        self._sleep(PAUSE_SECONDS)
        self._ask("POST", f"{self._deliveries}/{delivery.id}/attempts")

    def _attempts(self, since: datetime) -> Iterator[Delivery]:
        """Yield the attempts since then, newest first, as GitHub lists them."""
        url: httpx.URL | str | None = f"{self._deliveries}?per_page={PAGE}"
        while url:
            response = self._ask("GET", url)
            page = _parse(response)
            yield from (delivery for delivery in page if delivery.delivered_at >= since)
            url = self._next(response) if page and page[-1].delivered_at >= since else None

    def _next(self, response: httpx.Response) -> httpx.URL | None:
        """Return the URL of the next page: GitHub's, because the token goes there."""
        try:
            link = httpx.URL(response.links.get("next", {}).get("url", ""))
        except httpx.InvalidURL as error:
            raise GitHubError("GitHub's answer names a next page that is no URL.") from error
        if not str(link):
            return None
        base = self._client.base_url
        if (link.scheme, link.host, link.port) != (base.scheme, base.host, base.port):
            raise GitHubError(
                f"GitHub's answer names a next page elsewhere, at {link.host}: the token is not sent there."
            )
        return link

    def _ask(self, method: str, url: httpx.URL | str) -> httpx.Response:
        """Return a successful answer, after as many waits as GitHub asks for, within reason."""
        for _ in range(ATTEMPTS):
            try:
                response = self._client.request(method, url)
            except httpx.HTTPError as error:
                raise GitHubError(f"{self._client.base_url}: {error or type(error).__name__}") from error
            wait = _wait(response, time.time())
            if wait is None:
                return _checked(response)
            if wait > MAX_WAIT_SECONDS:
                until = datetime.fromtimestamp(time.time() + wait, UTC)
                raise GitHubError(f"GitHub's rate limit is reached: run it again after {until:%H:%M} UTC.")
            output.print_message(f"GitHub's rate limit is reached: going on in {wait:.0f} seconds.")
            self._sleep(wait)
        raise GitHubError("GitHub's rate limit is still reached: run it again later.")


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


def _checked(response: httpx.Response) -> httpx.Response:
    if response.is_success:
        return response
    match response.status_code:
        case 401:
            why = "GitHub does not accept the token: it is wrong or has expired; an app needs a JSON Web Token"
        case 403 | 404:
            why = "no such webhook, or the token may not see it; docs/how-to/recover.md says what it needs"
        case _:
            why = _message(response)
    raise GitHubError(
        f"{response.request.method} {response.request.url.path}: {response.status_code}, {why.removesuffix('.')}."
    )


def _message(response: httpx.Response) -> str:
    try:
        return str(response.json()["message"])[:200]
    except (ValueError, LookupError, TypeError):
        return "without a message"


def _parse(response: httpx.Response) -> list[Delivery]:
    try:
        return [_delivery(item) for item in response.json()]
    except (ValueError, LookupError, TypeError) as error:
        raise GitHubError(f"{response.request.url.path}: the answer is no list of deliveries.") from error


def _delivery(item: Any) -> Delivery:
    at = datetime.fromisoformat(item["delivered_at"])
    event = ".".join(filter(None, (item["event"], item.get("action"))))
    return Delivery(
        int(item["id"]), str(item["guid"]), event, at.astimezone(UTC), str(item["status"]), int(item["status_code"])
    )
