"""The adapter to what senders publish over HTTPS: certificates, key sets, and the URL that confirms a subscription.

The caller has checked that the URL is the sender's own; a stranger may still make up the name of a certificate there.
So what is not there is remembered, and of what has never been there each host is asked for a limited number.
"""

import ssl
import time
from collections import deque
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from relay.auth.context import REREAD_SECONDS
from relay.errors import Unavailable
from relay.recent import RecentValues

TIMEOUT_SECONDS = 5
MAX_BYTES = 64 * 1024
MAX_FOUND = 64
MAX_MISSING = 1000
MAX_UNKNOWN = 60
"""How many URLs that have never been found a host is asked for in a minute."""

_MINUTE_SECONDS = 60
_FAILED_SECONDS = 5


class Documents:
    """What the function has read of what senders publish.

    `get` returns the document at a URL, empty if there is none, or raises Unavailable. `clock` is the time of day in
    seconds.
    """

    def __init__(self, get: Callable[[str], bytes], clock: Callable[[], float] = time.time) -> None:
        self._get = get
        self._clock = clock
        self._found: RecentValues[bytes] = RecentValues(clock, MAX_FOUND)
        self._missing: RecentValues[bytes] = RecentValues(clock, MAX_MISSING)
        self._failed: RecentValues[str] = RecentValues(clock, MAX_MISSING)
        self._unknown: dict[str, deque[float]] = {}

    def fetch(self, url: str, max_age: float) -> bytes:
        """Return the document as it was less than `max_age` seconds ago; empty if there is none, or it is too large.

        Raise Unavailable if that cannot be known now: the server failed, or was asked for too much that is not there.
        """
        for known, age in ((self._found, max_age), (self._missing, REREAD_SECONDS)):
            if (document := known.get(url, age)) is not None:
                return document
        if reason := self._failed.get(url, _FAILED_SECONDS):
            raise _unavailable(f"{reason}, a moment ago")
        if url not in self._found:  # what was there once is genuine, and does not share the limit with what is made up
            self._count(url)
        try:
            document = self._get(url)
        except Unavailable as error:
            self._failed.put(url, error.reason)
            raise
        if document:
            self._missing.forget(url)
            self._found.put(url, document)
        else:  # what was found before stays good until it is too old: a server may be wrong for a moment
            self._missing.put(url, document)
        return document

    def _count(self, url: str) -> None:
        host = urlsplit(url).netloc  # the sender's, or one of relay.toml: there are only a few
        asked = self._unknown.setdefault(host, deque(maxlen=MAX_UNKNOWN))
        if len(asked) == MAX_UNKNOWN and 0 <= self._clock() - asked[0] < _MINUTE_SECONDS:
            raise _unavailable(f"{url}: {host} was asked for too many documents that are not there")
        asked.append(self._clock())


def _unavailable(reason: str) -> Unavailable:
    return Unavailable("The webhook cannot be verified now.", reason=reason)


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(ssl_context=ssl.create_default_context(), timeout=TIMEOUT_SECONDS, retries=False)


def get(url: str) -> bytes:
    """Return the document at a URL; empty if there is none, or it is too large. Redirects are not followed.

    Raise Unavailable if the server cannot be reached, or fails.
    """
    try:
        answer = _pool().request("GET", url, redirect=False, preload_content=False)
        document: bytes = answer.read(MAX_BYTES + 1)
        answer.release_conn()
    except HTTPError as error:
        raise _unavailable(f"{url}: {error}") from error
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _unavailable(f"{url}: {answer.status}")
    return document if answer.status == HTTPStatus.OK and len(document) <= MAX_BYTES else b""


fetch = Documents(get).fetch
