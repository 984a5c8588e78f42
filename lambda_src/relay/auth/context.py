"""Everything verification needs besides the request: secrets, clock, public URL, document fetcher."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from relay.errors import Unauthorized
from relay.http.body_formats import JSON
from relay.http.request import Request

Fetch = Callable[[str, float], bytes]
"""Return the document at a URL as it was at most so many seconds ago, empty if there is none.

Raise Unavailable if that cannot be known now.
"""

_NOT_IN_A_PATH = re.compile(r"[?#\x00-\x1f\x7f]")

PUBLISHED_SECONDS = 900
"""How long a key that its sender withdraws may still authenticate webhooks."""
REREAD_SECONDS = 30
"""How long a key that its sender publishes may still be unknown."""


class VerificationContext(NamedTuple):
    """What one request is verified with.

    `public_url` is the base of the URLs that senders use, `secrets` are the active ones, `fetch` reads what senders
    publish, and `body_format` is how the route reads the body.
    """

    public_url: str
    secrets: Sequence[str]
    now: datetime
    fetch: Fetch
    body_format: str = JSON

    def url(self, request: Request) -> str:
        """Return the URL the sender used: configured, never taken from a Host or a forwarded header.

        Raise Unauthorized if the decoded path has a character that means something else in a URL: with a question mark
        it would also be the URL of another path and query, and parsers drop a fragment and control characters.
        """
        if _NOT_IN_A_PATH.search(request.path):
            raise Unauthorized("an escaped question mark, number sign or control character in the path")
        return self.public_url + request.path + (f"?{request.query}" if request.query else "")
