"""The proof that a request came from its sender: the pipeline makes a Webhook only after `verify`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from relay.auth.redaction import redact
from relay.config.route import Route
from relay.http.request import Request


@dataclass(frozen=True, slots=True)
class Webhook:
    """An authentic request without what proved it, the route it is for, and when it was received."""

    route: Route
    request: Request
    path: Mapping[str, str]
    received_at: datetime

    def __post_init__(self) -> None:
        """Drop the proof: whatever becomes of a webhook, its secret is not in it."""
        object.__setattr__(self, "request", redact(self.request, self.route.auth, self.route.body_format))
