"""How the pipeline reaches AWS: functions, passed in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from relay.auth.context import Fetch
from relay.delivery.deliver import Send
from relay.delivery.undelivered import Store
from relay.mapping.claim_check import ClaimCheckStore

Response = dict[str, Any]
"""A Lambda proxy response."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What ingest.py connects, and tests replace.

    `read_secret` gives the active values of a secret, none if there is no such secret, or raises Unavailable.
    `refresh_secret` gives the values as they were at most a few seconds ago: what a refusal rests on.
    `fetch` gives what a sender publishes, as it was at most so many seconds ago.
    `enroll` stores a secret that arrived in a handshake unless it is there, raises Unauthorized if another value is,
    or Unavailable.
    `once` gives the answer of some work for a key, or the first answer there was for it, and whether it is the first;
    it is told the seconds that are left, and raises Conflict while somebody else does that work.
    """

    read_secret: Callable[[str], Sequence[str]]
    refresh_secret: Callable[[str], Sequence[str]]
    send: Send
    store: Store
    fetch: Fetch
    enroll: Callable[[str, str], None]
    counter: ClaimCheckStore
    once: Callable[[str, float, Callable[[], Response]], tuple[Response, bool]]
