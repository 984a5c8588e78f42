"""Map a webhook of a route with `customer`: one entry for each destination of the customer that wants it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from relay.config.model import Config
from relay.config.route import Route
from relay.delivery.undelivered import NotSent, Unsent
from relay.destinations.model import CUSTOMER, Destination, Disposition
from relay.entry import Entry
from relay.errors import MappingError, PayloadTooLarge
from relay.mapping.entries import (
    MAX_BYTES,
    StoreDetail,
    claim_fields,
    evaluate,
    first,
    is_wanted,
    item_scopes,
    to_entry,
    within_limit,
)
from relay.mapping.parsed_webhook import ParsedWebhook, Scope
from relay.templates.template import Template, kind_of

Find = Callable[[str], Sequence[Destination]]
"""Return a customer's destinations, by name, none if there are none. Raise what leaves the webhook to its sender."""


@dataclass(frozen=True, slots=True)
class Addressed:
    """An entry and the destination that it is for: put to it, or held for it."""

    entry: Entry
    destination: Destination
    is_held: bool


Addressee = Addressed | NotSent
"""What becomes of an event for one destination, or of an event that nobody wants."""


def address(parsed: ParsedWebhook, config: Config, find: Find, store_detail: StoreDetail) -> list[Addressee]:
    """Return what becomes of each event of the webhook, in order, for each destination that wants it.

    The customer is evaluated first: for one without destinations nothing else is. Raise as `to_entries` does, and what
    `find` raises; `limits.entries` counts an event once for each destination.
    """
    route, limits = parsed.webhook.route, config.limits
    scopes = first(item_scopes(route, parsed.scope), limits.entries)
    events = [event for scope in scopes if (event := _event(parsed, scope, config, find))]
    if len(events) < len(scopes) or any(len(event.subscribers) > 1 for event in events):
        first((index for event in events for index in range(max(1, len(event.subscribers)))), limits.entries)
    if sum(event.size for event in events) > MAX_BYTES:
        raise PayloadTooLarge(f"The webhook would become entries of more than {MAX_BYTES} bytes in all.")
    # All of them are mapped before the first detail is stored.
    return [addressee for event in events for addressee in _addressees(event, route, config, store_detail)]


Subscriber = tuple[Destination, Disposition]
"""A destination that wants an event, and what becomes of the entry."""


@dataclass(frozen=True, slots=True)
class _Event:
    """An event and who wants it; without an entry none of them can be sent anything."""

    subscribers: Sequence[Subscriber] = ()
    entry: Entry | None = None
    fields_of_claim: Mapping[str, Any] = field(default_factory=dict)
    unwanted: Unsent = Unsent.UNSUBSCRIBED
    customer: str = ""

    @property
    def size(self) -> int:
        """Return the bytes of all its entries, which have the longest source of all."""
        return self.entry.size * len(self.subscribers) if self.entry else 0


def _event(parsed: ParsedWebhook, scope: Scope, config: Config, find: Find) -> _Event | None:
    """Return the event of one scope, None if the route does not want it. Raise MappingError, and what `find` raises."""
    route = parsed.webhook.route
    customer = _customer(route, scope)
    if customer is None:
        return _Event(unwanted=Unsent.WITHOUT_CUSTOMER)
    if not (destinations := find(customer)):
        return _Event(customer=customer)
    if not is_wanted(route, scope):
        return None
    detail_type = evaluate(route, "event.detail_type", Template.render, route.event.detail_type, scope)
    subscribers = [(each, _disposition(each, config)) for each in destinations if each.wants(detail_type)]
    receiving = [each for each, disposition in subscribers if disposition is not Disposition.DISABLED]
    if not receiving:
        return _Event(subscribers, customer=customer)
    longest = max((each.source for each in receiving), key=len)
    known = {"source": longest, "detail_type": detail_type}
    entry = to_entry(route, scope, parsed.text, config.regions, known)
    return _Event(subscribers, entry, claim_fields(route, scope))


def _customer(route: Route, scope: Scope) -> str | None:
    """Return the customer's id, None if the event has none. Raise MappingError if the value cannot be an id."""
    if not route.customer:
        return None
    value = evaluate(route, "customer", Template.value, route.customer, scope)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**64:
        value = str(value)
    if not isinstance(value, str):
        raise MappingError(f'route "{route.name}", customer: {route.customer.text} is {kind_of(value)}; expected text')
    if not CUSTOMER.fullmatch(value):
        expected = f"expected the id of a customer: {CUSTOMER.pattern}"
        raise MappingError(f'route "{route.name}", customer: {route.customer.text} is another text; {expected}')
    return value


def _addressees(event: _Event, route: Route, config: Config, store_detail: StoreDetail) -> list[Addressee]:
    """Return what becomes of one event. Raise PayloadTooLarge, OSError."""
    if not event.subscribers:
        return [NotSent(event.unwanted, customer=event.customer)]
    if not event.entry:
        return [NotSent(Unsent.DISABLED, destination.label) for destination, _ in event.subscribers]
    entry = within_limit(event.entry, event.fields_of_claim, route, config, store_detail)
    return [_addressee(entry, destination, disposition) for destination, disposition in event.subscribers]


def addressee_of(entry: Entry, destination: Destination, config: Config) -> Addressee:
    """Return the entry with the source and Region of a destination, unless that is disabled."""
    return _addressee(entry, destination, _disposition(destination, config))


def _addressee(entry: Entry, destination: Destination, disposition: Disposition) -> Addressee:
    if disposition is Disposition.DISABLED:
        return NotSent(Unsent.DISABLED, destination.label)
    if (entry.source, entry.region) != (destination.source, destination.aws_region):
        entry = replace(entry, source=destination.source, region=destination.aws_region)
    return Addressed(entry, destination, disposition is Disposition.HOLD)


def _disposition(destination: Destination, config: Config) -> Disposition:
    return destination.disposition(hold=bool(config.destinations and config.destinations.hold))
