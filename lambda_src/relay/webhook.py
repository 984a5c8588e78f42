"""The proof that a request came from its sender: the pipeline makes a Webhook only after `verify`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from relay.auth import certificate_scheme, jwt_scheme, signature_scheme, token_scheme
from relay.auth.certificate_scheme import CertificateScheme
from relay.auth.context import VerificationContext
from relay.auth.coverage import Scheme
from relay.auth.jwt_scheme import JwtScheme
from relay.auth.redaction import redact
from relay.auth.token_scheme import NoScheme, TokenScheme
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
        object.__setattr__(self, "request", redact(self.request, self.route.auth, self.route.body))


def verify(request: Request, scheme: Scheme, known: VerificationContext) -> None:
    """Raises Unauthorized unless the scheme says that it is authentic; Unavailable if that cannot be known now."""
    match scheme:
        case NoScheme():
            return
        case TokenScheme():
            token_scheme.verify(scheme, request, known)
        case JwtScheme():
            jwt_scheme.verify(scheme, request, known)
        case CertificateScheme():
            certificate_scheme.verify(scheme, request, known)
        case _:
            signature_scheme.verify(scheme, request, known)
