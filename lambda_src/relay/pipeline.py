"""The steps in order: the answer to one webhook. What reaches AWS is passed in, as functions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

from relay import handshake, mapping, message, payload, request, response, routing
from relay.certificate_scheme import CertificateScheme, confirmation
from relay.config import Config, Route
from relay.delivery import Budget, Send, deliver
from relay.entry import Accepted, Entry, Failed, Outcome
from relay.errors import BadRequest, MappingError, Rejected, Unauthorized, Unavailable
from relay.handshake import Answer, Handshake, Receiver
from relay.known import Fetch, Known
from relay.message import Message, Origin
from relay.queueing import Fate, NotKept, Store, keep
from relay.request import Request
from relay.scheme_config import Scheme
from relay.webhook import Webhook, authenticate


@dataclass(frozen=True, slots=True)
class Ports:
    """How the pipeline reaches AWS.

    `read_secret` gives the active values of a secret, none if there is no such secret, or raises Unavailable.
    `refresh_secret` reads them anew, or gives none if that was done a moment ago.
    `fetch` gives what a sender publishes.
    `enrol` stores a secret that arrived in a handshake, or raises Unavailable.
    """

    read_secret: Callable[[str], Sequence[str]]
    refresh_secret: Callable[[str], Sequence[str]]
    send: Send
    store: Store
    fetch: Fetch
    enrol: Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Relayed:
    """A webhook that was taken: 202."""

    route: str
    webhook_id: str
    fates: Sequence[Fate]


@dataclass(frozen=True, slots=True)
class Greeted:
    """A handshake that was answered; nothing was delivered."""

    route: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A webhook that was not taken, and the route it was for (`none` if there is no such route)."""

    route: str
    rejection: Rejected


def answer(
    event: Mapping[str, Any], config: Config, ports: Ports, now: datetime, budget: Callable[[float], Budget]
) -> tuple[dict[str, Any], Relayed | Greeted | Refused]:
    """The HTTP response, and what there is to say about it: 202 only if every entry is stored somewhere.

    `budget` says how long to go on, for a route's `retry_seconds`.
    """
    route_name = "none"
    try:
        posted = request.parse(event, config.max_body_bytes)
        route, path = routing.match(config.routes, posted.method, posted.path)
        route_name = route.name
        if greeting := _greeting(posted, route, config.public_url, ports, now):
            return response.greeting(greeting), Greeted(route.name)
        relayed = relay(Webhook(route, posted, path, now), config, ports, budget(route.retry_seconds))
    except Rejected as rejection:
        return response.problem(rejection, request.request_id(event)), Refused(route_name, rejection)
    if route.acknowledge:
        return response.greeting(handshake.plain(route.acknowledge)), relayed
    return response.accepted(relayed.fates), relayed


def _greeting(posted: Request, route: Route, public_url: str, ports: Ports, now: datetime) -> Answer | None:
    """The answer to a handshake, or None if `posted` is a webhook, which is authentic then. Raises Unauthorized."""
    asked = handshake.find(route.handshakes, posted, authentic=False)
    if not asked:
        _authenticate(posted, route.auth, public_url, ports, now)
        asked = handshake.find(route.handshakes, posted, authentic=True)
    if asked and asked.enrol:
        _enrol(asked, posted, route, ports)
    if asked:
        secrets = ports.read_secret(route.auth.secret) if asked.sign else ()
        tokens = ports.read_secret(route.verify_token) if asked.token else ()
        return handshake.answer(asked, posted, Receiver(route.auth, secrets, tokens, route.origins))
    if isinstance(route.auth, CertificateScheme) and (url := confirmation(route.auth, posted)):
        if not ports.fetch(url):
            raise Unavailable("The subscription could not be confirmed.")
        return Answer(HTTPStatus.OK, {}, "")
    if posted.method != "POST":
        raise BadRequest("This is none of the sender's handshakes.")
    return None


def _enrol(asked: Handshake, posted: Request, route: Route, ports: Ports) -> None:
    """Keep the secret that arrived, while enrolment is open and there is none: it can never be replaced this way."""
    secret = asked.secret(posted)
    if not route.enrol or ports.read_secret(route.auth.secret):
        raise Unauthorized("enrolment is closed")
    ports.enrol(route.auth.secret, secret)


def _authenticate(posted: Request, scheme: Scheme, public_url: str, ports: Ports, now: datetime) -> None:
    """Raises Unauthorized. A secret that was rotated since it was cached is read once more before that."""
    secrets = ports.read_secret(scheme.secret) if scheme.secret else ()
    known = Known(public_url, secrets, now, ports.fetch)
    try:
        authenticate(posted, scheme, known)
    except Unauthorized:
        rotated = ports.refresh_secret(scheme.secret) if scheme.secret else ()
        if not rotated or list(rotated) == list(secrets):
            raise
        authenticate(posted, scheme, replace(known, secrets=rotated))


def relay(webhook: Webhook, config: Config, ports: Ports, budget: Budget) -> Relayed:
    """What became of each entry. Raises Rejected if the webhook could not be taken."""
    text, value = payload.parse(webhook.request, webhook.route.body)
    scope = mapping.scope_of(webhook, value)
    entries: Sequence[Entry | Request]
    outcomes: Sequence[Outcome]
    try:
        entries = mapped = mapping.entries(webhook.route, scope, text, config)
    except MappingError as error:
        entries, outcomes = [webhook.request], [Failed("MappingError", str(error))]
    else:
        outcomes = deliver(mapped, config, ports.send, budget)
    origin = message.origin_of(webhook, scope["id"])
    return Relayed(webhook.route.name, origin.webhook_id, _fates(origin, entries, outcomes, ports.store))


def _fates(origin: Origin, entries: Sequence[Entry | Request], outcomes: Sequence[Outcome], store: Store) -> list[Fate]:
    failed = [
        Message(origin, entry, outcome)
        for entry, outcome in zip(entries, outcomes, strict=True)
        if isinstance(outcome, Failed)
    ]
    try:
        kept = iter(keep(failed, store))
    except NotKept as error:
        raise Unavailable("The webhook could not be stored.", reason=str(error)) from error
    return [outcome if isinstance(outcome, Accepted) else next(kept) for outcome in outcomes]
