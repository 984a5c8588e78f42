"""What is attacked: a signed request of each sender, and how the relay answers it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from relay.config.model import Config
from relay.delivery.message import Message
from relay.delivery.undelivered import Queue
from relay.entry import Accepted, Entry, Outcome
from tests import doubles
from tests.conftest import Load, http_api_event
from tests.handler import handle
from tests.oracles import signers
from tests.oracles.signers import SIGNERS, Signed

TOKENS = {"bearer", "basic", "api-key"}
BODY_NOT_SIGNED = {*TOKENS, "pubsub"}


def answered(
    relay: Config, signed: Signed, secrets: list[str] | None = None, *, query: str = "a=1", later: float = 0
) -> int:
    """Return the status; whatever it is, something was put or stored only if the webhook was taken."""
    reached: list[Entry | Message] = []

    def send(entries: Sequence[Entry]) -> Sequence[Outcome]:
        reached.extend(entries)
        return [Accepted("id")] * len(entries)

    def store(_queue: Queue, messages: Sequence[Message]) -> list[str | None]:
        reached.extend(messages)
        return [None] * len(messages)

    services = doubles.services(
        relay,
        read_secret=lambda _: [signed.secret] if secrets is None else secrets,
        send=send,
        store=store,
        fetch=lambda *_: signed.published,
    )
    event = http_api_event("/hook", signed.body, signed.headers, query=query)
    code: int = handle(event, services, datetime.now(UTC) + timedelta(seconds=later))["statusCode"]
    assert bool(reached) == (code in {200, 202})
    return code


@pytest.fixture(params=SIGNERS)
def name(request: pytest.FixtureRequest) -> str:
    preset: str = request.param
    return preset


@pytest.fixture
def signed(name: str) -> Signed:
    return SIGNERS[name]()


@pytest.fixture
def relay(load: Load, name: str, signed: Signed) -> Config:
    return signers.config(load, name, signed)
