"""What the control API does, with everything that reaches AWS passed in.

The registry is written first and the source is created after it: if the function ends in between, the reconciler finds
a destination without a source and creates it. A deletion is a tombstone first, which the reconciler finishes.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Protocol

from relay.control.errors import ControlError, conflict, not_found
from relay.destinations.errors import ChangedError, DestinationExistsError, SourceOwnedError, SourceRefusedError
from relay.destinations.model import (
    CUSTOMER,
    MAX_DESTINATIONS,
    NAME,
    Destination,
    SourceStatus,
    Status,
)
from relay.destinations.reconcile import pause, resume, start_delivery
from relay.destinations.registry import MISS_SECONDS
from relay.entry import MAX_DETAIL_TYPE, MAX_SOURCE, SOURCE
from relay.pipeline.reconcile import Event

MAX_DETAIL_TYPES = 100
MAX_METADATA = 10
_ACCOUNT = re.compile(r"[0-9]{12}")
_PATTERN = re.compile(r"[^*]*\*?")


class Table(Protocol):
    """The registry. Every method raises OSError if it cannot be reached."""

    def query(self, customer: str) -> Sequence[Destination]:
        """Return the customer's destinations as they are now, by name."""

    def create(self, destination: Destination) -> None:
        """Write a new destination; raise DestinationExistsError or SourceOwnedError."""

    def page(self, after: str, limit: int, wanted: Callable[[Destination], bool]) -> tuple[list[Destination], str]:
        """Return the next destinations that are wanted, and the last customer of these; empty at the end."""

    def replace(self, before: Destination, after: Destination) -> None:
        """Write a change; raise ChangedError if `before` is not what is there."""

    def save_state(self, before: Destination, after: Destination) -> None:
        """Write what changed of the state; raise ChangedError if another destination has the name now."""


