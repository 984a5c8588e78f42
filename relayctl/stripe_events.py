"""Stripe's events that did not reach a webhook endpoint, which Stripe does not send again by its API.

They are taken from the API instead, which proves them as much as the key that reads them, signed with the endpoint's
secret as Stripe would, and posted by us: https://docs.stripe.com/api/events/list.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from relayctl import sender_api
from relayctl.sender_api import Api, Delivery, SenderError

API_URL = "https://api.stripe.com"
PAGE = 100

_HINTS = {
    401: "Stripe does not accept the key",
    403: "the key may not read events: a restricted key needs read access to Events",
}


def api_client(url: str, key: str) -> httpx.Client:
    """Return a client of Stripe's API. Raise ValueError if the key would travel in the clear."""
    return sender_api.api_client(url, {"authorization": f"Bearer {key}"})


class Events:
    """An account's events, of some types or of all; `post` posts the body of one. Its methods raise SenderError."""

    def __init__(
        self,
        client: httpx.Client,
        types: Sequence[str],
        post: Callable[[bytes], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = Api("Stripe", client, _HINTS, sleep)
        self._types = types
        self._post = post
        self._bodies: dict[str, bytes] = {}

    def failed(self, since: datetime) -> list[Delivery]:
        """Return the events since then that some endpoint has not got, oldest first."""
        return [*self._undelivered(since)][::-1]

    def redeliver(self, delivery: Delivery) -> None:
        """Post the event."""
        self._post(self._bodies[delivery.guid])

    def _undelivered(self, since: datetime) -> Iterator[Delivery]:
        """Yield the events, newest first, as Stripe lists them."""
        params: dict[str, Any] = {
            "delivery_success": "false",
            "created[gte]": int(since.timestamp()),
            "limit": PAGE,
            **{f"types[{place}]": name for place, name in enumerate(self._types)},
        }
        while True:
            page = self._api.ask("GET", "/v1/events", params)
            try:
                content = page.json()
                deliveries = [self._delivery(event) for event in content["data"]]
                has_more = bool(content["has_more"])
            except (ValueError, LookupError, TypeError, OverflowError, OSError) as error:
                raise SenderError(f"{page.request.url.path}: the answer is no list of events.") from error
            yield from deliveries
            if not has_more or not deliveries:
                return
            params["starting_after"] = deliveries[-1].guid

    def _delivery(self, event: Any) -> Delivery:
        name = str(event["id"])
        self._bodies[name] = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        at = datetime.fromtimestamp(event["created"], UTC)
        return Delivery(name, name, str(event["type"]), at, f"{event['pending_webhooks']} pending")
