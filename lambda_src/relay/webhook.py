"""The proof that a request came from its sender: a Webhook exists only after its signature was checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from relay import hmac_scheme
from relay.config import Route
from relay.request import Request


@dataclass(frozen=True, slots=True)
class Webhook:
    """An authentic request, the route it is for, and when it was received. `headers` is named as in templates."""

    route: Route
    request: Request
    path: Mapping[str, str]
    headers: Mapping[str, str]
    received_at: datetime


def authenticate(
    request: Request, route: Route, path: Mapping[str, str], secrets: Sequence[str], now: datetime
) -> Webhook:
    """Raises Unauthorized, and nothing else, unless one of `secrets` signed exactly these bytes."""
    headers = {name.replace("-", "_"): value for name, value in request.headers.items()}
    hmac_scheme.verify(route.auth, request, headers, secrets, now)
    return Webhook(route, request, path, headers, now)
