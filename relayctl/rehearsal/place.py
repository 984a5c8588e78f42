"""One Region of a rehearsal: the relay as the SaaS and its partner account see it, and the customer's account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from relay.config.model import Config
from relay.destinations.model import Destination
from relayctl.control import ControlApi, ControlApiError, customer_path, destination_path
from relayctl.rehearsal.customer import CustomerAccount
from relayctl.rehearsal.naming import PREFIX
from relayctl.rehearsal.roles import Roles
from relayctl.rehearsal.sender import Answer, Sender
from relayctl.walk import UnexpectedError, require, until

NAME = "prod"
"""The name of each customer's destination."""
ARRIVAL_SECONDS = 30
ATTACH_SECONDS = 60
PING_SECONDS = 5
"""How long one ping is waited for before another is sent: a rule may need a while before it matches."""
CONFLICT = 409


@dataclass
class Place:
    """One Region. `neighbors` are the other Regions of the walk.

    `publisher` is the account that publishes, `partner` EventBridge in it. `samples` are events that have arrived,
    `measured` seconds by what they are about.
    """

    id: str
    region: str
    relay: Config
    api: ControlApi
    publisher: str
    partner: Any
    roles: Roles
    customer: CustomerAccount
    sender: Sender
    neighbors: Sequence["Place"] = ()
    samples: list[dict[str, Any]] = field(default_factory=list)
    measured: dict[str, float] = field(default_factory=dict)

    def customer_id(self, role: str) -> str:
        """Return the id of the customer who plays a role."""
        return f"{PREFIX}{self.id}-{role}-{self.region}"

    def connect(self, role: str, name: str = NAME, **fields: Any) -> Any:
        """Create a destination, as the SaaS's backend does. Raise ControlApiError."""
        body = {"aws_account_id": self.customer.id, "aws_region": self.region, **fields}
        return self.api.call("PUT", destination_path(self.customer_id(role), name), body)

    def show(self, role: str) -> Any:
        """Return a destination. Raise ControlApiError."""
        return self.api.call("GET", destination_path(self.customer_id(role), NAME))

    def source(self, role: str) -> str:
        """Return the name of a destination's source. Raise ControlApiError."""
        return str(self.show(role)["source"])

    def ask(self, role: str, operation: str) -> Any:
        """Post an operation on a destination. Raise ControlApiError."""
        return self.api.call("POST", destination_path(self.customer_id(role), NAME, operation))

    def delete(self, role: str) -> None:
        """Delete a destination, unless webhooks wait for it. Raise ControlApiError."""
        self.api.call("DELETE", destination_path(self.customer_id(role), NAME))

    def discard(self, role: str) -> None:
        """Delete a destination and what waits for it. Raise ControlApiError."""
        self.api.call("DELETE", destination_path(self.customer_id(role), NAME), query={"discard": "true"})

    def refusal(self, status: int, what: str, method: str, role: str, body: Any = None, operation: str = "") -> str:
        """Return why a request is refused. Raise UnexpectedError if it is not, or with another status."""
        try:
            self.api.call(method, destination_path(self.customer_id(role), NAME, operation), body)
        except ControlApiError as error:
            require(error.status == status, f"{what} was refused as {error}")
            return str(error)
        raise UnexpectedError(f"{what} was not refused")

    def customers(self, role: str) -> list[Any]:
        """Return the destinations of the customer who plays a role."""
        return list(self.api.pages(f"{customer_path(self.customer_id(role))}/destinations", {}))

    def post(self, role: str) -> Answer:
        """Post the webhook for a customer. Raise UnexpectedError if it is not answered 202."""
        answer = self.sender.post(self.customer_id(role))
        require(answer.status == 202, f"the webhook was answered {answer.summary()}")  # noqa: PLR2004 - Accepted
        return answer

    def held(self, role: str) -> Answer:
        """Post the webhook for a customer. Raise UnexpectedError if any entry of it is not held."""
        answer = self.post(role)
        require(answer.count("held") == self.entries, f"the webhook was answered {answer.summary()}")
        return answer

    @property
    def entries(self) -> int:
        """Return how many events the webhook becomes."""
        destination = Destination("c", NAME, "", self.customer.id, self.region, f"{self.relay.partner}/c/{NAME}")
        return len(self.sender.entries("c", destination))

    def attach(self, role: str) -> str:
        """Attach a bus to a destination's source, ping until one arrives, start delivery; return what was seen."""
        source = self.source(role)
        self.customer.attach(source)
        active = until(lambda: self.customer.state(source) == "ACTIVE", ATTACH_SECONDS)
        if active is None:
            raise UnexpectedError(f"the bus was made, and {source} is {self.customer.state(source)}")
        pings: list[str] = []

        def one_arrives() -> bool:
            try:
                pings.append(str(self.ask(role, "ping")["event_id"]))
            except ControlApiError as error:
                if error.status != CONFLICT:  # the partner does not see it as active yet
                    raise
                return False
            return self._arrived_one_of(source, pings)

        took = until(one_arrives, ATTACH_SECONDS)
        if took is None:
            raise UnexpectedError(f"ACTIVE after {active:.0f} s, and none of {len(pings)} pings arrived")
        self.measured |= {"active": active, "rule": took}
        self.ask(role, "release")
        return f"ACTIVE {active:.0f} s after the bus was made; ping {len(pings)} arrived {took:.0f} s after the rule"

    def _arrived_one_of(self, source: str, ids: Sequence[str]) -> bool:
        def there() -> bool:
            return any(event["id"] in ids for event in self.customer.events(source))

        return until(there, PING_SECONDS) is not None

    def webhook_events(self, role: str) -> list[dict[str, Any]]:
        """Return the events of webhooks that have arrived for a customer, without pings."""
        ping = self.relay.destinations.ping if self.relay.destinations else ""
        return [event for event in self.customer.events(self.source(role)) if event["detail-type"] != ping]

    def arrived(self, role: str, count: int) -> float:
        """Wait for so many events of webhooks; return how long it took. Raise UnexpectedError."""
        took = until(lambda: len(self.webhook_events(role)) >= count, ARRIVAL_SECONDS)
        if took is None:
            raise UnexpectedError(f"{len(self.webhook_events(role))} of {count} events arrived in {ARRIVAL_SECONDS} s")
        return took

    def accounts(self, source: str) -> list[Mapping[str, Any]]:
        """Return the accounts of a source as the partner sees them, none if it does not exist."""
        try:
            found = self.partner.list_partner_event_source_accounts(EventSourceName=source)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return []
            raise
        return list(found["PartnerEventSourceAccounts"])

    def remove_source(self, role: str) -> str:
        """Delete a destination's source behind the relay's back, as when it expires; return its name."""
        source = self.source(role)
        self.partner.delete_partner_event_source(Name=source, Account=self.customer.id)
        return source
