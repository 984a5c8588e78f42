"""What became of a request, and of a message of the retry queue: what the log and the metrics record."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from relay.delivery.undelivered import EntryResult
from relay.entry import Entry
from relay.errors import Rejected

if TYPE_CHECKING:  # only a route with a customer, and the delivery log, need them
    from relay.destinations.addressing import Addressee

EntryLine = dict[str, str | int]
"""A line of the delivery log (entry_lines.py). `webhook_id` and `index`, its place in what the webhook became, tell an
entry from every other."""


class Relayed(NamedTuple):
    """A webhook each of whose entries EventBridge accepted or a queue holds.

    `planned` has what was to become of it, for each result (nothing for a webhook that could not be mapped), and
    `put_ms` is how many milliseconds EventBridge took for it. `archive_error` says why it is not in the archive.
    """

    route: str
    webhook_id: str
    results: Sequence[EntryResult]
    planned: "Sequence[Entry | Addressee]" = ()
    put_ms: int = 0
    archive_error: str = ""


class HandshakeAnswered(NamedTuple):
    """A verification handshake that was answered; nothing was delivered."""

    route: str


class Duplicate(NamedTuple):
    """A webhook that was processed before; its first response was sent again."""

    route: str
    webhook_id: str


class RejectedRequest(NamedTuple):
    """A request that was not accepted, and its route: `none` if no route matched."""

    route: str
    rejection: Rejected


RequestResult = Relayed | HandshakeAnswered | Duplicate | RejectedRequest


@dataclass(frozen=True, slots=True)
class Done:
    """A message that can be deleted: each of its entries was accepted, is in a queue, or is held.

    Or it is nobody's: nobody has subscribed to it, or its destination is disabled, or was deleted (`discarded`).
    `lines` are those of the delivery log.
    """

    accepted: int = 0
    dead_lettered: int = 0
    held: int = 0
    unsubscribed: int = 0
    without_customer: int = 0
    disabled: int = 0
    discarded: int = 0
    queued: int = 0
    lines: Sequence[EntryLine] = field(default=(), compare=False)


class Postponed(NamedTuple):
    """A message that stays in the retry queue, hidden for this many seconds."""

    seconds: int
    code: str


MessageResult = Done | Postponed
