"""Webhooks on their way through API Gateway and the ingest function, one after the other in simulated time."""

from collections.abc import Callable, Generator, Iterable
from typing import Any, NamedTuple

import simpy

from relay.delivery.circuit_breaker import CircuitBreaker
from relay.delivery.deliver import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS
from tools.simulation.model import Environment, EventBridge, Function, TokenBucket

Steps = Generator[simpy.Event, Any, None]
ACCEPTED, TOO_MANY, UNAVAILABLE = 202, 429, 503
REGION = ""
"""The only one: a circuit is that of a Region."""


class Answer(NamedTuple):
    """When a webhook arrived, how it was answered after how many seconds, and whether it was `stored` in the queue."""

    arrived: float
    status: int
    seconds: float
    cold: bool = False
    stored: bool = False


class Webhooks:
    """What senders are answered. `store` is called for each webhook that goes to the retry queue."""

    def __init__(self, world: simpy.Environment, bus: EventBridge, store: Callable[[], None] = lambda: None) -> None:
        self._world, self._bus, self._store = world, bus, store
        self._parameters, self._rng = bus.parameters, bus.rng
        parameters, throttle = bus.parameters, bus.parameters.throttle
        self._api = TokenBucket(throttle.rate, throttle.burst)
        # API Gateway's own quota is of the whole account.
        self._account = TokenBucket(parameters.quotas.api_rate, parameters.quotas.api_burst)
        self.function = Function(parameters)
        self.answers: list[Answer] = []

    def arrive(self, rate: float, seconds: float) -> Steps:
        """Let webhooks arrive at random (Poisson), so many a second for so long."""
        until = self._world.now + seconds
        while (pause := self._rng.expovariate(rate)) + self._world.now < until:
            yield self._world.timeout(pause)
            self._receive()

    def repeat(self, arrivals: Iterable[float]) -> Steps:
        """Let webhooks arrive at these times, in order."""
        for at in arrivals:
            yield self._world.timeout(at - self._world.now)
            self._receive()

    def _receive(self) -> None:
        now = self._world.now
        if not (self._account.take(now) and self._api.take(now)):
            self.answers.append(Answer(now, TOO_MANY, 0.0))
        elif (environment := self.function.start(now)) is None:
            self.answers.append(Answer(now, UNAVAILABLE, 0.0))
        else:
            self._world.process(self._handle(environment))

    def _handle(self, environment: Environment) -> Steps:
        world, parameters = self._world, self._parameters
        arrived, cold = world.now, environment.cold
        yield world.timeout(parameters.cold if cold else parameters.own)
        webhook = object()
        give_up, attempt, is_taken = world.now + parameters.retry, 0, False
        environment.circuit_breaker = environment.circuit_breaker or CircuitBreaker(lambda: world.now, self._rng.random)
        circuit_breaker = environment.circuit_breaker
        while attempt or not (parameters.has_breaker and circuit_breaker.open_regions()):
            began = world.now
            is_taken, seconds = self._bus.put(began)
            yield world.timeout(seconds)
            circuit_breaker.note(REGION, webhook, began, has_failed=not is_taken, retry_seconds=parameters.retry)
            pause = self._rng.random() * min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)
            if is_taken or world.now + pause >= give_up:
                break
            yield world.timeout(pause)
            attempt += 1
        if not is_taken:
            yield world.timeout(parameters.store + (0 if environment.has_boto3 else parameters.first_store))
            environment.has_boto3 = True
            self._store()
        self.function.end(environment, world.now)
        self.answers.append(Answer(arrived, ACCEPTED, world.now - arrived, cold, not is_taken))
