"""What the flows need of the world outside: functions, passed in, so that a test passes its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from relay.auth.context import Fetch
from relay.aws.idempotency import Claim
from relay.config.model import Config
from relay.delivery.circuit_breaker import CircuitBreaker
from relay.delivery.deliver import Send
from relay.delivery.undelivered import Store
from relay.entry import Entry
from relay.mapping.claim_check import ClaimCheckStore
from relay.mapping.parsed_webhook import ParsedWebhook
from relay.pipeline.spoilers import Spoilers

if TYPE_CHECKING:  # only a route with a customer needs them
    from relay.delivery.message import Message
    from relay.destinations.addressing import Addressee
    from relay.destinations.held import HeldKey
    from relay.destinations.model import Destination

Response = dict[str, Any]
"""A Lambda proxy response."""


Archive = Callable[["ParsedWebhook", "Sequence[Entry | Addressee]"], Callable[[Callable[[], float]], str]]


class Idempotency(Protocol):
    """Remembers the first response to each webhook."""

    def claim(self, key: str, seconds_left: float) -> Claim:
        """Return the first response to `key`, or the right to process it for `seconds_left`.

        Raise Conflict while another request is processing it. An empty key is never remembered.
        """

    def complete(self, claim: Claim, response: Response) -> None:
        """Remember `response`. Never raise: the webhook has been accepted."""

    def release(self, claim: Claim) -> None:
        """Forget the claim, so that the sender can try again at once. Never raise."""


class DestinationServices(NamedTuple):
    """The registry of customers' destinations, and where entries are held.

    `find` returns a customer's destinations, which may be remembered, and `read` as they are now; both raise
    Unavailable if they cannot be read. `hold` stores messages under a key, replacing what is there, and raises OSError.
    `note_refusals` notes that entries of a destination were refused, and with which error; it does not raise.
    """

    find: "Callable[[str], Sequence[Destination]]"
    read: "Callable[[str], Sequence[Destination]]"
    hold: "Callable[[HeldKey, Sequence[Message]], None]"
    note_refusals: "Callable[[Destination, str], None]"


@dataclass(frozen=True, slots=True)
class Services:
    """The configuration, and everything that reaches AWS or a sender.

    `read_secret` returns the active values of a secret, none if there is no such secret, or raises Unavailable;
    `refresh_secret` returns values read a few seconds ago at most, which a rejection needs.
    `enroll` stores a secret that arrived in a handshake; it raises Unauthorized if the secret has another value, or
    Unavailable.
    `fetch` returns what a sender publishes at a URL, read so many seconds ago at most.
    `follow` returns the message that a text is or points to; it raises InvalidMessage, or OSError if it cannot be read
    now. `store_unreadable` dead-letters a text that is no message, with the reason, and returns the error, or None.
    `postpone` hides the messages with these receipt handles in the queue of this ARN for some seconds. Neither raises.
    `destinations` is None without `[destinations]` in relay.toml.
    `archive` begins to archive a webhook and what it is to become, and returns how to wait for that: given how many
    seconds are left, why the webhook is not archived, empty if it is. It does not raise; None without `[archive]`.
    `spoilers` are the sources whose entries are put alone in what is left of the process's life, and `circuit_breaker`
    knows the Regions whose EventBridge has just failed.
    `jitter` returns a number from 0 to 1, and `report` records an error that nobody expected.
    """

    config: Config
    read_secret: Callable[[str], Sequence[str]]
    refresh_secret: Callable[[str], Sequence[str]]
    enroll: Callable[[str, str], None]
    fetch: Fetch
    send: Send
    store: Store
    claim_checks: ClaimCheckStore
    idempotency: Idempotency
    follow: Callable[[str], str]
    store_unreadable: Callable[[str, str], str | None]
    postpone: Callable[[str, dict[str, int]], None]
    jitter: Callable[[], float]
    report: Callable[[Exception], None]
    destinations: DestinationServices | None = None
    archive: "Archive | None" = None
    spoilers: Spoilers = field(default_factory=Spoilers)
    circuit_breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
