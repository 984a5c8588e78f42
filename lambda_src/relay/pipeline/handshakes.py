"""The verification handshakes of a route: answered before or after authentication, and never delivered."""

from http import HTTPStatus

from relay.auth import handshake
from relay.auth.context import PUBLISHED_SECONDS
from relay.auth.handshake import Handshake, HandshakeContext, HandshakeResponse
from relay.errors import Unauthorized, Unavailable
from relay.pipeline.services import Services
from relay.webhook import RoutedRequest


def answer_unauthenticated(routed: RoutedRequest, services: Services) -> HandshakeResponse | None:
    """Return the response to a handshake whose sender proves nothing, or None if the request is no such handshake.

    Raise Unauthorized or Forbidden if it must not be answered.
    """
    challenge = handshake.find_unauthenticated(routed.route.handshakes, routed.request)
    return _answer(challenge, routed, services) if challenge else None


def answer_authenticated(routed: RoutedRequest, services: Services) -> HandshakeResponse | None:
    """Return the response to a handshake of an authenticated request, or None if the request is no handshake.

    Raise Unauthorized or Forbidden if it must not be answered, Unavailable if a subscription cannot be confirmed now.
    """
    if challenge := handshake.find_authenticated(routed.route.handshakes, routed.request):
        return _answer(challenge, routed, services)
    if url := routed.route.auth.confirmation_url(routed.request):
        if not services.fetch(url, PUBLISHED_SECONDS):
            raise Unavailable("The subscription could not be confirmed.")
        return HandshakeResponse(HTTPStatus.OK, {}, "")
    return None


def _answer(challenge: Handshake, routed: RoutedRequest, services: Services) -> HandshakeResponse:
    route = routed.route
    if challenge.enroll:
        _enroll(challenge, routed, services)
    secrets = services.read_secret(routed.secret_name) if challenge.sign else ()
    # A wrong token rejects the handshake, so it is compared with fresh values.
    token = route.verify_token.resolve(routed.request, routed.path) if challenge.token and route.verify_token else ""
    tokens = services.refresh_secret(token) if token else ()
    context = HandshakeContext(route.auth, secrets, tokens, route.origins)
    return challenge.respond(routed.request, context)


def _enroll(challenge: Handshake, routed: RoutedRequest, services: Services) -> None:
    """Store the secret that arrived, if enrollment is open and the secret has no value yet. Raise Unauthorized."""
    secret = challenge.secret(routed.request)
    if not routed.route.enroll:
        raise Unauthorized("enrollment is closed")
    services.enroll(routed.secret_name, secret)
