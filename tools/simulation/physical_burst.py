"""A step at a hundredth of its size on real processes, and the same in simulated time.

`python -m tools.simulation.physical_burst`: a hundred webhooks a second come to a front with API Gateway's token bucket
and Lambda's scaling rule, both divided by a hundred; each environment is a process with the real ingest function, on
the local partner bus. The simulation gets the times of calls that were made before the step. Two cores cannot start ten
processes at once as Lambda does: they are started before, and held back for the seconds of a cold start.
"""

import math
import random
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import simpy

from partner_event_relay.capacity import Quotas, Throttle
from tools.simulation import measured, rig, scenarios
from tools.simulation.model import Environment, EventBridge, Function, Parameters, TokenBucket
from tools.simulation.rig import Rig, Worker
from tools.simulation.webhooks import TOO_MANY, UNAVAILABLE, Answer, Webhooks

SCALE = 0.01
RATE, SECONDS = 100.0, 20.0
# Less than what comes: the bucket is emptied, so that 429 is seen, too.
THROTTLE = Throttle(90, 50, 90, 50)
QUOTAS = Quotas(concurrency=1_000, api_rate=10_000, api_burst=5_000, puts=10_000)
RESERVED = 10
CALLS = 200
# The local partner bus answers in a few milliseconds; AWS is assumed to take 20.
PUT_DELAY = [{"delay": 0.02}]


class Front:
    """API Gateway and Lambda at a hundredth of their size, in front of processes."""

    def __init__(self, workers: Sequence[Worker], parameters: Parameters) -> None:
        self.answers: list[Answer] = []
        self._cold = parameters.cold
        self._api = TokenBucket(THROTTLE.rate, THROTTLE.burst)
        self._function = Function(parameters)
        self._waiting = list(workers)
        self._workers: dict[int, Worker] = {}
        self._lock = threading.Lock()

    def receive(self, now: float, threads: ThreadPoolExecutor, begun: float) -> None:
        """Answer a webhook that arrives `now`, in seconds since the step `begun`."""
        with self._lock:
            if not self._api.take(now):
                self.answers.append(Answer(now, TOO_MANY, 0.0))
            elif (environment := self._function.start(now)) is None:
                self.answers.append(Answer(now, UNAVAILABLE, 0.0))
            else:
                threads.submit(self._handle, environment, now, begun)

    def _handle(self, environment: Environment, arrived: float, begun: float) -> None:
        cold = environment.cold
        if cold:
            self._workers[id(environment)] = self._waiting.pop()
            time.sleep(self._cold)
        status = self._workers[id(environment)].invoke(rig.webhook([{"id": str(arrived)}]))["statusCode"]
        now = time.monotonic() - begun
        with self._lock:
            self._function.end(environment, now)
            self.answers.append(Answer(arrived, status, now - arrived, cold))


def times(workers: Sequence[Worker]) -> list[float]:
    """Return how long calls take, one after the other."""
    event = rig.webhook([{"id": "calibration"}])
    for worker in workers:
        worker.invoke(event)
    seconds = []
    for number in range(CALLS):
        called = time.monotonic()
        workers[number % len(workers)].invoke(event)
        seconds.append(time.monotonic() - called)
    return seconds


@contextmanager
def _workers(place: Rig, count: int) -> Iterator[list[Worker]]:
    started = [Worker("ingest", place.environment) for _ in range(count)]
    try:
        yield started
    finally:
        for worker in started:
            worker.end()


def run(seed: int = 1) -> dict[str, Any]:
    """Return what the step was answered, and what the simulation says of webhooks that arrive at the same times."""
    arrivals = _arrivals(random.Random(seed))  # noqa: S311 - has to be repeatable
    with rig.start_rig() as place, _workers(place, RESERVED) as workers:
        place.set_faults(PUT_DELAY)
        parameters = _parameters(times(workers))
        front = Front(workers, parameters)
        late = _send(front, arrivals)
    simulated = [scenarios.summary(_simulate(parameters, arrivals, each)) for each in range(20)]
    return {"measured": scenarios.summary(front.answers) | {"late_ms": late}, "simulated": _mean(simulated)}


def _arrivals(rng: random.Random) -> list[float]:
    arrivals, at = [], rng.expovariate(RATE)
    while at < SECONDS:
        arrivals.append(at)
        at += rng.expovariate(RATE)
    return arrivals


def _send(front: Front, arrivals: Sequence[float]) -> float:
    """Send the step; return by how many milliseconds the sender was late, at its 99th percentile."""
    late = []
    with ThreadPoolExecutor(RESERVED) as threads:
        begun = time.monotonic()
        for at in arrivals:
            if (rest := begun + at - time.monotonic()) > 0:
                time.sleep(rest)  # an open loop: whatever has been answered
            late.append(time.monotonic() - begun - at)
            front.receive(at, threads, begun)
    return scenarios.milliseconds(sorted(late), 0.99)


def _simulate(parameters: Parameters, arrivals: Sequence[float], seed: int) -> list[Answer]:
    world, rng = simpy.Environment(), random.Random(seed)  # noqa: S311 - has to be repeatable
    webhooks = Webhooks(world, EventBridge(parameters, rng))
    world.process(webhooks.repeat(arrivals))
    world.run()
    return webhooks.answers


def _parameters(calls: Sequence[float]) -> Parameters:
    """Return what was measured; the function's own time and the put are one, with a log-normal distribution."""
    logarithms = [math.log(each) for each in calls]
    sigma = statistics.pstdev(logarithms)
    return Parameters(
        quotas=QUOTAS,
        throttle=THROTTLE,
        reserved=RESERVED,
        own=0.0,
        put=math.exp(statistics.mean(logarithms) + sigma**2 / 2),
        put_sigma=sigma,
        scale=SCALE,
    )


def _mean(summaries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {key: round(statistics.mean(each[key] for each in summaries), 1) for key in summaries[0]}


def main() -> None:
    """Run it, and note what was measured for the page."""
    measured.note("burst", run())


if __name__ == "__main__":
    main()
