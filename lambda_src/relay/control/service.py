"""What the control API does, with everything that reaches AWS passed in.

The registry is written first and the source is created after it: if the function ends in between, the reconciler finds
a destination without a source and creates it. A deletion is a tombstone first, which the reconciler finishes.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus

from relay.control.errors import ControlError, conflict, not_found, owned, refused
from relay.control.services import ControlServices, Settings
from relay.control.wanted import Precondition, Wanted, check_customer, check_name, check_wanted
from relay.destinations.errors import ChangedError, DestinationExistsError, SourceOwnedError, SourceRefusedError
from relay.destinations.events import event_of
from relay.destinations.model import MAX_DESTINATIONS, Destination, SourceStatus, Status
from relay.destinations.reconcile import Action, Change, look_at, pause, resume, start_delivery
from relay.destinations.registry import MISS_SECONDS


class Control:
    """The operations. `actor` is the ARN of the caller, for the audit."""

    def __init__(self, services: ControlServices, settings: Settings) -> None:
        self.services = services
        self._settings = settings

    def destinations(self, customer: str) -> list[Destination]:
        """Return the customer's destinations, by name."""
        check_customer(customer)
        return [found for found in self.services.table.query(customer) if not found.deleting]

    def get(self, customer: str, name: str) -> Destination:
        """Return a destination. Raise ControlError 404."""
        check_customer(customer)
        check_name(name)
        for found in self.services.table.query(customer):
            if found.name == name and not found.deleting:
                return found
        raise not_found(customer, name)

    def page(self, after: str, limit: int, source_status: SourceStatus | None) -> tuple[list[Destination], str]:
        """Return the next page of destinations, and where the one after it begins; empty at the end.

        About `limit` of them: customers are not divided, and a page may be shorter, because few have this
        `source_status`.
        """

        def wanted(found: Destination) -> bool:
            return not found.deleting and source_status in {None, found.state.source_status}

        return self.services.table.page(after, limit, wanted)

    def put(
        self, customer: str, name: str, wanted: Wanted, actor: str, condition: Precondition
    ) -> tuple[Destination, bool]:
        """Create or change a destination; return it, and whether it is new. The same again changes nothing.

        Raise ControlError 409 for a field that cannot change, a source of somebody else, or a destination that is
        being deleted; 412 if the precondition fails; 422 for what cannot be used.
        """
        check_customer(customer)
        check_name(name)
        there = {found.name: found for found in self.services.table.query(customer)}
        if wanted.keep_metadata and name in there:
            wanted = replace(wanted, metadata=there[name].metadata)
        check_wanted(wanted, self._settings.partner, self._settings.regions)
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
        after = self._update(before, resume(before, self.services.now()), actor, "Destination Resumed")
        if after.state.releasing_at:
            self.services.start_release(after)
        return after

    def release(self, customer: str, name: str, since: datetime | None, actor: str) -> Destination:
        """Start delivery: end settling, or send once more what was received at or after `since`.

        Raise ControlError 409 where nobody can receive: the source is not active, or the destination not enabled.
        """
        before = self._look_at_inactive(self.get(customer, name))
        now = self.services.now()
        after = start_delivery(before, now)
        if not after.state.releasing_at:
            holding = after.holding.value if after.holding else after.status.value
            raise ControlError(
                409, "not-deliverable", f"The destination cannot receive now: {holding}.", holding=holding
            )
        if since:
            earliest = min(since, before.state.restoring_since or since)
            after = replace(after, state=replace(after.state, restoring_since=earliest))
        if after.state != before.state:
            self._save_state(before, after)
        self.services.record("Destination Released", actor, before, after)
        self.services.start_release(after)
        return after

    def ping(self, customer: str, name: str, actor: str) -> str:
        """Put one test event and return its id. Raise ControlError 409 with the source's status if it is not active."""
        found = self._look_at_inactive(self.get(customer, name))
        status = found.state.source_status
        if status is not SourceStatus.ACTIVE:
            detail = f"The source is {status.value}: attach an event bus to {found.source} first."
            raise ControlError(409, "source-not-active", detail, source_status=status.value)
        content = {"ping": True, "customer": customer, "destination": name, "sent_at": self.services.now().isoformat()}
        try:
            event_id = self.services.ping(found, self._settings.ping, content)
        except SourceRefusedError as error:
            refusal = ControlError(502, "refused", "EventBridge refused the event.", f"{error.code}: {error}")
            raise refusal from error
        self.services.record("Destination Pinged", actor, found, found)
        return event_id

    def delete(self, customer: str, name: str, *, discard: bool, actor: str) -> None:
        """Delete the destination and its source. Raise ControlError 409 while webhooks wait, unless `discard`."""
        before = self.get(customer, name)
        if not discard:
            self._refuse_while_held([before])
        self._delete(before, actor)

    def delete_customer(self, customer: str, *, discard: bool, actor: str) -> int:
        """Delete everything of a customer; return the number of destinations. Their links and sessions end first."""
        there = self.destinations(customer)
        if not discard:
            self._refuse_while_held(there)
        self.revoke_access(customer, actor)
        for before in there:
            self._delete(before, actor)
        return len(there)

    def revoke_access(self, customer: str, actor: str) -> None:
        """End every link and session of the customer's page that was issued until now."""
        check_customer(customer)
        self.services.revoke_access(customer, actor)

    def effective_at(self, destination: Destination, *, first: bool) -> datetime:
        """Return when a change that was just made is in force in every function.

        `first`: the customer had no destination before, which no function remembers for longer than a second.
        """
        seconds = timedelta(seconds=MISS_SECONDS) if first else self._settings.cache
        return (destination.updated_at or self.services.now()) + seconds

    def _create(self, customer: str, name: str, wanted: Wanted, actor: str) -> Destination:
        now, new_id = self.services.now(), self.services.new_id()
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
            self.services.table.create(created)
        except DestinationExistsError as error:
            raise conflict("Somebody else created the destination at the same moment.") from error
        except SourceOwnedError as error:
            raise owned(source) from error
        # The audit line comes with the change of the registry: what follows may fail, or be cut off.
        self.services.record("Destination Created", actor, None, created)
        try:
            self.services.create_source(created)
        except (SourceRefusedError, SourceOwnedError) as error:
            # Not deleted in AWS: what is there may be somebody else's.
            self.services.forget(created)
            self.services.record("Destination Refused", actor, created, None)
            raise owned(source) if isinstance(error, SourceOwnedError) else refused(error) from error
        except OSError:  # the destination is there, and the reconciler creates its source
            self._notify(created, "Destination Created")
            raise
        self._notify(created, "Destination Created")
        return self._look_at_created(created)

    def _look_at_created(self, created: Destination) -> Destination:
        """Return the destination with the state and the clock of its source; without them if they are not known yet.

        Nothing depends on it: the reconciler looks within a minute.
        """
        try:
            look, now = self.services.look(created)
            if look.state is None:
                return created  # AWS does not show yet what it has made
            change = look_at(created, look, now, self._settings.settle)
            self._save_look(created, change)
        except (SourceRefusedError, ControlError, OSError):
            return created
        return change.destination

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
        now = self.services.now()
        after = replace(after, version=before.version + 1, updated_at=now, updated_by=actor)
        try:
            self.services.table.save(before, after)
        except ChangedError as error:
            raise conflict("Somebody else changed the destination at the same moment.") from error
        self.services.record(event, actor, before, after)
        self._notify(after, event)
        return after

    def _look_at_inactive(self, before: Destination) -> Destination:
        """Return the destination as it is now, if its source has become active since the reconciler looked at it."""
        if before.state.source_status is SourceStatus.ACTIVE:
            return before
        try:
            look, now = self.services.look(before)
        except SourceRefusedError as error:
            raise refused(error) from error
        if look.state is not SourceStatus.ACTIVE:
            return before
        change = look_at(before, look, now, self._settings.settle)
        self._save_look(before, change)
        return change.destination

    def _save_look(self, before: Destination, change: Change) -> None:
        """Write what a look changed, and do what follows from it. Raise ControlError 409 if somebody was faster."""
        self._save_state(before, change.destination)
        if Action.RELEASE in change.actions:
            self.services.start_release(change.destination)
        for detail_type in change.events:
            self._notify(change.destination, detail_type)

    def _save_state(self, before: Destination, after: Destination) -> None:
        try:
            self.services.table.save(before, after)
        except ChangedError as error:
            raise conflict("Somebody else changed the destination at the same moment.") from error

    def _delete(self, before: Destination, actor: str) -> None:
        deleted = self._update(before, replace(before, deleting=True), actor, "Destination Deleted")
        self.services.finish_deletion(deleted)

    def _refuse_while_held(self, destinations: Iterable[Destination]) -> None:
        held = [self.services.count_held(found) for found in destinations]
        webhooks = sum(count.webhooks for count in held)
        if webhooks:
            at_least = any(count.at_least for count in held)
            number = f"at least {webhooks}" if at_least else str(webhooks)
            detail = f"{number} webhooks wait for delivery; add ?discard=true to delete them as well."
            raise ControlError(409, "held", detail, held={"webhooks": webhooks, "at_least": at_least})

    def _notify(self, destination: Destination, detail_type: str) -> None:
        self.services.notify([event_of(destination, detail_type, self.services.now())])
