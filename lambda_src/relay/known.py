"""What a receiver knows when it asks whether a request is authentic."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from relay.request import Request

Fetch = Callable[[str], bytes]
"""The document at a URL, empty if there is none. Raises Unavailable if that cannot be known now."""


@dataclass(frozen=True, slots=True)
class Known:
    """The base of the senders' URLs, the active secrets, the time, and what senders publish."""

    public_url: str
    secrets: Sequence[str]
    now: datetime
    fetch: Fetch

    def url(self, request: Request) -> str:
        """The URL the sender used: configured, never taken from a Host or a forwarded header."""
        return self.public_url + request.path + (f"?{request.query}" if request.query else "")
