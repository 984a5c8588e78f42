"""Held entries: one object for each webhook and destination, JSON Lines of the queues' messages, oldest key first.

held/{customer}/{destination}/{id}/{received_at in milliseconds, 15 digits}-{request id}

What is left of an object after a part of it was released has the same key, and `+rest`. A copy of what was released
has the same key under released/; that of what was left has, too, of how many messages it was (`+rest+12`).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from relay.delivery.message import InvalidMessage, Message, parse

HELD, RELEASED = "held/", "released/"
_REST = "+rest"  # no request id has a plus: it is percent-encoded
_KEY = re.compile(r"(held/|released/)([^/]+)/([^/]+)/([^/]+)/([0-9]{15})-([^/]+)")


@dataclass(frozen=True, slots=True)
class HeldKey:
    """Whose entries an object has, when their webhook was received, and what tells it from every other.

    `request_id` is API Gateway's id of the request, or SQS's of the message: two objects of one key would be one, so
    there is none without it.
    """

    customer: str
    destination: str
    destination_id: str
    received_at: datetime
    request_id: str

    def text(self, root: str = HELD) -> str:
        """Return the object's key. Raise ValueError without a request id."""
        if not self.request_id:
            raise ValueError("a held object needs the id of its request or message")
        milliseconds = int(self.received_at.timestamp() * 1000)
        request_id = quote(self.request_id.encode("utf-8", "surrogatepass"), safe="=")
        return f"{prefix(self.customer, self.destination, self.destination_id, root)}{milliseconds:015}-{request_id}"


def prefix(customer: str, destination: str, destination_id: str, root: str = HELD) -> str:
    """Return how all keys of a destination begin."""
    return f"{root}{customer}/{destination}/{destination_id}/"


def parse_key(key: str) -> HeldKey | None:
    """Return what a key says, None if it is no key of ours."""
    if not (match := _KEY.fullmatch(key)):
        return None
    _, customer, destination, destination_id, milliseconds, request_id = match.groups()
    try:
        received_at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(milliseconds))
    except OverflowError:
        return None
    return HeldKey(customer, destination, destination_id, received_at, request_id)


def released_key(key: str, messages: int = 0) -> str:
    """Return where the copy of an object lies of which a part was released.

    What was left of one, so many messages, has a copy of its own each time: when that was made says when some were put.
    """
    return RELEASED + key.removeprefix(HELD) + (f"+{messages}" if is_rest(key) else "")


def is_part(key: str) -> bool:
    """Return whether the copy of a released object is that of what was left of one, which has its own copy."""
    return _REST in key


def rest_key(key: str) -> str:
    """Return where what is left of an object lies, after a part of it was released."""
    return key if is_rest(key) else key + _REST


def is_rest(key: str) -> bool:
    """Return whether an object is what was left of another."""
    return key.endswith(_REST)


def dump(messages: Iterable[Message]) -> bytes:
    """Return the messages as JSON Lines."""
    return b"".join(message.text().encode() + b"\n" for message in messages)


def load(content: bytes) -> tuple[list[Message], list[str]]:
    """Return the messages of an object, and each line that is none: it is dead-lettered, not lost."""
    messages: list[Message] = []
    unreadable: list[str] = []
    for line in content.decode("utf-8", "replace").splitlines():
        if line.strip():
            try:
                messages.append(parse(line))
            except InvalidMessage:
                unreadable.append(line)
    return messages, unreadable


def ended(keys: Sequence[str], now: datetime, hold: timedelta) -> list[str]:
    """Return the keys whose holding is over."""
    return [key for key in keys if (held := parse_key(key)) and now - held.received_at >= hold]
