"""What a message of the retry queue becomes, with the relay.toml and the customer's destinations of today."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from relay.archive.selection import chosen
from relay.auth import redaction
from relay.config.fingerprint import mapping_fingerprint
from relay.config.model import Config
from relay.delivery.deliver import Budget
from relay.delivery.message import InvalidMessage, Message, Origin, parse
from relay.destinations.addressing import Addressed, Addressee, Find, address, addressee_of
from relay.destinations.model import Destination
from relay.entry import Entry, Failed
from relay.errors import MappingError, Rejected, Unavailable
from relay.http import routing
from relay.http.request import Request
from relay.mapping import claim_check
from relay.mapping.entries import to_entries
from relay.mapping.parsed_webhook import parse_webhook
from relay.pipeline.hold import reference
from relay.pipeline.services import Services
from relay.templates.strict_json import NotJSON
from relay.webhook import Webhook


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the function: when it began, how long it may go on, and until when it may read messages.

    S3 and the registry may be slow for each message, and what was read is to be put.
    """

    services: Services
    now: datetime
    budget: Budget
    read_until: float

    @classmethod
    def begin(cls, services: Services, now: datetime, budget: Budget) -> "Run":
        """Return a run that begins now, and may read for half of its time."""
        return cls(services, now, budget, (budget.clock() + budget.send_until) / 2)

    def is_time_left(self) -> bool:
        """Return whether something else may begin."""
        return self.budget.allows(failing=False)

    def is_time_to_read(self) -> bool:
        """Return whether another message may be read."""
        return self.budget.clock() < self.read_until


@dataclass(frozen=True, slots=True)
class Discarded:
    """An entry whose destination was deleted."""


class CannotBeMapped(Exception):
    """A message of the relay for which relay.toml has no route, Region or usable mapping today."""

    def __init__(self, code: str, why: str) -> None:
        self.failed = Failed(code, why)
        super().__init__(why)


def read(text: str, config: Config) -> Message:
    """Return the message that a text is, without what proved its webhook: earlier versions stored that.

    Raise InvalidMessage.
    """
    message = parse(text)
    for route in config.routes:
        if isinstance(message.content, Request) and route.name == message.origin.route:
            return replace(message, content=redaction.redact(message.content, route.auth, route.body_format))
    return message


def entries_of(message: Message, run: Run) -> Sequence[Entry | Addressee | Discarded | None]:
    """Return what a message becomes, None for each entry that a replay leaves out.

    Raise CannotBeMapped, InvalidMessage, or OSError: the message waits.
    """
    if isinstance(message.content, Request):
        if message.replay and message.replay.mapping:
            _require_mapping(message.origin.route, message.replay.mapping, run.services.config)
        mapped = _map(message.content, message.origin, run)
        return chosen(mapped, message.replay) if message.replay else mapped
    if not message.destination:
        return [_refresh(message.content, run)]
    destinations = _find(run)(message.destination.customer)
    destination = next((each for each in destinations if reference(each) == message.destination), None)
    if not destination:
        return [Discarded()]
    addressee = addressee_of(message.content, destination, run.services.config)
    return [replace(addressee, entry=_refresh(addressee.entry, run)) if isinstance(addressee, Addressed) else addressee]


def _require_mapping(name: str, fingerprint: str, config: Config) -> None:
    """Raise CannotBeMapped if a route maps otherwise than when a replay was asked for."""
    routes = [route for route in config.routes if route.name == name]
    if routes and mapping_fingerprint(routes[0], config) != fingerprint:
        why = f'route "{name}" maps otherwise since the replay was asked for; a redrive maps the webhook anew'
        raise CannotBeMapped("MappingChanged", why)


def _find(run: Run) -> Find:
    """Return how to read a customer's destinations; it raises OSError.

    As they are now: what this function does not deliver is gone, and another may have remembered a newer destination.
    """

    def find(customer: str) -> Sequence[Destination]:
        if run.services.destinations is None:
            raise OSError("relay.toml has no [destinations]")
        if not run.is_time_to_read():
            raise OSError("there was no time to read the customer's destinations")
        try:
            return run.services.destinations.read(customer)
        except Unavailable as error:
            raise OSError(error.reason) from error

    return find


def _refresh(entry: Entry, run: Run) -> Entry:
    """Return the entry with a fresh claim. Raise CannotBeMapped, InvalidMessage, OSError."""
    if entry.region not in run.services.config.regions:
        raise CannotBeMapped("NoSuchRegion", f"relay.toml has no Region {entry.region}")
    try:
        entry = claim_check.refresh_url(entry, run.services.claim_checks, run.now)
    except NotJSON as error:
        raise InvalidMessage(f"the claim cannot be renewed: {error}") from error
    if not entry.is_unicode():
        raise InvalidMessage("the claim has characters that cannot be sent")
    return entry


def _map(request: Request, origin: Origin, run: Run) -> Sequence[Entry | Addressee]:
    """Return the entries of a webhook that could not be mapped, by the route that has proven it and no other."""
    config = run.services.config
    routes = [route for route in config.routes if route.name == origin.route]
    try:
        route, path = routing.match_route(routes, request.method, request.path)
    except Rejected as error:
        why = f"has another path now: {error.detail}" if routes else "is not in relay.toml any more"
        raise CannotBeMapped("NoSuchRoute", f'route "{origin.route}" {why}') from error
    store_detail = partial(claim_check.store_detail, store=run.services.claim_checks, now=run.now)
    try:
        webhook = Webhook.unverified(route, request, path, datetime.fromisoformat(origin.received_at))
        parsed = parse_webhook(webhook, origin.webhook_id)
        if route.customer:
            return address(parsed, config, _find(run), store_detail)
        return to_entries(parsed, config, store_detail)
    except MappingError as error:
        raise CannotBeMapped("MappingError", str(error)) from error
    except Rejected as error:
        raise CannotBeMapped("MappingError", f'route "{origin.route}": {error.detail}') from error
