"""The steps in order: the answer to one request. What reaches AWS is passed in, as functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus

from relay.auth import handshake, secret_ref
from relay.auth.context import PUBLISHED_SECONDS, VerificationContext
from relay.auth.handshake import Handshake, HandshakeContext, HandshakeResponse
from relay.config.loader import Config
from relay.config.route import Route
from relay.errors import BadRequest, InternalError, Rejected, Unauthorized, Unavailable
from relay.http import request, routing
from relay.http.request import Request
from relay.pipeline import relaying, responses
from relay.pipeline.relaying import Duplicate, Relayed
from relay.pipeline.services import Ports, Response
from relay.webhook import Webhook


@dataclass(frozen=True, slots=True)
class HandshakeAnswered:
    """A handshake that was answered; nothing was delivered."""

    route: str


@dataclass(frozen=True, slots=True)
class RejectedRequest:
    """A webhook that was not taken, and the route it was for (`none` if there is no such route, or it is not known)."""

    route: str
    rejection: Rejected


RequestResult = Relayed | HandshakeAnswered | Duplicate | RejectedRequest


def answer(
    event: object, config: Config, ports: Ports, now: datetime, seconds_left: Callable[[], float]
) -> tuple[Response, RequestResult]:
    """The HTTP response, and what there is to say about it: 202 only if every entry is stored somewhere.

    `seconds_left` tells how long the function may still run, at the moment it is asked.
    """
    route_name = "none"
    try:
        posted = request.parse_event(event, config.limits.body)
        route, path = routing.match_route(config.routes, posted.method, posted.path)
        route_name = route.name
        route = _with_its_secret(route, posted, path)
        if greeting := _greeting(posted, route, config.public_url, ports, now):
            return responses.handshake_response(greeting), HandshakeAnswered(route.name)
        return relaying.accept_webhook(Webhook(route, posted, path, now), config, ports, seconds_left)
    except Rejected as rejection:
        return responses.problem(rejection, request.request_id(event)), RejectedRequest(route_name, rejection)


def internal_error(event: object, error: Exception) -> tuple[Response, RejectedRequest]:
    """Return what a request is told that made `answer` raise anything, and what there is to say about it."""
    rejection = InternalError(type(error).__name__)
    return responses.problem(rejection, request.request_id(event)), RejectedRequest("none", rejection)


def _with_its_secret(route: Route, posted: Request, path: Mapping[str, str]) -> Route:
    """The route, with the name of the secret that is this customer's. Raises Unauthorized."""
    name = secret_ref.resolve(route.auth.secret, posted, path)
    return route if name == route.auth.secret else replace(route, auth=replace(route.auth, secret=name))


def _greeting(posted: Request, route: Route, public_url: str, ports: Ports, now: datetime) -> HandshakeResponse | None:
    """The answer to a handshake, or None if `posted` is a webhook, which is authentic then. Raises Unauthorized."""
    asked = handshake.find(route.handshakes, posted, authentic=False)
    if not asked:
        _authenticate(posted, route, public_url, ports, now)
        asked = handshake.find(route.handshakes, posted, authentic=True)
    if asked and asked.enroll:
        _enrol(asked, posted, route, ports)
    if asked:
        secrets = ports.read_secret(route.auth.secret) if asked.sign else ()
        # A token that is wrong ends the handshake, so it is compared with values that are fresh.
        tokens = ports.refresh_secret(route.verify_token) if asked.token else ()
        return handshake.answer(asked, posted, HandshakeContext(route.auth, secrets, tokens, route.origins))
    if url := route.auth.confirmation_url(posted):
        if not ports.fetch(url, PUBLISHED_SECONDS):
            raise Unavailable("The subscription could not be confirmed.")
        return HandshakeResponse(HTTPStatus.OK, {}, "")
    if posted.method != "POST":
        raise BadRequest("This is none of the sender's handshakes.")
    return None


def _enrol(asked: Handshake, posted: Request, route: Route, ports: Ports) -> None:
    """Store the secret that arrived, if enrollment is open and the secret has no value yet. Raise Unauthorized."""
    secret = asked.secret(posted)
    if not route.enroll:
        raise Unauthorized("enrollment is closed")
    ports.enroll(route.auth.secret, secret)


def _authenticate(posted: Request, route: Route, public_url: str, ports: Ports, now: datetime) -> None:
    """Raise Unauthorized, but only after a look at secrets that are fresh: they may have been rotated."""
    scheme = route.auth
    secrets = ports.read_secret(scheme.secret) if scheme.secret else ()
    known = VerificationContext(public_url, secrets, now, ports.fetch, route.body_format)
    try:
        scheme.verify(posted, known)
    except Unauthorized:
        rotated = ports.refresh_secret(scheme.secret) if scheme.secret else ()
        if not rotated or list(rotated) == list(secrets):
            raise
        scheme.verify(posted, replace(known, secrets=rotated))
