"""Svix's attempts to deliver to one endpoint: which messages failed, and asking Svix to send them again.

https://api.svix.com/docs describes the operations: v1.message-attempt.list-by-endpoint and v1.message-attempt.resend.
"""

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx

from relayctl import sender_api
from relayctl.sender_api import Api, Delivery, SenderError

REGIONS = ("eu", "us", "ca", "au", "in")
PAGE = 250
SUCCESS, FAIL = 0, 2
"""MessageStatus; the others are of messages that are still on their way, or were canceled."""

_ENDPOINT = re.compile(r"(?P<app>[\w.-]+)/(?P<endpoint>[\w.-]+)", re.ASCII)
_HINTS = {
    401: "Svix does not accept the token: it is wrong, or of another region",
    403: "the token may not see this application",
    404: "no such application or endpoint",
}


def api_url(token: str) -> str:
    """Return the API of the region that a token ends with."""
    region = token.rpartition(".")[2]
    return f"https://api.{region}.svix.com" if region in REGIONS else "https://api.svix.com"


def api_client(url: str, token: str) -> httpx.Client:
    """Return a client of Svix's API. Raise ValueError if the token would travel in the clear."""
    return sender_api.api_client(url, {"authorization": f"Bearer {token}", "accept": "application/json"})


class Endpoint:
    """One endpoint of an application of yours at Svix, named `APP/ENDPOINT`."""

    def __init__(self, client: httpx.Client, name: str, sleep: Callable[[float], None] = time.sleep) -> None:
        """Raise ValueError if `name` is none."""
        if not (match := _ENDPOINT.fullmatch(name)) or {match["app"], match["endpoint"]} & {".", ".."}:
            raise ValueError(f'expected APP/ENDPOINT, got "{name}"')
        self._app, self._endpoint = f"/api/v1/app/{match['app']}", match["endpoint"]
        self._api = Api("Svix", client, _HINTS, sleep)

    def failed(self, since: datetime) -> list[Delivery]:
        """Return the last attempt of each message whose every attempt since then has failed, oldest first."""
        last: dict[str, Delivery] = {}
        delivered = set()
        for delivery, status in self._attempts(since):
            if delivery.guid not in last and status != FAIL:
                delivered.add(delivery.guid)  # or on its way
            if status == SUCCESS:
                delivered.add(delivery.guid)
            last.setdefault(delivery.guid, delivery)
        return [delivery for guid, delivery in reversed(last.items()) if guid not in delivered]

    def redeliver(self, delivery: Delivery) -> None:
        """Ask Svix to send the message once more: it signs anew, and the message's id stays."""
        self._api.ask("POST", f"{self._app}/msg/{quote(delivery.guid, safe='')}/endpoint/{self._endpoint}/resend")

    def _attempts(self, since: datetime) -> Iterator[tuple[Delivery, int]]:
        """Yield the attempts since then with their status, newest first, as Svix lists them."""
        params = {
            "limit": PAGE,
            "after": since.isoformat(),
            "with_content": "false",
            "with_msg": "true",
            "expanded_statuses": "true",
        }
        iterators = set()
        while True:
            page = self._api.ask("GET", f"{self._app}/attempt/endpoint/{self._endpoint}", params)
            try:
                content = page.json()
                attempts = [_attempt(item) for item in content["data"]]
                is_done, iterator = bool(content["done"]), str(content["iterator"])
            except (ValueError, LookupError, TypeError, AttributeError) as error:
                raise SenderError(f"{page.request.url.path}: the answer is no list of attempts.") from error
            yield from attempts
            if is_done or iterator in iterators:
                return
            iterators.add(iterator)
            params["iterator"] = iterator


def _attempt(item: Any) -> tuple[Delivery, int]:
    at = datetime.fromisoformat(item["timestamp"]).astimezone(UTC)
    event = str((item.get("msg") or {}).get("eventType", ""))
    status = f"{item['responseStatusCode']} {item['statusText']}"
    return Delivery(str(item["id"]), str(item["msgId"]), event, at, status), int(item["status"])
