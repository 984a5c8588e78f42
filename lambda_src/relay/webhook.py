"""The proof that a request came from its sender: the pipeline makes a Webhook only after `authenticate`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from relay import jwt_scheme, signature_scheme, token_scheme
from relay.config import Route
from relay.jwt_scheme import JwtScheme
from relay.request import Request
from relay.scheme_config import Scheme
from relay.token_scheme import NoScheme, TokenScheme


@dataclass(frozen=True, slots=True)
class Webhook:
    """An authentic request, the route it is for, and when it was received."""

    route: Route
    request: Request
    path: Mapping[str, str]
    received_at: datetime


def authenticate(request: Request, scheme: Scheme, public_url: str, secrets: Sequence[str], now: datetime) -> None:
    """Raises Unauthorized, and nothing else, unless the scheme and one of `secrets` say that it is authentic."""
    url = public_url + request.path + (f"?{request.query}" if request.query else "")
    if isinstance(scheme, NoScheme):
        return
    if isinstance(scheme, TokenScheme):
        token_scheme.verify(scheme, request, url, secrets)
    elif isinstance(scheme, JwtScheme):
        jwt_scheme.verify(scheme, request, url, secrets, now)
    else:
        signature_scheme.verify(scheme, request, url, secrets, now)
