"""EventBridge in two Regions, of which some are away, and what webhooks become meanwhile."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from relay.delivery.circuit_breaker import CircuitBreaker
from relay.delivery.message import Message
from relay.delivery.undelivered import Queue
from relay.entry import Accepted, Entry, Failed, Outcome
from relay.pipeline.accept import accept
from relay.pipeline.results import Relayed
from relay_local.samples import SIGNERS
from tests import doubles
from tests.conftest import RELAY_TOML, Load, http_api_event

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TWO_REGIONS = RELAY_TOML.replace("body.type", "item.type").replace(
    "[route.event]", 'retry_for = "0 s"\n[route.event]\neach = "${body.events}"\nregion = "${item.region}"'
)


class Regions:
    """EventBridge in two Regions, of which some are away, a queue, and the time, which passes when one is away."""

    def __init__(self, *away: str, code: str = "ReadTimeoutError", toml: str = TWO_REGIONS) -> None:
        self.now = 0.0
        self.away = set(away)
        self.requests: list[str] = []
        self.stored: list[tuple[Queue, Message]] = []
        self._code, self._toml = code, toml
        self._breaker = CircuitBreaker(lambda: self.now, lambda: 1.0)

    def send(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        region = entries[0].region
        self.requests.append(region)
        if region not in self.away:
            return [Accepted("id")] * len(entries)
        self.now += 3
        return [Failed(self._code, "away", is_of_request=True)] * len(entries)

    def store(self, queue: Queue, messages: Sequence[Message]) -> list[str | None]:
        self.stored += [(queue, message) for message in messages]
        return [None] * len(messages)

    def post(self, load: Load, *regions: str, type_: str = "order.created") -> dict[str, Any]:
        """Post a webhook with an event for each Region, and return the answer's body."""
        self.requests.clear()
        self.stored.clear()
        events = [{"type": type_, "region": region} for region in regions]
        content = json.dumps({"events": events}).encode()
        overrides: dict[str, Any] = {"send": self.send, "store": self.store, "circuit_breaker": self._breaker}
        services = doubles.services(load(self._toml), read_secret=lambda _: [SECRET], **overrides)
        request = http_api_event("/orders/c42", content, SIGNERS["standard-webhooks"](SECRET, content))
        response, result = accept(request, services, datetime.now(UTC), lambda: 29)
        assert isinstance(result, Relayed)
        self.relayed = result
        body: dict[str, Any] = json.loads(response["body"])
        return body