@dataclass(frozen=True, slots=True)
class Held:
    """How many webhooks wait for a destination; `at_least` if they were not all counted."""

    webhooks: int = 0
    at_least: bool = False
    oldest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ControlServices:
    """How the control API reaches AWS; each raises OSError.

    `create_source` raises SourceRefusedError; a source that is there already is fine if it is offered to the
    destination's account, and SourceOwnedError if to another. `finish_deletion` deletes source, held objects and items,
    `forget` only the items.
    `start_release` asks the releaser to begin, with what was received since a time once more. `ping` puts one event and
    returns its id, or raises SourceRefusedError.
    """

    table: Table
    create_source: Callable[[Destination], None]
    finish_deletion: Callable[[Destination], None]
    forget: Callable[[Destination], None]
    start_release: Callable[[Destination, datetime | None], None]
    ping: Callable[[Destination, str, Mapping[str, object]], str]
    count_held: Callable[[Destination], Held]
    notify: Callable[[Sequence[Event]], None]
    now: Callable[[], datetime]
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Settings:
    """What relay.toml says: the partner's name, the Regions that may be used, how long the cache lives, the ping."""

    partner: str
    regions: Sequence[str]
    cache: timedelta
    ping: str = "Ping"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The body of a PUT, with its defaults."""

    aws_account_id: str
    aws_region: str
    detail_types: tuple[str, ...] = ("*",)
    description: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, slots=True)
class Precondition:
    """`if_match` is an entity tag that the destination has to have; `if_none_match` that there must be none."""

    if_match: str = ""
    if_none_match: bool = False


class Control:
    """The operations. `actor` is the ARN of the caller, for the audit."""

    def __init__(self, services: ControlServices, settings: Settings) -> None:
        self._services = services
        self._settings = settings

    def destinations(self, customer: str) -> list[Destination]:
        """Return the customer's destinations, by name."""
        _check_customer(customer)
        return [found for found in self._services.table.query(customer) if not found.deleting]

    def get(self, customer: str, name: str) -> Destination:
        """Return a destination. Raise ControlError 404."""
        _check_customer(customer)
        _check_name(name)
        for found in self._services.table.query(customer):
            if found.name == name and not found.deleting:
                return found
        raise not_found(customer, name)

    def page(self, after: str, limit: int, source_status: SourceStatus | None) -> tuple[list[Destination], str]:
        """Return destinations of the customers that follow `after`, and the last of these; empty if none follows.

        About `limit` of them: customers are not divided, and a page may be shorter, because it was looked for those
        with this `source_status` for long enough.
        """

        def wanted(found: Destination) -> bool:
            return not found.deleting and source_status in {None, found.state.source_status}

        return self._services.table.page(after, limit, wanted)

    def count_held(self, destination: Destination) -> Held:
        """Return how many webhooks wait."""
        return self._services.count_held(destination)

    def now(self) -> datetime:
        """Return the time."""
        return self._services.now()

    def put(
        self, customer: str, name: str, wanted: Wanted, actor: str, condition: Precondition
    ) -> tuple[Destination, bool]:
        """Create or change a destination; return it, and whether it is new. The same again changes nothing.

        Raise ControlError 409 for a field that cannot change, a source of somebody else, or a destination that is
        being deleted; 412 if the precondition fails; 422 for what cannot be used.
        """
        _check_customer(customer)
        _check_name(name)
        self._check(wanted)
        there = {found.name: found for found in self._services.table.query(customer)}
        if before := there.get(name):
            if before.deleting:
                raise conflict("The destination is being deleted; try again in a minute.")
            return self._change(before, wanted, actor, condition), False
        if condition.if_match:
            raise ControlError(HTTPStatus.PRECONDITION_FAILED, "precondition-failed", "There is no such destination.")
        if len(there) >= MAX_DESTINATIONS:
            detail = f"Customer {customer} has {MAX_DESTINATIONS} destinations, which is the limit."
            raise ControlError(422, "too-many-destinations", detail)
        return self._create(customer, name, wanted, actor), True

    def pause(self, customer: str, name: str, actor: str) -> Destination:
        """Hold entries from now on."""
        before = self.get(customer, name)
        if before.status is Status.PAUSED:
            return before
        return self._update(before, pause(before), actor, "Destination Paused")

    def resume(self, customer: str, name: str, actor: str) -> Destination:
        """Put entries again, and release what was held once nothing else holds it."""
        before = self.get(customer, name)
        if before.status is Status.ENABLED:
            return before
        after = self._update(before, resume(before, self._services.now()), actor, "Destination Resumed")
        if after.state.releasing_at:
            self._services.start_release(after, None)
        return after

    def release(self, customer: str, name: str, since: datetime | None) -> Destination:
        """Start delivery: end settling, or send once more what was received at or after `since`.

        Raise ControlError 409 where nobody can receive: the source is not active, or the destination not enabled.
        """
        before = self.get(customer, name)
        now = self._services.now()
        after = start_delivery(before, now)
        if not after.state.releasing_at:
            holding = after.holding.value if after.holding else after.status.value
            raise ControlError(
                409, "not-deliverable", f"The destination cannot receive now: {holding}.", holding=holding
            )
        if after.state != before.state:
            self._save_state(before, after)
        self._services.start_release(after, since)
        return after

    def ping(self, customer: str, name: str) -> str:
        """Put one test event and return its id. Raise ControlError 409 with the source's status if it is not active."""
        found = self.get(customer, name)
        status = found.state.source_status
        if status is not SourceStatus.ACTIVE:
            detail = f"The source is {status.value}: attach an event bus to {found.source} first."
            raise ControlError(409, "source-not-active", detail, source_status=status.value)
        content = {"ping": True, "customer": customer, "destination": name, "sent_at": self._services.now().isoformat()}
        try:
            return self._services.ping(found, self._settings.ping, content)
        except SourceRefusedError as error:
            raise ControlError(502, "refused", f"EventBridge refused the event: {error.code}: {error}") from error

    def delete(self, customer: str, name: str, *, discard: bool, actor: str) -> None:
        """Delete the destination and its source. Raise ControlError 409 while webhooks wait, unless `discard`."""
        before = self.get(customer, name)
        if not discard:
            self._refuse_while_held([before])
        self._delete(before, actor)

    def delete_customer(self, customer: str, *, discard: bool, actor: str) -> int:
        """Delete everything of a customer; return the number of destinations."""
        there = self.destinations(customer)
        if not discard:
            self._refuse_while_held(there)
        for before in there:
            self._delete(before, actor)
        return len(there)

    def effective_at(self, destination: Destination, *, first: bool) -> datetime:
        """Return when a change that was just made is in force in every function.

        `first`: the customer had no destination before, which no function remembers for longer than a second.
        """
        seconds = timedelta(seconds=MISS_SECONDS) if first else self._settings.cache
        return (destination.updated_at or self._services.now()) + seconds

    def _create(self, customer: str, name: str, wanted: Wanted, actor: str) -> Destination:
        now, new_id = self._services.now(), self._services.new_id()
        source = wanted.source or f"{self._settings.partner}/{customer}/{name}-{new_id}"
        created = Destination(
            customer=customer,
            name=name,
            id=new_id,
            aws_account_id=wanted.aws_account_id,
            aws_region=wanted.aws_region,
            source=source,
            detail_types=wanted.detail_types,
            description=wanted.description,
            metadata=wanted.metadata,
            created_at=now,
            updated_at=now,
            updated_by=actor,
        )
        try:
            self._services.table.create(created)
        except DestinationExistsError as error:
            raise conflict("Somebody else created the destination at the same moment.") from error
        except SourceOwnedError as error:
            raise _owned(source) from error
        try:
            self._services.create_source(created)
        except (SourceRefusedError, SourceOwnedError) as error:
            # Not deleted in AWS: what is there may be somebody else's.
            self._services.forget(created)
            raise _owned(source) if isinstance(error, SourceOwnedError) else _refused(error) from error
        self._notify(created, "Destination Created")
        return created

    def _change(self, before: Destination, wanted: Wanted, actor: str, condition: Precondition) -> Destination:
        if condition.if_none_match:
            raise ControlError(HTTPStatus.PRECONDITION_FAILED, "precondition-failed", "The destination exists.")
        if condition.if_match and condition.if_match != before.etag:
            raise ControlError(HTTPStatus.PRECONDITION_FAILED, "precondition-failed", "The destination was changed.")
        for name in ("aws_account_id", "aws_region", "source"):
            value = getattr(wanted, name)
            if value != getattr(before, name) and not (name == "source" and not value):
                detail = f"{name} cannot change; delete the destination and create another."
                raise ControlError(409, "immutable", detail, field=name)
        after = replace(
            before, detail_types=wanted.detail_types, description=wanted.description, metadata=wanted.metadata
        )
        return before if after == before else self._update(before, after, actor, "Destination Updated")

    def _update(self, before: Destination, after: Destination, actor: str, event: str) -> Destination:
        now = self._services.now()
        after = replace(after, version=before.version + 1, updated_at=now, updated_by=actor)
        try:
            self._services.table.replace(before, after)
        except ChangedError as error:
            raise conflict("Somebody else changed the destination at the same moment.") from error
        self._notify(after, event)
        return after

    def _save_state(self, before: Destination, after: Destination) -> None:
        try:
            self._services.table.save_state(before, after)
        except ChangedError as error:
            raise not_found(before.customer, before.name) from error

    def _delete(self, before: Destination, actor: str) -> None:
        deleted = self._update(before, replace(before, deleting=True), actor, "Destination Deleted")
        self._services.finish_deletion(deleted)

    def _refuse_while_held(self, destinations: Iterable[Destination]) -> None:
        held = [self._services.count_held(found) for found in destinations]
        webhooks = sum(count.webhooks for count in held)
        if webhooks:
            at_least = any(count.at_least for count in held)
            number = f"at least {webhooks}" if at_least else str(webhooks)
            detail = f"{number} webhooks wait for delivery; add ?discard=true to delete them as well."
            raise ControlError(409, "held", detail, held={"webhooks": webhooks, "at_least": at_least})

    def _check(self, wanted: Wanted) -> None:
        if not _ACCOUNT.fullmatch(wanted.aws_account_id):
            raise _invalid("aws_account_id", "expected the 12 digits of an AWS account")
        if wanted.aws_region not in self._settings.regions:
            expected = ", ".join(self._settings.regions)
            raise ControlError(
                422,
                "region-not-available",
                f"The relay cannot use {wanted.aws_region}; expected one of {expected}.",
                field="aws_region",
                regions=list(self._settings.regions),
            )
        if not 1 <= len(wanted.detail_types) <= MAX_DETAIL_TYPES:
            raise _invalid("detail_types", f"expected 1 to {MAX_DETAIL_TYPES} detail-types")
        for pattern in wanted.detail_types:
            if not 1 <= len(pattern) <= MAX_DETAIL_TYPE or not _PATTERN.fullmatch(pattern):
                raise _invalid(
                    "detail_types", f"expected a detail-type, with `*` at its end only, got {pattern[:140]!r}"
                )
        if len(wanted.metadata) > MAX_METADATA:
            raise _invalid("metadata", f"expected at most {MAX_METADATA} entries")
        if wanted.source and not self._is_ours(wanted.source):
            raise _invalid("source", f"expected {self._settings.partner}/…, at most {MAX_SOURCE} characters")

    def _is_ours(self, source: str) -> bool:
        return (
            source.startswith(f"{self._settings.partner}/")
            and len(source) <= MAX_SOURCE
            and re.fullmatch(SOURCE, source) is not None
        )

    def _notify(self, destination: Destination, detail_type: str) -> None:
        detail = {
            "customer": destination.customer,
            "destination": destination.name,
            "source": destination.source,
            "aws_region": destination.aws_region,
            "status": destination.status.value,
            "updated_by": destination.updated_by,
        }
        self._services.notify([Event(detail_type, detail)])


def _check_customer(customer: str) -> None:
    if not CUSTOMER.fullmatch(customer):
        raise _invalid("customer", f"expected {CUSTOMER.pattern}")


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise _invalid("name", f"expected {NAME.pattern}")


def _invalid(name: str, expected: str) -> ControlError:
    return ControlError(422, "invalid", f"{name}: {expected}.", field=name)


def _owned(source: str) -> ControlError:
    return ControlError(409, "source-owned", f"{source} belongs to another destination or account.", field="source")


def _refused(error: Exception) -> ControlError:
    code = getattr(error, "code", "")
    if code == "LimitExceededException":
        return ControlError(503, "source-limit", "AWS allows no more partner event sources; ask for a higher limit.")
    if code == "OperationDisabledException":
        return ControlError(
            422, "region-not-available", "AWS has not enabled this partner in the Region.", field="aws_region"
        )
    return ControlError(503, "source-not-created", f"AWS did not create the source: {code}: {error}")
