"""Fetch what senders publish over HTTPS: certificates, key sets, and the URL that confirms a subscription.

The caller has checked that the URL is on the sender's own host; a stranger may still invent the name of a certificate
there. So missing documents are remembered, and requests for unknown ones are limited for each host.
"""

import ssl
import time
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from relay import process_cache
from relay.auth.context import REREAD_SECONDS
from relay.errors import Unavailable
from relay.recent import RecentValues

TIMEOUT_SECONDS = 5
MAX_BYTES = 64 * 1024
MAX_FOUND = 64
MAX_MISSING = 1000
MAX_UNKNOWN = 60
"""How many unknown URLs may be requested from a host in a minute."""

_MINUTE_SECONDS = 60
_FAILED_SECONDS = 5


class Documents:
    """A cache of the documents that senders publish.

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

        Raise Unavailable if the server failed, or was asked for too many documents that do not exist.
        """
        for recent, age in ((self._found, max_age), (self._missing, REREAD_SECONDS)):
            if (document := recent.get(url, age)) is not None:
                return document
        if reason := self._failed.get(url, _FAILED_SECONDS):
            raise _unavailable(f"{reason}, a moment ago")
        if url not in self._found:  # a document that was found once is genuine: the limit is for invented names
            self._count_unknown(url)
        try:
            document = self._get(url)
        except Unavailable as error:
            self._failed.put(url, error.reason)
            raise
        if document:
            self._missing.forget(url)
            self._found.put(url, document)
        else:  # a document that was found before stays valid until it is too old: a server may fail for a moment
            self._missing.put(url, document)
        return document

    def _count_unknown(self, url: str) -> None:
        host = urlsplit(url).netloc  # the sender's, or one of relay.toml: there are only a few
        times = self._unknown.setdefault(host, deque(maxlen=MAX_UNKNOWN))
        if len(times) == MAX_UNKNOWN and 0 <= self._clock() - times[0] < _MINUTE_SECONDS:
            raise _unavailable(f"{url}: {host} was asked for too many documents that are not there")
        times.append(self._clock())


def _unavailable(reason: str) -> Unavailable:
    return Unavailable("The webhook cannot be verified now.", reason=reason)


@process_cache.once
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(ssl_context=ssl.create_default_context(), timeout=TIMEOUT_SECONDS, retries=False)


def get(url: str) -> bytes:
    """Return the document at a URL; empty if there is none, or it is too large. Redirects are not followed.

    Raise Unavailable if the server cannot be reached, or fails.
    """
    try:
        response = _pool().request("GET", url, redirect=False, preload_content=False)
        document: bytes = response.read(MAX_BYTES + 1)
        response.release_conn()
    except HTTPError as error:
        raise _unavailable(f"{url}: {error}") from error
    if response.status == HTTPStatus.TOO_MANY_REQUESTS or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _unavailable(f"{url}: {response.status}")
    return document if response.status == HTTPStatus.OK and len(document) <= MAX_BYTES else b""


fetch = Documents(get).fetch
