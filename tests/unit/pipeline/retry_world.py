"""The bus and the queues of the retry function, in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from relay.config.model import Config
from relay.delivery.message import InvalidMessage, Message, Origin
from relay.delivery.undelivered import Queue
from relay.entry import Accepted, Entry, Failed, Outcome
from relay.http.request import Request
from relay.pipeline.results import MessageResult
from relay.pipeline.retry import redeliver
from relay.pipeline.waiting import ReceivedMessage
from tests import doubles
from tests.conftest import NOW, no_retries

ORIGIN = Origin("orders", "msg_1", "2026-11-22T07:09:54Z")


ENTRY = Entry(NOW, "aws.partner/acme.example/c42/orders", (), "order.created", "{}", "us-east-1")


THROTTLED = Failed("ThrottlingException", "Rate exceeded", 3)


ENTRY_MESSAGE = Message(ORIGIN, ENTRY, THROTTLED)


def entry(name: str) -> Message:
    return Message(ORIGIN, replace(ENTRY, detail_type=name), THROTTLED)


def posted(body: bytes, path: str = "/orders/c42") -> Message:
    return Message(ORIGIN, Request("POST", path, "", {}, body, ""), Failed("MappingError", "why"))


class World:
    """A bus that refuses by detail-type, and queues that take everything unless they are down."""

    def __init__(self, refused: dict[str, str] | None = None, *down: Queue) -> None:
        self.requests: list[list[str]] = []
        self.kept: dict[Queue, list[Message]] = {queue: [] for queue in Queue}
        self.unreadable: list[str] = []
        self.overflow: dict[str, str] = {}
        self.raised: list[Exception] = []
        self._refused, self._down = refused or {}, down

    def send(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        self.requests.append([one.detail_type for one in entries])
        codes = [self._refused.get(one.detail_type) for one in entries]
        return [Failed(code, "no") if code else Accepted("id") for code in codes]

    def store(self, queue: Queue, messages: Sequence[Message]) -> list[str | None]:
        if queue in self._down:
            return ["down"] * len(messages)
        self.kept[queue] += messages
        return [None] * len(messages)

    def store_unreadable(self, text: str, _why: str) -> str | None:
        self.unreadable.append(text)
        return "down" if Queue.DEAD_LETTERS in self._down else None

    def follow(self, text: str) -> str:
        if text == "s3 is down":
            raise OSError(text)
        if text.startswith("gone"):
            raise InvalidMessage(text)
        return self.overflow.get(text, text)

    def run(self, config: Config, *texts: Message | str, receives: int = 1, hours: float = 0) -> list[MessageResult]:
        received = [
            ReceivedMessage(one if isinstance(one, str) else one.text(), receives, NOW - timedelta(hours=hours))
            for one in texts
        ]
        services = doubles.services(
            config,
            send=self.send,
            store=self.store,
            follow=self.follow,
            store_unreadable=self.store_unreadable,
            report=self.raised.append,
        )
        return redeliver(received, services, NOW, no_retries())
