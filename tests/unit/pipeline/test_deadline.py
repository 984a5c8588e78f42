"""The time that is left is taken from Lambda at the moment it is needed, so what was slow before is not overlooked."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from relay.config.model import Config
from relay.delivery.deliver import RESERVED_SECONDS
from relay.entry import Accepted, Entry
from relay_local.samples import SIGNERS
from tests import doubles
from tests.conftest import RELAY_TOML, Load, http_api_event
from tests.doubles import Context
from tests.handler import handle

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"type":"order.created"}'


class CountingDown(Context):
    """An invocation of which time can be taken away."""

    seconds = 29.0

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@dataclass
class Slow:
    """AWS, whose secrets take `seconds`."""

    seconds: float
    context: CountingDown = field(default_factory=CountingDown)
    sent: int = 0
    idempotency: doubles.Remembered = field(default_factory=doubles.Remembered)

    def read_secret(self, _name: str) -> Sequence[str]:
        self.context.seconds -= self.seconds
        return [SECRET]

    def send(self, entries: Sequence[Entry]) -> Sequence[Accepted]:
        self.sent += len(entries)
        return [Accepted("1") for _ in entries]

    def answer(self, config: Config) -> dict[str, Any]:
        """To a webhook that is authentic."""
        services = doubles.services(
            config,
            read_secret=self.read_secret,
            refresh_secret=self.read_secret,
            send=self.send,
            idempotency=self.idempotency,
        )
        event = http_api_event("/orders/c42", BODY, SIGNERS["standard-webhooks"](SECRET, BODY))
        answer = handle(event, services, datetime.now(UTC), self.context)
        assert answer["statusCode"] == 202
        told: dict[str, Any] = json.loads(answer["body"])
        return told


@pytest.mark.parametrize(
    ("seconds", "accepted"), [(0, 1), (29 - RESERVED_SECONDS - 1, 1), (29 - RESERVED_SECONDS + 1, 0)]
)
def test_after_a_slow_secret_there_is_still_the_time_to_store_what_is_not_put(
    seconds: float, accepted: int, load: Load
) -> None:
    slow = Slow(seconds)
    told = slow.answer(load(RELAY_TOML))
    assert (told["accepted"], told["queued"], slow.sent) == (accepted, 1 - accepted, accepted)


def test_a_webhook_is_in_progress_for_no_longer_than_the_function_may_still_run(load: Load) -> None:
    slow = Slow(11)
    slow.answer(load(RELAY_TOML.replace("[route.event]", "dedupe = true\n[route.event]")))
    assert slow.idempotency.seconds_left == [18]
