"""The adapter to what senders publish over HTTPS: signing certificates, and the URL that confirms a subscription.

The caller has checked that the URL is on the sender's own host. Redirects are not followed, and answers are cached.
"""

import ssl
from functools import cache, lru_cache

import urllib3
from urllib3.exceptions import HTTPError

from relay.errors import Unavailable

TIMEOUT_SECONDS = 5
MAX_BYTES = 64 * 1024


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(ssl_context=ssl.create_default_context(), timeout=TIMEOUT_SECONDS, retries=False)


@lru_cache(maxsize=64)
def fetch(url: str) -> bytes:
    """The document. Raises Unavailable if there is none, or it is too large: the sender should try again."""
    try:
        answer = _pool().request("GET", url, redirect=False, preload_content=False)
        document: bytes = answer.read(MAX_BYTES + 1)
        answer.release_conn()
    except HTTPError as error:
        raise Unavailable("The webhook cannot be verified now.", reason=f"{url}: {error}") from error
    if answer.status != 200 or len(document) > MAX_BYTES:  # noqa: PLR2004 - what HTTP says it is
        raise Unavailable(
            "The webhook cannot be verified now.", reason=f"{url}: {answer.status}, {len(document)} bytes"
        )
    return document
