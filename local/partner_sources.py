"""Partner event sources and their states, as the onboarding guide and the botocore model have them. Pure.

https://docs.aws.amazon.com/eventbridge/latest/onboarding/amazon_eventbridge_partner_onboarding_guide.html
PENDING: created, no bus; events are accepted and dropped. ACTIVE: the customer has made the bus of the same name.
DELETED: the partner deleted it while a bus is attached. A source nobody attached within 7 days expires.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

MAX_SOURCE_NAME = 256
SOURCE_NAME = r"aws\.partner(/[\.\-_A-Za-z0-9]+){2,}"
EXPIRY_SECONDS = 7 * 24 * 3600


class AwsError(Exception):
    """An error answer: what AWS calls it, and the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.code, self.message, self.status = code, message, status
        super().__init__(f"{code}: {message}")


def constraint_error(field: str, value: object, constraint: str) -> AwsError:
    """A violated constraint of the service model, as AWS words it."""
    where = f"Value '{value}' at '{field}' failed to satisfy constraint"
    return AwsError("ValidationException", f"1 validation error detected: {where}: Member must {constraint}")


def check_source_name(field: str, name: str) -> None:
    """Raises AwsError unless `name` is within the model's length and pattern."""
    if len(name) > MAX_SOURCE_NAME:
        raise constraint_error(field, name, f"have length less than or equal to {MAX_SOURCE_NAME}")
    if not re.fullmatch(SOURCE_NAME, name):
        raise constraint_error(field, name, f"satisfy regular expression pattern: {SOURCE_NAME}")


@dataclass
class PartnerSource:
    """One source: for one customer account, in one Region."""

    name: str
    region: str
    owner: str
    account: str
    created: float
    attached: bool = False
    deleted: bool = False

    @property
    def arn(self) -> str:
        """With an empty account, as in the onboarding guide."""
        return f"arn:aws:events:{self.region}::event-source/{self.name}"

    @property
    def expires(self) -> float:
        """When it is deleted if it is still PENDING; epoch seconds."""
        return self.created + EXPIRY_SECONDS

    @property
    def state(self) -> str:
        """`PENDING`, `ACTIVE` or `DELETED`."""
        return "DELETED" if self.deleted else "ACTIVE" if self.attached else "PENDING"


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
        source = PartnerSource(name, region, owner, account, now)
        self._sources[region, name] = source
        return source

    def delete(self, owner: str, region: str, name: str, account: str, now: float) -> None:
        """DeletePartnerEventSource: no error if there is none. An attached bus stays and shows it as DELETED."""
        source = self._alive(region, name, now)
        if source and source.owner == owner and source.account == account:
            if source.attached:
                source.deleted = True
            else:
                del self._sources[region, name]

    def of_partner(self, owner: str, region: str, prefix: str, now: float) -> list[PartnerSource]:
        """The partner's sources, by name."""
        return self._list(region, prefix, now, lambda source: source.owner == owner and not source.deleted)

    def of_customer(self, account: str, region: str, prefix: str, now: float) -> list[PartnerSource]:
        """The sources shared with a customer account, by name."""
        return self._list(region, prefix, now, lambda source: source.account == account)

    def attach(self, account: str, region: str, name: str, now: float) -> None:
        """CreateEventBus by the customer: the source becomes ACTIVE."""
        source = self._alive(region, name, now)
        if not source or source.account != account or source.deleted:
            raise AwsError("ResourceNotFoundException", f"Event source {name} does not exist.")
        if source.attached:
            raise AwsError("ResourceAlreadyExistsException", f"Event bus {name} already exists.")
        source.attached = True

    def detach(self, account: str, region: str, name: str, now: float) -> None:
        """DeleteEventBus by the customer: back to PENDING, or gone if the partner had deleted it."""
        source = self._alive(region, name, now)
        if source and source.account == account:
            source.attached = False
            if source.deleted:
                del self._sources[region, name]

    def target(self, owner: str, region: str, name: str, now: float) -> PartnerSource | None:
        """Where the partner's events for `name` go; None if it may not put any."""
        source = self._alive(region, name, now)
        return source if source and source.owner == owner and not source.deleted else None

    def _alive(self, region: str, name: str, now: float) -> PartnerSource | None:
        source = self._sources.get((region, name))
        if source and source.state == "PENDING" and now >= source.expires:
            del self._sources[region, name]
            return None
        return source

    def _list(self, region: str, prefix: str, now: float, keep: Callable[[PartnerSource], bool]) -> list[PartnerSource]:
        names = sorted(name for where, name in self._sources if where == region and name.startswith(prefix))
        return [source for name in names if (source := self._alive(region, name, now)) and keep(source)]
