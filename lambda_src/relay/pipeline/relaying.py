"""An authentic webhook is taken: mapped, delivered, and what is left of it kept."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from relay.auth import handshake
from relay.config.loader import Config
from relay.delivery import message
from relay.delivery.deliver import budget, deliver
from relay.delivery.message import Message, Origin
from relay.delivery.undelivered import EntryResult, StorageError, Store, store_undelivered
from relay.entry import Accepted, Entry, Failed, Outcome
from relay.errors import MappingError, Unavailable
from relay.http import body_formats
from relay.http.request import Request
from relay.mapping import claim_check
from relay.mapping.entries import from_outside, scope_of, to_entries
from relay.pipeline import responses
from relay.pipeline.services import Ports, Response
from relay.webhook import Webhook


@dataclass(frozen=True, slots=True)
class Relayed:
    """A webhook that was taken: 202."""

    route: str
    webhook_id: str
    fates: Sequence[EntryResult]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A webhook that had been taken before; it was told the same."""

    route: str
    webhook_id: str


def accept_webhook(
    webhook: Webhook, config: Config, ports: Ports, seconds_left: Callable[[], float]
) -> tuple[Response, Relayed | Duplicate]:
    """The answer, the same as before if the route wants each webhook once. Raises Rejected if it could not be taken."""
    route = webhook.route
    text, value = body_formats.parse(webhook.request, route.body_format)
    scope = scope_of(webhook, value)
    relayed: list[Relayed] = []

    def work() -> Response:
        check = partial(claim_check.store_detail, counter=ports.counter, now=webhook.received_at)
        entries: Sequence[Entry | Request]
        outcomes: Sequence[Outcome]
        try:
            entries = mapped = to_entries(route, scope, text, config, check)
        except MappingError as error:
            entries, outcomes = [webhook.request], [Failed("MappingError", str(error))]
        except OSError as error:
            raise Unavailable("The webhook could not be stored.", reason=str(error)) from error
        else:
            outcomes = deliver(mapped, config, ports.send, budget(route.retry_for, seconds_left()))
        fates = _fates(message.origin_of(webhook, scope["delivery_id"]), entries, outcomes, ports.store)
        relayed.append(Relayed(route.name, scope["delivery_id"], fates))
        return (
            responses.handshake_response(handshake.plain(route.response_body))
            if route.response_body
            else responses.accepted(fates)
        )

    key = _key(webhook, scope) if route.dedupe else ""
    answered, first = ports.once(key, seconds_left(), work) if key else (work(), True)
    if first:
        return answered, relayed[0]
    return responses.replayed(answered), Duplicate(route.name, scope["delivery_id"])


def _key(webhook: Webhook, scope: Mapping[str, Any]) -> str:
    """Return what tells this webhook from every other, empty if the sender gave it no id.

    Two customers may give one id to different webhooks, and who has seen one webhook may change what is not signed: so
    what chooses the customer, the kind of the event and whether there is one is part of it, if it is not in the body.
    Beside that, only an id that is signed, and that the sender gives to one delivery, tells by itself. An order's id is
    in every webhook about that order, and an id that is not signed is whatever a stranger makes it: with those, the
    path and the body have to be the same too.
    """
    route, request, event = webhook.route, webhook.request, webhook.route.event
    if not route.delivery_id or scope["delivery_id"] == request.request_id:
        return ""
    deciding = (event.source, event.region, event.detail_type, event.resources, event.when)
    parts: list[Any] = [route.name, route.auth.secret, scope["delivery_id"]]
    parts += [from_outside(one, scope) for one in deciding if one]
    if not route.unique_delivery_id or not route.auth.covers(route.delivery_id):
        parts += [hashlib.sha256(request.body).hexdigest(), sorted(webhook.path.items())]
    return json.dumps(parts)


def _fates(
    origin: Origin, entries: Sequence[Entry | Request], outcomes: Sequence[Outcome], store: Store
) -> list[EntryResult]:
    failed = [
        Message(origin, entry, outcome)
        for entry, outcome in zip(entries, outcomes, strict=True)
        if isinstance(outcome, Failed)
    ]
    try:
        kept = iter(store_undelivered(failed, store))
    except StorageError as error:
        raise Unavailable("The webhook could not be stored.", reason=str(error)) from error
    return [outcome if isinstance(outcome, Accepted) else next(kept) for outcome in outcomes]
