"""What only a real partner account can answer, because no document does: asked in passing, of a source of its own."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from relayctl.rehearsal.place import Place

ROLE = "measured"
DAY_SECONDS = 86400


@dataclass(frozen=True)
class Question:
    """A question, and how to ask it; `open_because` if a rehearsal cannot."""

    text: str
    ask: Callable[[Place], str] | None = None
    open_because: str = ""


def answers(place: Place) -> dict[str, str]:
    """Return the answer to each question in one Region; an error of AWS's is its answer. Leave nothing behind."""
    found = {}
    for question in QUESTIONS:
        if question.ask is None:
            found[question.text] = f"open: {question.open_because}"
            continue
        try:
            found[question.text] = question.ask(place)
        except (ClientError, BotoCoreError) as error:
            found[question.text] = _code(error)
    _remove(place)
    return found


def _source(place: Place, name: str = "probe") -> str:
    return f"{place.relay.partner}/{place.customer_id(ROLE)}/{name}"


def _put(place: Place, source: str) -> str:
    entry = {"Source": source, "DetailType": "Ping", "Detail": "{}"}
    try:
        [result] = place.partner.put_partner_events(Entries=[entry])["Entries"]
    except (ClientError, BotoCoreError) as error:
        return f"the request fails: {_code(error)}"
    return f"the entry fails: {result['ErrorCode']}" if "ErrorCode" in result else "accepted"


def _never_created(place: Place) -> str:
    return _put(place, _source(place, "nobody"))


def _other_region(place: Place) -> str:
    if not place.neighbors:
        return "open: needs a second Region"
    other, source = place.neighbors[0], _source(place, "elsewhere")
    other.partner.create_partner_event_source(Name=source, Account=place.customer.id)
    seen = _put(place, source)
    other.partner.delete_partner_event_source(Name=source, Account=place.customer.id)
    return seen


def _two_regions(place: Place) -> str:
    _create(place)
    if not place.neighbors:
        return "open: needs a second Region"
    other = place.neighbors[0]
    other.partner.create_partner_event_source(Name=_source(place), Account=place.customer.id)
    other.partner.delete_partner_event_source(Name=_source(place), Account=place.customer.id)
    return "yes"


def _two_accounts(place: Place) -> str:
    # The second is the publisher's own: a source in a stranger's account would be seen there.
    place.partner.create_partner_event_source(Name=_source(place), Account=place.publisher)
    place.partner.delete_partner_event_source(Name=_source(place), Account=place.publisher)
    return "yes"


def _deactivated(place: Place) -> str:
    place.customer.attach(_source(place))
    place.customer.deactivate(_source(place))
    return _expiry(place)


def _detached(place: Place) -> str:
    place.customer.detach(_source(place))
    return _expiry(place)


def _deleted(place: Place) -> str:
    place.customer.attach(_source(place))
    place.partner.delete_partner_event_source(Name=_source(place), Account=place.customer.id)
    return _put(place, _source(place))


def _listed(place: Place) -> str:
    listed = place.partner.list_partner_event_sources(NamePrefix=_source(place))["PartnerEventSources"]
    return "yes" if any(each["Name"] == _source(place) for each in listed) else "no"


def _old_bus(place: Place) -> str:
    _create(place)
    try:
        place.customer.attach(_source(place))
    except ClientError as error:
        return f"CreateEventBus fails: {_code(error)}; the source is {place.customer.state(_source(place))}"
    return f"the source is {place.customer.state(_source(place))}"


def _create(place: Place) -> None:
    place.partner.create_partner_event_source(Name=_source(place), Account=place.customer.id)


def _expiry(place: Place) -> str:
    found: Mapping[str, Any] = place.customer.source(_source(place)) or {}
    expires = found.get("ExpirationTime")
    if not isinstance(expires, datetime):
        return f"{found.get('State', 'NONEXISTENT')}, without an ExpirationTime"
    return f"{found['State']}, for {(expires - datetime.now(UTC)).total_seconds() / DAY_SECONDS:.1f} days"


def _remove(place: Place) -> None:
    """Delete what the questions have made, as far as it is there."""
    with suppress(ClientError, BotoCoreError):
        place.partner.delete_partner_event_source(Name=_source(place), Account=place.customer.id)
    with suppress(ClientError, BotoCoreError):
        place.customer.detach(_source(place))


def _measured(name: str) -> Callable[[Place], str]:
    return lambda place: f"{place.measured[name]:.0f} s" if name in place.measured else "open: no bus became active"


def _code(error: Exception) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__


QUESTIONS: Sequence[Question] = (
    Question("PutPartnerEvents for a source that was never created", _never_created),
    Question("PutPartnerEvents for a source that is in another Region", _other_region),
    Question("Can the same name be created in two Regions?", _two_regions),
    Question("Can the same name be created for two accounts?", _two_accounts),
    Question("State and expiry of a source that the customer has deactivated", _deactivated),
    Question("State and expiry of a source whose bus the customer has deleted", _detached),
    Question("PutPartnerEvents for a source that was deleted, while the customer has its bus", _deleted),
    Question("Does ListPartnerEventSources show that source?", _listed),
    Question("That source, created again while the old bus is there, and a bus attached", _old_bus),
    Question("From CreateEventBus to ACTIVE", _measured("active")),
    Question("From the rule to the first event that matches", _measured("rule")),
    Question("PutPartnerEvents for a source that has expired", None, "a source expires after seven days"),
    Question(
        "PutPartnerEvents for a source of another publishing account",
        None,
        "needs a second account that AWS has let in",
    ),
    Question("How often partner operations may be called", None, "no quota is published; ask the partner team"),
    Question("How many sources a partner may have", None, "no quota is published; ask the partner team"),
)
"""In their order: most need what the one before has left."""
