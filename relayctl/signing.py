"""Sign a request as its sender would."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from relay.auth.context import VerificationContext
from relay.auth.scope import headers_in
from relay.config.route import Route
from relay.errors import CannotSign
from relay.http import content_encoding
from relay.http.request import Request

MAX_DECODED_BYTES = 32 * 1024 * 1024


def sign(route: Route, secret: str, request: Request, url: str) -> dict[str, str]:
    """Return the headers that prove `request`, with those it has. Raise CannotSign, or Rejected for a damaged body."""
    headers = dict(request.headers)
    for name in (*(headers_in(route.delivery_id) if route.delivery_id else ()), *route.auth.signed_headers):
        headers.setdefault(name, f"relayctl-{time.time_ns()}")
    parts = urlsplit(url)
    context = VerificationContext(
        f"{parts.scheme}://{parts.netloc}", [secret], datetime.now(UTC), _refuse_to_fetch, route.body_format
    )
    signed = content_encoding.decode(request, MAX_DECODED_BYTES) if route.auth.signs_decoded else request
    return headers | route.auth.sign(replace(signed, headers=headers), secret, context)


def _refuse_to_fetch(url: str, _max_age: float) -> bytes:
    raise CannotSign(f"only the sender publishes {url}")
