"""The parts of AWS between a sender and EventBridge, as AWS documents them. The clock is an argument."""

import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from partner_event_relay import capacity
from partner_event_relay.capacity import Quotas, Throttle
from relay.delivery.circuit_breaker import CircuitBreaker

# https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html: refilled continuously, never saved up.
NEW_ENVIRONMENTS = 1_000
NEW_ENVIRONMENTS_PER_SECOND = 100


@dataclass(frozen=True)
class Parameters:
    """What a simulation knows of the account and of the relay; times are in seconds.

    Measured with the share of a processor that 512 MB have (docs/explanation/performance.md): `cold`, start to first
    answer; `own`, a warm webhook of 7 KB; `first_store`, boto3's import in an environment's first outage; `message`,
    an entry that is redelivered. Assumed: what AWS's services take to answer (`put` has a log-normal distribution of
    this mean), `receive` for a batch of a hundred messages, and how long Lambda keeps an idle environment (`kept`).
    """

    quotas: Quotas = field(default_factory=Quotas)
    throttle: Throttle = field(default_factory=lambda: derived(Quotas()))
    reserved: int = 0
    retry: float = 2.0
    cold: float = 0.285
    own: float = 0.0025
    put: float = 0.020
    put_sigma: float = 0.3
    refused: float = 0.005
    store: float = 0.015
    first_store: float = 0.356
    message: float = 0.00016
    receive: float = 0.1
    postpone: float = 0.05
    kept: float = 600.0
    scale: float = 1.0
    has_breaker: bool = True


def derived(quotas: Quotas, reserved: int = 0, retry: float = 2.0) -> Throttle:
    """Return the throttle that a stage of one route derives from the quotas."""
    return capacity.throttle(quotas, reserved, retry, 1, rate=0, burst=0, route_rate=0)


class TokenBucket:
    """So many tokens a second, and no more than `size` at a time."""

    def __init__(self, rate: float, size: float) -> None:
        self._rate, self._size = rate, size
        self._tokens, self._at = size, 0.0

    def take(self, now: float) -> bool:
        """Take a token if there is one."""
        self._tokens = min(self._size, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


@dataclass(slots=True)
class Environment:
    """An execution environment; `cold` until its first request, and whether it has imported boto3."""

    idle_since: float = 0.0
    cold: bool = True
    has_boto3: bool = False
    circuit_breaker: CircuitBreaker | None = None


class Function:
    """The environments of one function, each with one request at a time. The one that was idle shortest goes first."""

    def __init__(self, parameters: Parameters) -> None:
        self._most = capacity.ingest_concurrency(parameters.quotas, parameters.reserved)
        self._kept = parameters.kept
        self._new = TokenBucket(NEW_ENVIRONMENTS_PER_SECOND * parameters.scale, NEW_ENVIRONMENTS * parameters.scale)
        requests = self._most * capacity.REQUESTS_FOR_EACH_ENVIRONMENT
        self._requests = TokenBucket(requests, requests)
        self._idle: deque[Environment] = deque()
        self.busy = 0

    def start(self, now: float) -> Environment | None:
        """Return the environment that serves a request, or None if Lambda throttles it."""
        if self.busy >= self._most or not self._requests.take(now):
            return None
        while self._idle and now - self._idle[0].idle_since > self._kept:
            self._idle.popleft()
        if self._idle:
            environment = self._idle.pop()
        elif self._new.take(now):
            environment = Environment()
        else:
            return None
        self.busy += 1
        return environment

    def end(self, environment: Environment, now: float) -> None:
        """Let the environment serve another request."""
        environment.idle_since, environment.cold = now, False
        self._idle.append(environment)
        self.busy -= 1


class EventBridge:
    """A Region's quota of puts, and the seconds that each answer takes.

    While it is `away` a request fails after `fails_after` seconds.
    """

    def __init__(self, parameters: Parameters, rng: random.Random) -> None:
        self.parameters, self.rng = parameters, rng
        self._bucket = TokenBucket(parameters.quotas.puts, parameters.quotas.puts)
        self._mu = math.log(parameters.put) - parameters.put_sigma**2 / 2
        self.away: Callable[[float], bool] = lambda now: False  # noqa: ARG005 - it is there
        self.fails_after = parameters.refused
        self.taken = self.throttled = 0

    def put(self, now: float) -> tuple[bool, float]:
        """Return whether a request that is sent now is taken, and after how many seconds that is known."""
        if self.away(now):
            return False, self.fails_after
        if not self._bucket.take(now):
            self.throttled += 1
            return False, self.parameters.refused
        self.taken += 1
        return True, self.rng.lognormvariate(self._mu, self.parameters.put_sigma)
