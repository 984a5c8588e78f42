"""One webhook, from top to bottom: the response to one HTTP request."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from relay.auth.context import VerificationContext
from relay.delivery.message import Message, origin_of
from relay.delivery.undelivered import EntryResult, NotSent, StorageError, Unsent, store_undelivered
from relay.entry import Accepted, Entry, Failed, Outcome
from relay.errors import BadRequest, InternalError, MappingError, Rejected, Unauthorized, Unavailable
from relay.http.request import Request, parse_event, request_id
from relay.http.routing import match_route
from relay.mapping import claim_check
from relay.mapping.entries import to_entries
from relay.mapping.parsed_webhook import ParsedWebhook, parse_webhook
from relay.pipeline import handshakes, responses
from relay.pipeline.first_delivery import put_or_leave
from relay.pipeline.idempotency_key import idempotency_key
from relay.pipeline.results import Duplicate, HandshakeAnswered, RejectedRequest, Relayed, RequestResult
from relay.pipeline.services import Response, Services
from relay.webhook import RoutedRequest, Webhook, authenticate

if TYPE_CHECKING:  # only a route with a customer needs it
    from relay.destinations.addressing import Addressee


def accept(
    event: object, services: Services, now: datetime, seconds_left: Callable[[], float]
) -> tuple[Response, RequestResult]:
    """Process one request. Return the HTTP response, and a result for the log and the metrics.

    Respond 202 only if each entry was accepted by EventBridge or is in a queue. `seconds_left` returns for how many
    seconds the function may still run, at the moment it is called.
    """
    config, route_name = services.config, "none"
    try:
        request = parse_event(event, config.limits.body)
        route, path = match_route(config.routes, request.method, request.path)
        route_name = route.name
        if request.is_encoded and route.auth.signs_decoded:
            request = _decoded(request, config.limits.body)
        routed = RoutedRequest(request, route, path, route.auth.secret_name(request, path), now)
        if challenge := handshakes.answer_unauthenticated(routed, services):
            return responses.handshake_response(challenge), HandshakeAnswered(route.name)
        webhook = _authenticate(routed, services)
        if request.is_encoded:
            request = _decoded(request, config.limits.body)
            routed, webhook = routed._replace(request=request), replace(webhook, request=request)
        if challenge := handshakes.answer_authenticated(routed, services):
            return responses.handshake_response(challenge), HandshakeAnswered(route.name)
        if request.method != "POST":
            raise BadRequest("The request is neither a POST nor a supported verification handshake.")
        parsed = parse_webhook(webhook)
        claim = services.idempotency.claim(idempotency_key(parsed), seconds_left())
        if claim.first_response:
            return responses.replayed(claim.first_response), Duplicate(route.name, parsed.id)
        try:
            relayed = _deliver_or_store(parsed, services, seconds_left)
            text = route.response_body
            response = responses.fixed(text) if text else responses.accepted(relayed.results)
        except Exception:  # whatever it was, the sender may try again at once
            services.idempotency.release(claim)
            raise
        # After the customer has connected, the same webhook is to be delivered.
        if NotSent(Unsent.UNSUBSCRIBED) in relayed.results:
            services.idempotency.release(claim)
        else:
            services.idempotency.complete(claim, response)
    except Rejected as rejection:
        return responses.problem(rejection, request_id(event)), RejectedRequest(route_name, rejection)
    return response, relayed


def internal_error(event: object, error: Exception) -> tuple[Response, RejectedRequest]:
    """Return the response to a request for which `accept` raised an error, and a result for the log."""
    rejection = InternalError(type(error).__name__)
    return responses.problem(rejection, request_id(event)), RejectedRequest("none", rejection)


def _authenticate(routed: RoutedRequest, services: Services) -> Webhook:
    """Return the webhook. Raise Unauthorized only after a look at fresh secrets: they may have been rotated."""
    name = routed.secret_name
    secrets = services.read_secret(name) if name else ()
    public_url, body_format = services.config.public_url, routed.route.body_format
    context = VerificationContext(public_url, secrets, routed.received_at, services.fetch, body_format)
    try:
        return authenticate(routed, context)
    except Unauthorized:
        fresh = services.refresh_secret(name) if name else ()
        if not fresh or list(fresh) == list(secrets):
            raise
        return authenticate(routed, context._replace(secrets=fresh))


def _decoded(request: Request, max_bytes: int) -> Request:
    """Return the request with its body as it was before its Content-Encoding. Raise Rejected."""
    from relay.http import content_encoding  # other requests need none of it

    return content_encoding.decode(request, max_bytes)


def _deliver_or_store(parsed: ParsedWebhook, services: Services, seconds_left: Callable[[], float]) -> Relayed:
    """Map, deliver, and queue what EventBridge did not accept. Raise Unavailable if an entry is nowhere."""
    route = parsed.webhook.route
    try:
        planned, deliver_planned = _plan(parsed, services, seconds_left)
    except MappingError as error:
        # The webhook itself is dead-lettered: a redrive maps it again, with a mended relay.toml.
        failed = Failed("MappingError", str(error))
        planned, deliver_planned = (), partial(_store_failed, parsed, [parsed.webhook.request], [failed], services)
    except OSError as error:
        raise Unavailable("The webhook could not be stored.", reason=str(error)) from error
    finish_archiving = services.archive(parsed, planned) if services.archive else None
    started, archive_error = time.monotonic(), ""
    try:
        results = deliver_planned()
    except StorageError as error:
        raise Unavailable("The webhook could not be stored.", reason=str(error)) from error
    finally:
        put_ms = round((time.monotonic() - started) * 1000)
        if finish_archiving:
            archive_error = finish_archiving(seconds_left)
    return Relayed(route.name, parsed.id, results, planned, put_ms, archive_error)


def _plan(
    parsed: ParsedWebhook, services: Services, seconds_left: Callable[[], float]
) -> "tuple[Sequence[Entry | Addressee], Callable[[], list[EntryResult]]]":
    """Return what the webhook is to become, and how to deliver that. Raise MappingError, OSError, Rejected."""
    store_detail = partial(claim_check.store_detail, store=services.claim_checks, now=parsed.webhook.received_at)
    if parsed.webhook.route.customer:
        from relay.pipeline import customer_entries  # other routes need none of it

        addressees = customer_entries.plan(parsed, services, seconds_left, store_detail)
        return addressees, partial(customer_entries.deliver_to_destinations, parsed, addressees, services, seconds_left)
    entries = to_entries(parsed, services.config, store_detail)
    return entries, partial(_deliver, parsed, entries, services, seconds_left)


def _deliver(
    parsed: ParsedWebhook, entries: Sequence[Entry], services: Services, seconds_left: Callable[[], float]
) -> list[EntryResult]:
    outcomes = put_or_leave(parsed.webhook.route, entries, services, seconds_left)
    return _store_failed(parsed, entries, outcomes, services)


def _store_failed(
    parsed: ParsedWebhook, contents: Sequence[Entry | Request], outcomes: Sequence[Outcome], services: Services
) -> list[EntryResult]:
    """Queue what failed, and return one result for each outcome, in order."""
    origin = origin_of(parsed.webhook, parsed.id)
    failed = [
        Message(origin, content, outcome, index=index)
        for index, (content, outcome) in enumerate(zip(contents, outcomes, strict=True))
        if isinstance(outcome, Failed)
    ]
    try:
        queued = iter(store_undelivered(failed, services.store))
    except StorageError as error:
        raise Unavailable("The webhook could not be stored.", reason=str(error)) from error
    return [outcome if isinstance(outcome, Accepted) else next(queued) for outcome in outcomes]
