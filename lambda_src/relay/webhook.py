"""A webhook: a request that is proven to come from its sender. `authenticate` is the only proof."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from relay.auth.context import VerificationContext
from relay.auth.redaction import redact
from relay.config.route import Route
from relay.http.request import Request


class RoutedRequest(NamedTuple):
    """A request and its route, with the path's parameters. Nothing is proven yet.

    `secret_name` is the route's secret for this request, which may be one customer's; empty if the route has none.
    """

    request: Request
    route: Route
    path: Mapping[str, str]
    secret_name: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Webhook:
    """An authentic request without what proved it, its route, and when it was received.

    Only `authenticate` and `Webhook.unverified` make one.
    """

    route: Route
    request: Request
    path: Mapping[str, str]
    received_at: datetime
    secret_name: str = ""

    def __post_init__(self) -> None:
        """Drop the proof: whatever becomes of a webhook, its secret is not in it."""
        object.__setattr__(self, "request", redact(self.request, self.route.auth, self.route.body_format))

    @classmethod
    def unverified(
        cls, route: Route, request: Request, path: Mapping[str, str], received_at: datetime, secret_name: str = ""
    ) -> "Webhook":
        """Return a webhook that nothing has proven: for a redrive, which was proven when it came, and for a preview."""
        return cls(route, request, path, received_at, secret_name)


def authenticate(routed: RoutedRequest, context: VerificationContext) -> Webhook:
    """Verify a request with its route's scheme and return the webhook.

    Raise Unauthorized if it is not authentic, Unavailable if that cannot be known now.
    """
    routed.route.auth.verify(routed.request, context)
    return Webhook(routed.route, routed.request, routed.path, routed.received_at, routed.secret_name)
