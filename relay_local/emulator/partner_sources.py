"""Partner event sources and their states, as the onboarding guide and the botocore model have them. Pure.

https://docs.aws.amazon.com/eventbridge/latest/onboarding/amazon_eventbridge_partner_onboarding_guide.html
PENDING: no bus, or the customer has deactivated it; events are accepted and dropped. ACTIVE: the customer has made the
bus of the same name. DELETED: the source is gone while a bus of its name is there. What stays PENDING expires: after
7 days without a bus (the onboarding guide), after two weeks if it was deactivated (the API reference).
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeactivateEventSource.html

Assumed, because nothing of AWS's says it: the time counts from the last change to PENDING; the bus of a source that was
deleted has to be deleted before the source's successor can be attached; which states InvalidStateException is about.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

MAX_SOURCE_NAME = 256
SOURCE_NAME = r"aws\.partner(/[\.\-_A-Za-z0-9]+){2,}"
EXPIRY_SECONDS = 7 * 24 * 3600
DEACTIVATED_EXPIRY_SECONDS = 14 * 24 * 3600


class AwsError(Exception):
    """An error answer: what AWS calls it, and the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.code, self.message, self.status = code, message, status
        super().__init__(f"{code}: {message}")


def constraint_error(field: str, value: object, constraint: str) -> AwsError:
    """Return the error for a violated constraint of the service model, as AWS words it."""
    where = f"Value '{value}' at '{field}' failed to satisfy constraint"
    return AwsError("ValidationException", f"1 validation error detected: {where}: Member must {constraint}")


def check_source_name(field: str, name: str) -> None:
    """Raise AwsError unless `name` is within the model's length and pattern."""
    if len(name) > MAX_SOURCE_NAME:
        raise constraint_error(field, name, f"have length less than or equal to {MAX_SOURCE_NAME}")
    if not re.fullmatch(SOURCE_NAME, name):
        raise constraint_error(field, name, f"satisfy regular expression pattern: {SOURCE_NAME}")


@dataclass
class PartnerSource:
    """One source: for one customer account, in one Region.

    `bus`: the customer has a bus of its name. `attached`: that bus is this source's, not that of a deleted one before
    it. `pending_since` is in epoch seconds, as `created` is.
    """

    name: str
    region: str
    owner: str
    account: str
    created: float
    pending_since: float
    bus: bool = False
    attached: bool = False
    deactivated: bool = False
    deleted: bool = False

    @property
    def arn(self) -> str:
        """Return the ARN, with an empty account as in the onboarding guide."""
        return f"arn:aws:events:{self.region}::event-source/{self.name}"

    @property
    def expires(self) -> float:
        """Return when it is deleted if it is still PENDING, in epoch seconds."""
        return self.pending_since + (DEACTIVATED_EXPIRY_SECONDS if self.deactivated else EXPIRY_SECONDS)

    @property
    def state(self) -> str:
        """Return `PENDING`, `ACTIVE` or `DELETED`."""
        if self.deleted:
            return "DELETED"
        return "ACTIVE" if self.attached and not self.deactivated else "PENDING"


class PartnerSources:
    """All sources of all partners. Every `now` is epoch seconds."""

    def __init__(self) -> None:
        self._sources: dict[tuple[str, str], PartnerSource] = {}

    def create(self, owner: str, region: str, name: str, account: str, now: float) -> PartnerSource:
        """CreatePartnerEventSource."""
        check_source_name("name", name)
        if not re.fullmatch(r"[0-9]{12}", account):
            raise constraint_error("account", account, r"satisfy regular expression pattern: \d{12}")
        existing = self._alive(region, name, now)
        if existing and not existing.deleted:
            raise AwsError("ResourceAlreadyExistsException", f"Event source {name} already exists.")
        bus = existing is not None and existing.account == account
        source = PartnerSource(name, region, owner, account, created=now, pending_since=now, bus=bus)
        self._sources[region, name] = source
        return source

    def delete(self, owner: str, region: str, name: str, account: str, now: float) -> None:
        """DeletePartnerEventSource: no error if there is none. The customer's bus stays and shows it as DELETED."""
        source = self._alive(region, name, now)
        if source and source.owner == owner and source.account == account:
            self._remove(source)

    def of_partner(self, owner: str, region: str, prefix: str, now: float) -> list[PartnerSource]:
        """Return the partner's sources, by name."""
        return self._list(region, prefix, now, lambda source: source.owner == owner and not source.deleted)

    def of_customer(self, account: str, region: str, prefix: str, now: float) -> list[PartnerSource]:
        """Return the sources that are shared with a customer account, by name."""
        return self._list(region, prefix, now, lambda source: source.account == account)

    def attach(self, account: str, region: str, name: str, now: float) -> None:
        """CreateEventBus by the customer: the source becomes ACTIVE."""
        source = self._of(account, region, name, now)
        if not source or source.deleted:
            raise AwsError("ResourceNotFoundException", f"Event source {name} does not exist.")
        if source.bus:
            raise AwsError("ResourceAlreadyExistsException", f"Event bus {name} already exists.")
        source.bus = source.attached = True

    def detach(self, account: str, region: str, name: str, now: float) -> None:
        """DeleteEventBus by the customer: back to PENDING, or gone if the source was deleted before."""
        source = self._of(account, region, name, now)
        if source and source.attached and not source.deleted:
            source.attached = source.deactivated = False
            source.pending_since = now
        if source:
            source.bus = False
            if source.deleted:
                self._remove(source)

    def deactivate(self, account: str, region: str, name: str, now: float) -> None:
        """DeactivateEventSource by the customer: PENDING, and the bus stays."""
        source = self._in_state("ACTIVE", account, region, name, now)
        source.deactivated, source.pending_since = True, now

    def activate(self, account: str, region: str, name: str, now: float) -> None:
        """ActivateEventSource by the customer: ACTIVE again, if that is how it became PENDING."""
        source = self._in_state("PENDING", account, region, name, now)
        if not source.deactivated:
            raise AwsError("InvalidStateException", f"Event source {name} has no matching event bus.")
        source.deactivated = False

    def target(self, owner: str, region: str, name: str, now: float) -> PartnerSource | None:
        """Return where the partner's events for `name` go; None if it may not put any."""
        source = self._alive(region, name, now)
        return source if source and source.owner == owner and not source.deleted else None

    def _in_state(self, state: str, account: str, region: str, name: str, now: float) -> PartnerSource:
        source = self._of(account, region, name, now)
        if not source:
            raise AwsError("ResourceNotFoundException", f"Event source {name} does not exist.")
        if source.state != state:
            raise AwsError("InvalidStateException", f"Event source {name} is in state {source.state}, not {state}.")
        return source

    def _of(self, account: str, region: str, name: str, now: float) -> PartnerSource | None:
        source = self._alive(region, name, now)
        return source if source and source.account == account else None

    def _alive(self, region: str, name: str, now: float) -> PartnerSource | None:
        source = self._sources.get((region, name))
        if source and source.state == "PENDING" and now >= source.expires:
            self._remove(source)
        return self._sources.get((region, name))

    def _remove(self, source: PartnerSource) -> None:
        """Forget the source, or show it as DELETED while a bus of its name is there."""
        source.deleted = True
        if not source.bus:
            del self._sources[source.region, source.name]

    def _list(self, region: str, prefix: str, now: float, keep: Callable[[PartnerSource], bool]) -> list[PartnerSource]:
        names = sorted(name for where, name in self._sources if where == region and name.startswith(prefix))
        return [source for name in names if (source := self._alive(region, name, now)) and keep(source)]
