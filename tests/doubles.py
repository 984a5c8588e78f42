"""What stands for AWS, senders and Lambda in tests."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from relay.aws.idempotency import Claim
from relay.config.model import Config
from relay.delivery.message import Message
from relay.delivery.undelivered import Queue
from relay.entry import Accepted, Entry, Outcome
from relay.mapping.claim_check import ClaimCheckStore
from relay.pipeline.services import Response, Services


class Context:
    """What Lambda passes beside the event."""

    function_name = "ingest"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:111111111111:function:ingest"
    aws_request_id = "lambda-request"

    def get_remaining_time_in_millis(self) -> int:
        """Return what is left at the start of an invocation."""
        return 29_000


class RedeliverContext(Context):
    """What it passes to the redeliver function, which has more time."""

    function_name = "redeliver"

    def get_remaining_time_in_millis(self) -> int:
        """Return what is left at the start of an invocation."""
        return 60_000


class Remembered:
    """Idempotency in memory: notes each claim, and remembers responses if it is told to."""

    def __init__(self, *, remembers: bool = False) -> None:
        self.keys: list[str] = []
        self.seconds_left: list[float] = []
        self.responses: dict[str, Response] = {}
        self.released: list[str] = []
        self._remembers = remembers

    def claim(self, key: str, seconds_left: float) -> Claim:
        """Return the first response to `key`, if there is one."""
        if key:
            self.keys.append(key)
            self.seconds_left.append(seconds_left)
        return Claim(key, self.responses.get(key))

    def complete(self, claim: Claim, response: Response) -> None:
        """Remember the response."""
        if claim.key and self._remembers:
            self.responses[claim.key] = response

    def release(self, claim: Claim) -> None:
        """Note the key."""
        self.released.append(claim.key)


def services(config: Config, **overrides: Any) -> Services:
    """Return services on an AWS where all goes well, and that has no secret; nothing may be published or enrolled."""
    healthy = Services(
        config=config,
        read_secret=lambda _name: [],
        refresh_secret=lambda _name: [],
        enroll=nothing_is_enrolled,
        fetch=nothing_is_published,
        send=everything_is_accepted,
        store=everything_is_stored,
        claim_checks=NO_CLAIM_CHECKS,
        idempotency=Remembered(),
        follow=lambda text: text,
        store_unreadable=nothing_is_unreadable,
        postpone=lambda _source_arn, _seconds: None,
        jitter=lambda: 1.0,
        report=raise_error,
    )
    return replace(healthy, **overrides)


def everything_is_accepted(entries: Sequence[Entry]) -> Sequence[Outcome]:
    """EventBridge accepts every entry."""
    return [Accepted("id") for _ in entries]


def everything_is_stored(_queue: Queue, messages: Sequence[Message]) -> list[str | None]:
    """Both queues store every message."""
    return [None] * len(messages)


def nothing_is_published(url: str, _max_age: float) -> bytes:
    """No document may be fetched."""
    raise AssertionError(url)


def nothing_is_enrolled(name: str, _value: str) -> None:
    """No secret may be stored."""
    raise AssertionError(name)


def nothing_is_unreadable(text: str, _why: str) -> str | None:
    """Every message can be read."""
    raise AssertionError(text)


def nothing_is_oversized(_text: str) -> tuple[str, str]:
    """No detail is too large for an event."""
    raise AssertionError


def raise_error(error: Exception) -> None:
    """No error is expected."""
    raise error


def never(*_arguments: object) -> Any:
    """Nothing may be called."""
    raise AssertionError("called")


NO_CLAIM_CHECKS = ClaimCheckStore(nothing_is_oversized, lambda key, _seconds: key, 3600)
