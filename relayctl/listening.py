"""Follow an archive, and sign what comes anew, as its sender would for another relay."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import IO
from urllib.parse import urlsplit

from relay.archive.reading import Store, Window, read_window
from relay.archive.record import ArchivedWebhook
from relay.auth.redaction import MARKER
from relay.config.model import Config
from relay.errors import CannotSign, Rejected
from relay.http.request import Request
from relayctl.signing import sign

FOLLOW_SECONDS = 5
AHEAD = timedelta(hours=1)
"""How much later than this machine's clock a webhook may say it came: an object is read once."""
LATENESS = timedelta(hours=2)
"""For how long after a webhook came an object with it may still appear."""

LISTENED = "x-relayctl-listen"
"""Marks what was posted from an archive, so that a relay that listens to itself does not go round."""

_OF_THE_CONNECTION = {"host", "content-length", "connection", "transfer-encoding", "via", "forwarded"}
_OF_THE_GATEWAY = ("x-forwarded-", "x-amzn-", "x-amz-cf-", "cloudfront-")


class NotPosted(Exception):
    """Why a webhook is not posted: only the sender can sign it, or something that it needs is missing here."""


def follow(
    store: Store,
    since: datetime,
    report: Callable[[str, str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[ArchivedWebhook]:
    """Yield what was received since then, as it comes into the archive, without an end. Raise OSError."""
    unread = _Unread(store)
    while True:
        now = datetime.now(UTC)
        for found in read_window(unread, Window(max(since, now - LATENESS), now + AHEAD), report):
            yield found.webhook
        sleep(FOLLOW_SECONDS)


@dataclass(frozen=True, slots=True)
class Target:
    """Where webhooks are posted: the URL, its relay.toml, and the secret of each route by the route's name."""

    url: str
    config: Config
    secrets: Mapping[str, str]

    def sign(self, webhook: ArchivedWebhook) -> tuple[str, Request]:
        """Return the URL and the request to post. Raise NotPosted."""
        if LISTENED in webhook.request.headers:
            raise NotPosted("it was itself posted by relayctl listen")
        route = next((route for route in self.config.routes if route.name == webhook.route), None)
        if route is None:
            raise NotPosted("relay.toml here has no such route")
        if route.auth.secret and route.name not in self.secrets:
            raise NotPosted(f"give the secret that it has here: --secret {route.name}=…")
        url = self.url.rstrip("/") + webhook.request.path
        try:
            signed = sign(route, self.secrets.get(route.name, ""), _as_sent(webhook.request), url)
        except (CannotSign, Rejected) as error:
            raise NotPosted(str(error)) from error
        headers = {**signed.headers, LISTENED: "1"}
        return urlsplit(url)._replace(query=signed.query).geturl(), replace(signed, headers=headers)


def _as_sent(request: Request) -> Request:
    """Return the request without what the way to the relay has added, and without what the archive does not keep."""
    headers = {
        name: value
        for name, value in request.headers.items()
        if value != MARKER and name not in _OF_THE_CONNECTION and not name.startswith(_OF_THE_GATEWAY)
    }
    return replace(request, headers=headers)


class _Unread:
    """An archive without the objects that have been read: none ever changes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: set[str] = set()

    def keys(self, prefix: str) -> Iterator[str]:
        for key in self._store.keys(prefix):
            if key not in self._read:
                self._read.add(key)
                yield key

    def open(self, key: str) -> IO[bytes] | None:
        return self._store.open(key)
