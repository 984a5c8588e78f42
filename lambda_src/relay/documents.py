"""The adapter to what senders publish over HTTPS: certificates, key sets, and the URL that confirms a subscription.

The caller has checked that the URL is the sender's own. Redirects are not followed; what was found is kept for an hour.
"""

import ssl
import time
from functools import cache
from http import HTTPStatus

import urllib3
from urllib3.exceptions import HTTPError

from relay.errors import Unavailable

TIMEOUT_SECONDS = 5
MAX_BYTES = 64 * 1024
MAX_FOUND = 64

MAX_AGE_SECONDS = 3600

_found: dict[str, tuple[float, bytes]] = {}


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(ssl_context=ssl.create_default_context(), timeout=TIMEOUT_SECONDS, retries=False)


def fetch(url: str) -> bytes:
    """The document; empty if there is none, or it is too large. Raises Unavailable if that cannot be known now."""
    now = time.monotonic()
    found_at, document = _found.get(url, (-MAX_AGE_SECONDS, b""))
    if now - found_at >= MAX_AGE_SECONDS:
        document = _get(url)
        if len(_found) >= MAX_FOUND:
            _found.clear()
        if document:
            _found[url] = (now, document)
    return document


def _get(url: str) -> bytes:
    try:
        answer = _pool().request("GET", url, redirect=False, preload_content=False)
        document: bytes = answer.read(MAX_BYTES + 1)
        answer.release_conn()
    except HTTPError as error:
        raise Unavailable("The webhook cannot be verified now.", reason=f"{url}: {error}") from error
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unavailable("The webhook cannot be verified now.", reason=f"{url}: {answer.status}")
    return document if answer.status == HTTPStatus.OK and len(document) <= MAX_BYTES else b""
