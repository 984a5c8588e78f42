"""The SaaS's side of a rehearsal: one webhook of one route, signed and posted for whichever customer is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from relay.config.model import Config
from relay.config.route import Route
from relay.destinations.model import Destination
from relay.entry import Entry
from relay.http import body_formats, routing
from relay.http.request import Request
from relay.mapping.parsed_webhook import parse_webhook
from relay.webhook import Webhook
from relayctl import preview
from relayctl.signing import sign
from relayctl.walk import UnexpectedError

PLACEHOLDER = b"${customer}"
"""What stands for the customer in the payload."""
TIMEOUT_SECONDS = 35  # API Gateway's own limit is 30


class PayloadError(Exception):
    """The payload cannot be used for a rehearsal; says why."""


@dataclass(frozen=True)
class Answer:
    """What the relay answered to a webhook."""

    status: int
    document: Mapping[str, Any]

    def count(self, place: str) -> int:
        """Return how many entries are in a place, such as `held`."""
        return int(self.document.get(place, 0))

    def event_ids(self) -> list[str]:
        """Return the ids of the events that EventBridge accepted."""
        return [entry["event_id"] for entry in self.document.get("entries", []) if "event_id" in entry]

    def summary(self) -> str:
        """Return status and counts, in a few words."""
        counts = [f"{value} {name}" for name, value in self.document.items() if isinstance(value, int) and value]
        return ", ".join([str(self.status), *counts])


@dataclass(frozen=True)
class Sender:
    """A route, its secret and its URL, and a payload with PLACEHOLDER where the customer stands."""

    relay: Config
    route: Route
    secret: str
    url: str
    headers: Mapping[str, str]
    payload: bytes

    def entries(self, customer: str, destination: Destination) -> list[Entry]:
        """Return what the payload becomes for a customer with that destination.

        Raise PayloadError if that is nothing, or if anybody else would get an event; MappingError, Rejected.
        """
        customers: set[str] = set()

        def find(name: str) -> list[Destination]:
            customers.add(name)
            return [destination] if name == customer else []

        request = self._request(customer)
        _, path = routing.match_route([self.route], "POST", request.path)
        webhook = Webhook.unverified(self.route, request, path, datetime.now(UTC))
        found = preview.entries(parse_webhook(webhook), self.relay, find)
        if others := sorted(customers - {customer}):
            raise PayloadError(f"the payload is also for the customer {others[0]}: a rehearsal is for its own alone")
        if not found or any(entry.source != destination.source for entry in found):
            raise PayloadError(
                f'the payload becomes no event of customer "{customer}": write {PLACEHOLDER.decode()} where route '
                f'"{self.route.name}" reads its customer'
            )
        return found

    def signed(self, customer: str) -> Request:
        """Return the request that the sender would send with the payload. Raise CannotSign."""
        return sign(self.route, self.secret, self._request(customer), self.url)

    def post(self, customer: str) -> Answer:
        """Sign the payload as the sender would, and post it. Raise CannotSign, UnexpectedError."""
        signed = self.signed(customer)
        url = urlsplit(self.url)._replace(query=signed.query).geturl()
        try:
            response = httpx.post(url, content=signed.body, headers=dict(signed.headers), timeout=TIMEOUT_SECONDS)
            document = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise UnexpectedError(f"the webhook was not answered in JSON: {error or type(error).__name__}") from error
        return Answer(response.status_code, document if isinstance(document, dict) else {})

    def _request(self, customer: str) -> Request:
        parts = urlsplit(self.url)
        headers = {"content-type": body_formats.media_type(self.route.body_format), **self.headers}
        body = self.payload.replace(PLACEHOLDER, customer.encode())
        return Request("POST", parts.path, parts.query, headers, body, "rehearsal")
