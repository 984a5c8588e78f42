"""Every preset has a sample, which the relay takes for genuine and maps, and says where the sample comes from."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from relay.config.model import Config
from relay.delivery.message import Message
from relay.delivery.undelivered import Queue
from relay.entry import Accepted, Entry, Outcome
from relay.errors import CannotSign
from relay.http.request import Request
from relay.pipeline.accept import accept
from relayctl import senders
from relayctl.signing import sign
from tests import doubles, genuine
from tests.conftest import http_api_event
from tests.genuine import BASE, HEX_SECRET, NOW, PATH, PRESETS, SECRET, Genuine

ONLY_THE_SENDER = {
    "discord", "freshchat", "kinde", "orum", "paddle-classic", "paypal", "plaid", "pubsub", "sendgrid", "sns",
    "standard-webhooks-v1a", "telnyx", "wise", "wix",
}  # fmt: skip


def reached(relay: Config, request: Request, secrets: Sequence[str], now: datetime) -> tuple[int, list[Entry]]:
    """Return the status, and the entries that were put; nothing else may be stored."""
    entries: list[Entry] = []

    def send(batch: Sequence[Entry]) -> Sequence[Outcome]:
        entries.extend(batch)
        return [Accepted("id")] * len(batch)

    def store(_queue: Queue, messages: Sequence[Message]) -> list[str | None]:
        raise AssertionError([message.failed for message in messages])

    services = doubles.services(relay, read_secret=lambda _: secrets, send=send, store=store, fetch=lambda *_: b"")
    event = http_api_event(request.path, request.body, request.headers, query=request.query)
    response, _ = accept(event, services, now, lambda: 29)
    return response["statusCode"], entries


def secret_of(name: str) -> str:
    auth = senders.resolve(name)["auth"]
    secret = HEX_SECRET if auth.get("key_encoding") == "hex" else SECRET
    return str(auth.get("key_prefix", "").replace("*", "test")) + secret


@pytest.mark.parametrize("name", PRESETS)
def test_the_sample_is_taken_for_genuine_and_becomes_events(name: str) -> None:
    relay, sample = genuine.relay_of(name, ""), senders.sample(name)
    request, secret, now = Request("POST", PATH, sample.query, sample.headers, sample.body, ""), secret_of(name), None
    try:
        request = sign(relay.routes[0], secret, request, BASE + PATH)
        assert name not in ONLY_THE_SENDER
    except CannotSign:
        assert name in ONLY_THE_SENDER
        body = sample.body.replace(b"p_signature=", b"p_signature=%40")
        proven = genuine.proven(name, Genuine(relay, (), body, sample.headers))
        request = replace(request, body=proven.body, headers=proven.headers, query=proven.query)
        secret, now = (*proven.secrets, "")[0], NOW
    status, entries = reached(relay, request, [secret], now or datetime.now(UTC))
    assert status == (200 if relay.routes[0].response_body else 202)
    assert entries


def test_a_sample_says_where_it_comes_from() -> None:
    assert senders.sample("wise").origin.startswith("of the shape of https://docs.wise.com")
    assert senders.sample("linear").origin.startswith("of the shape of the types of @linear/sdk")
    assert senders.sample("zoom").origin == "written by hand, not compared with the sender's own"
    assert senders.sample("polar").origin.startswith("minimal")
    assert sum(senders.sample(name).is_minimal for name in PRESETS) == 44
