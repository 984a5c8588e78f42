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

    def __init__(self, *away: str, code: str = "ReadTimeoutError", seconds: float = 3, toml: str = TWO_REGIONS) -> None:
        self.now = 0.0
        self.away = set(away)
        self.requests: list[str] = []
        self.stored: list[tuple[Queue, Message]] = []
        self._code, self._seconds, self._toml = code, seconds, toml
        self._breaker = CircuitBreaker(lambda: self.now, lambda: 1.0)

    def send(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        region = entries[0].region
        self.requests.append(region)
        if region not in self.away:
            return [Accepted(f"{region} {entry.detail_type}") for entry in entries]
        self.now += self._seconds
        return [Failed(self._code, "away", is_of_request=True)] * len(entries)

    def store(self, queue: Queue, messages: Sequence[Message]) -> list[str | None]:
        self.stored += [(queue, message) for message in messages]
        return [None] * len(messages)

    def post(self, load: Load, *events: tuple[str, str]) -> dict[str, Any]:
        """Post a webhook with an event for each type and Region, and return the answer's body."""
        self.requests.clear()
        self.stored.clear()
        begun = self.now
        content = json.dumps({"events": [{"type": type_, "region": region} for type_, region in events]}).encode()
        overrides: dict[str, Any] = {"send": self.send, "store": self.store, "circuit_breaker": self._breaker}
        services = doubles.services(load(self._toml), read_secret=lambda _: [SECRET], **overrides)
        request = http_api_event("/orders/c42", content, SIGNERS["standard-webhooks"](SECRET, content))
        response, result = accept(request, services, datetime.now(UTC), lambda: 29 + begun - self.now)
        assert isinstance(result, Relayed)
        self.relayed = result
        body: dict[str, Any] = json.loads(response["body"])
        return body

    def results(self, load: Load, *events: tuple[str, str]) -> list[str]:
        """Post a webhook, and return for each event its id, or why it is queued."""
        return [each.get("event_id") or each["error_code"] for each in self.post(load, *events)["entries"]]
