"""The simulator beside closed forms: the same situation, simulated and calculated."""

import random
from typing import NamedTuple

import simpy

from partner_event_relay.capacity import Quotas, Throttle
from tools.simulation import closed_forms, scenarios
from tools.simulation.model import NEW_ENVIRONMENTS, NEW_ENVIRONMENTS_PER_SECOND, EventBridge, Parameters
from tools.simulation.redelivery import Redelivery, RetryQueue

OPEN = Throttle(1_000_000, 1_000_000, 1_000_000, 1_000_000)
PLENTY = Quotas(concurrency=100_000, api_rate=1_000_000, api_burst=1_000_000, puts=1_000_000)


class Comparison(NamedTuple):
    """A quantity as it was simulated, and as the formula has it."""

    what: str
    simulated: float
    expected: float

    @property
    def difference(self) -> float:
        """Return by which share the simulation differs."""
        return self.simulated / self.expected - 1


def comparisons(seed: int = scenarios.SEED) -> list[Comparison]:
    """Return each quantity for which there is a formula."""
    return [_blocked(seed), _refused_by_bucket(seed), _cold_step(seed), _drained(seed)]


def _blocked(seed: int) -> Comparison:
    """Compare Lambda's concurrency without scaling with a loss system of 100 servers."""
    parameters = Parameters(quotas=PLENTY, reserved=100, throttle=OPEN, cold=0.0025, put=0.2, scale=100)
    rate = 500.0
    found = scenarios.counts(scenarios.simulate_step(parameters, rate, 100, seed))
    load = rate * (parameters.own + parameters.put)
    return Comparison(
        "webhooks refused by 100 environments, 500/s of 0.2 s (Erlang B)",
        found["503"] / found["webhooks"],
        closed_forms.erlang_b(100, load),
    )


def _refused_by_bucket(seed: int) -> Comparison:
    parameters = Parameters(quotas=PLENTY, throttle=Throttle(200, 400, 200, 400), scale=100)
    found = scenarios.counts(scenarios.simulate_step(parameters, 1_000, 20, seed))
    return Comparison(
        "webhooks answered 429 of 1,000/s in 20 s, 200/s and a bucket of 400",
        found["429"],
        closed_forms.refused_by_bucket(200, 400, 1_000, 20),
    )


def _cold_step(seed: int) -> Comparison:
    parameters = Parameters(quotas=PLENTY, throttle=OPEN)
    found = scenarios.counts(scenarios.simulate_step(parameters, 10_000, 1, seed))
    cold = parameters.cold + parameters.put
    return Comparison(
        "webhooks answered 503 in a step from 0 to 10,000/s, cold start and first put 0.305 s",
        found["503"],
        closed_forms.refused_in_cold_step(10_000, cold, NEW_ENVIRONMENTS, NEW_ENVIRONMENTS_PER_SECOND),
    )


def _drained(seed: int) -> Comparison:
    """Compare with a put of constant duration, longer than the pace, so that each batch takes the same time."""
    rng = random.Random(seed)  # noqa: S311 - has to be repeatable
    parameters = Parameters(quotas=PLENTY, put=0.03, put_sigma=0.0)
    world, queue = simpy.Environment(), RetryQueue()
    Redelivery(world, EventBridge(parameters, rng), queue, pollers=5)
    queue.send(100_000)
    while len(queue):
        world.step()
    batch_seconds = parameters.receive + 100 * parameters.message + 5 * parameters.put
    return Comparison(
        "seconds in which 5 invocations at a time drain 100,000 entries",
        world.now,
        closed_forms.drain_seconds(100_000, 0, 100, batch_seconds, 5),
    )
