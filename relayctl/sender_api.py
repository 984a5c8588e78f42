"""What `relayctl recover` needs of a sender's API: the deliveries that failed, and a way to have one made again."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

import httpx

from relayctl import output

TIMEOUT_SECONDS = 35
ATTEMPTS = 4
MAX_WAIT_SECONDS = 300
UNTOLD_WAIT_SECONDS = 60

_LOCAL = {"127.0.0.1", "localhost", "::1"}


class SenderError(Exception):
    """The sender did not do what it was asked; the message says why, and what to do."""


class Delivery(NamedTuple):
    """One attempt to deliver an event; `guid` is the event's id, which the relay sees as the delivery id."""

    id: str
    guid: str
    event: str
    delivered_at: datetime
    status: str


class Deliveries(Protocol):
    """The deliveries of one webhook at its sender. The methods raise SenderError."""

    def failed(self, since: datetime) -> Sequence[Delivery]:
        """Return the last attempt of each event that was tried since then and never succeeded, oldest first."""

    def redeliver(self, delivery: Delivery) -> None:
        """Have the event of a failed delivery delivered once more."""


def told_wait(response: httpx.Response, _now: float) -> float | None:
    """Return for how many seconds a sender wants to be left alone by the usual 429, None if it answered."""
    if response.status_code != httpx.codes.TOO_MANY_REQUESTS:
        return None
    after = response.headers.get("retry-after", "")
    return float(after) if re.fullmatch("[0-9]{1,9}", after) else UNTOLD_WAIT_SECONDS


def api_client(url: str, headers: Mapping[str, str]) -> httpx.Client:
    """Return a client of an API. Raise ValueError if the token in the headers would travel in the clear."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f'expected an URL, got "{url}"') from error
    if parsed.scheme != "https" and not (parsed.scheme == "http" and parsed.host in _LOCAL):
        raise ValueError(f'expected https://…, got "{url}"')
    return httpx.Client(base_url=url, headers={**headers, "user-agent": "relayctl"}, timeout=TIMEOUT_SECONDS)


class Api:
    """A sender's API: its requests, after as many waits as it asks for. `hints` say what a status means to people."""

    def __init__(
        self,
        sender: str,
        client: httpx.Client,
        hints: Mapping[int, str],
        sleep: Callable[[float], None] = time.sleep,
        wait: Callable[[httpx.Response, float], float | None] = told_wait,
    ) -> None:
        self.sender = sender
        self.base_url = client.base_url
        self.sleep = sleep
        self._client = client
        self._hints = hints
        self._wait = wait

    def ask(self, method: str, url: httpx.URL | str, params: Mapping[str, Any] | None = None) -> httpx.Response:
        """Return a successful answer, after as many waits as the sender asks for, within reason. Raise SenderError."""
        for _ in range(ATTEMPTS):
            try:
                response = self._client.request(method, url, params=params)
            except httpx.HTTPError as error:
                raise SenderError(f"{self.base_url}: {error or type(error).__name__}") from error
            wait = self._wait(response, time.time())
            if wait is None:
                return self._checked(response)
            if wait > MAX_WAIT_SECONDS:
                until = datetime.fromtimestamp(time.time() + wait, UTC)
                raise SenderError(f"{self.sender}'s rate limit is reached: run it again after {until:%H:%M} UTC.")
            output.print_message(f"{self.sender}'s rate limit is reached: going on in {wait:.0f} seconds.")
            self.sleep(wait)
        raise SenderError(f"{self.sender}'s rate limit is still reached: run it again later.")

    def _checked(self, response: httpx.Response) -> httpx.Response:
        if response.is_success:
            return response
        why = self._hints.get(response.status_code) or _message(response)
        request = response.request
        raise SenderError(f"{request.method} {request.url.path}: {response.status_code}, {why.removesuffix('.')}.")


def _message(response: httpx.Response) -> str:
    """Return what an error says: `message` as GitHub has it, `detail` as Svix, or inside `error` as Stripe."""
    try:
        content = response.json()
        error = content.get("error")
        content = error if isinstance(error, dict) else content
        return str(content.get("message") or content["detail"])[:200]
    except (ValueError, LookupError, TypeError, AttributeError):
        return "without a message"
