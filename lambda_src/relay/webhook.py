"""The proof that a request came from its sender: the pipeline makes a Webhook only after `authenticate`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from relay import certificate_scheme, jwt_scheme, signature_scheme, token_scheme
from relay.certificate_scheme import CertificateScheme, Fetch
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


@dataclass(frozen=True, slots=True)
class Known:
    """What a receiver knows when it checks: the base of the senders' URLs, the active secrets, the time, the web."""

    public_url: str
    secrets: Sequence[str]
    now: datetime
    fetch: Fetch


def authenticate(request: Request, scheme: Scheme, known: Known) -> None:
    """Raises Unauthorized unless the scheme says that it is authentic; Unavailable if that cannot be known now."""
    url = known.public_url + request.path + (f"?{request.query}" if request.query else "")
    match scheme:
        case NoScheme():
            return
        case TokenScheme():
            token_scheme.verify(scheme, request, url, known.secrets)
        case JwtScheme():
            jwt_scheme.verify(scheme, request, url, known.secrets, known.now)
        case CertificateScheme():
            certificate_scheme.verify(scheme, request, known.now, known.fetch)
        case _:
            signature_scheme.verify(scheme, request, url, known.secrets, known.now)
