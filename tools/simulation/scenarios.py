"""What is simulated for the page: a step from 0 to 10,000 webhooks a second, and an hour without EventBridge."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import simpy

from partner_event_relay import capacity
from partner_event_relay.capacity import Quotas, Throttle
from tools.simulation.model import EventBridge, Parameters, derived
from tools.simulation.redelivery import Redelivery, RetryQueue
from tools.simulation.webhooks import ACCEPTED, TOO_MANY, UNAVAILABLE, Answer, Webhooks

SEED = 20261126
STEP_RATE, STEP_SECONDS = 10_000, 20
HOUR, BEFORE_SECONDS = 3_600, 60
# Webhooks that came before EventBridge was back are still being tried.
RECOVERED_SECONDS = 2

REGION = Quotas(puts=10_000)
ASKED = Quotas(concurrency=4_000, api_rate=12_000, api_burst=6_000, puts=20_000)

STEPS: Mapping[str, Parameters] = {
    "500/s fixed, the usual quotas (before)": Parameters(throttle=Throttle(500, 1_000, 500, 1_000)),
    "derived, the usual quotas": Parameters(),
    "derived, `put_quota` of us-east-1": Parameters(quotas=REGION, throttle=derived(REGION)),
    "derived, quotas asked for": Parameters(quotas=ASKED, throttle=derived(ASKED)),
    "the same, cold start 0.15 s": Parameters(quotas=ASKED, throttle=derived(ASKED), cold=0.15),
    "the same, cold start 0.08 s": Parameters(quotas=ASKED, throttle=derived(ASKED), cold=0.08),
}
OUTAGE_RATE, OUTAGE_START_SECONDS, OUTAGE_SECONDS = 1_000, 30, 300
OUTAGE = Quotas(concurrency=4_000, puts=2_400)
Run = dict[str, Any]


def step(parameters: Parameters, rate: float = STEP_RATE, seconds: float = STEP_SECONDS, seed: int = SEED) -> Run:
    """Return what a step from 0 to `rate` webhooks a second is answered."""
    answers = simulate_step(parameters, rate, seconds, seed)
    return summary(answers) | {
        "first_second": counts([answer for answer in answers if answer.arrived < 1]),
        "last_half": counts([answer for answer in answers if answer.arrived >= seconds / 2]),
        "timeline": timeline(answers, 0, seconds),
        "throttle": list(parameters.throttle[:2]),
    }


def simulate_step(parameters: Parameters, rate: float, seconds: float, seed: int) -> list[Answer]:
    """Return the answers to `rate` webhooks a second that come for so many seconds, and find no environment there."""
    rng = random.Random(seed)  # noqa: S311 - has to be repeatable
    world = simpy.Environment()
    webhooks = Webhooks(world, EventBridge(parameters, rng))
    world.process(webhooks.arrive(rate, seconds))
    world.run()
    return webhooks.answers


def outage_start(quotas: Quotas, fails_after: float, retry: float) -> Run:
    """Return what webhooks are answered in the first 30 seconds of an outage, with and without a circuit breaker.

    Environments are warm. `later` is about the next four and a half minutes.
    """
    answers = _outage_answers(quotas, fails_after, retry, OUTAGE_SECONDS, has_breaker=True)
    without = _outage_answers(quotas, fails_after, retry, OUTAGE_START_SECONDS, has_breaker=False)
    return summary([answer for answer in answers if answer.arrived < OUTAGE_START_SECONDS]) | {
        "later": counts([answer for answer in answers if answer.arrived >= OUTAGE_START_SECONDS]),
        "without": counts(without),
    }


def _outage_answers(
    quotas: Quotas, fails_after: float, retry: float, seconds: float, *, has_breaker: bool
) -> list[Answer]:
    """Return the answers to webhooks that arrive in so many seconds of an outage, by when in the outage they came."""
    rng = random.Random(SEED)  # noqa: S311 - has to be repeatable
    throttle = Throttle(100_000, 100_000, 100_000, 100_000)
    parameters = Parameters(quotas=quotas, throttle=throttle, retry=retry, has_breaker=has_breaker)
    world, bus = simpy.Environment(), EventBridge(parameters, rng)
    begins = 10
    bus.away, bus.fails_after = lambda now: now >= begins, fails_after
    webhooks = Webhooks(world, bus)
    world.process(webhooks.arrive(OUTAGE_RATE, begins + seconds))
    world.run()
    return [each._replace(arrived=each.arrived - begins) for each in webhooks.answers if each.arrived >= begins]


def outage(parameters: Parameters, rate: float = OUTAGE_RATE, seconds: float = HOUR, seed: int = SEED) -> Run:
    """Return how a backlog drains after `seconds` without EventBridge, and what webhooks wait for meanwhile.

    During the outage webhooks are only counted; from its end until a minute after the drain they are simulated one by
    one.
    """
    rng = random.Random(seed)  # noqa: S311 - has to be repeatable
    world, bus = simpy.Environment(), EventBridge(parameters, rng)
    bus.away = lambda now: now < seconds
    queue = RetryQueue()
    redelivery = Redelivery(world, bus, queue)
    webhooks = Webhooks(world, bus, queue.send)
    waiting: list[tuple[float, int]] = []
    state = {"empty_at": 0.0}

    def count() -> Any:
        while world.now < seconds:
            queue.send(round(rate / 10))
            yield world.timeout(0.1)

    def watch() -> Any:
        while not (world.now > seconds and len(queue) == 0):
            waiting.append((world.now - seconds, len(queue)))
            yield world.timeout(1)
        state["empty_at"] = world.now - seconds

    world.process(count())
    watching = world.process(watch())
    world.run(until=seconds)
    world.process(webhooks.arrive(rate, 24 * HOUR))
    world.run(until=watching)
    world.run(until=world.now + 60)
    puts_after = [at - seconds for at in redelivery.puts if at >= seconds]
    drain = state["empty_at"]
    return {
        "entries": max(count for _, count in waiting),
        "drain_seconds": round(drain, 1),
        "receives": queue.receives,
        "puts_per_second": _most_in_a_second(puts_after),
        "put_share": round(_most_in_a_second(puts_after) / parameters.quotas.puts, 3),
        "live_during": summary(
            [each for each in webhooks.answers if RECOVERED_SECONDS < each.arrived - seconds < drain]
        ),
        "live_after": summary([each for each in webhooks.answers if each.arrived - seconds > drain]),
        "throttled_puts": bus.throttled,
        "backlog": [[round(at), count] for at, count in waiting if at >= -BEFORE_SECONDS],
        "concurrency": capacity.redelivery_concurrency(parameters.quotas),
    }


def summary(answers: Sequence[Answer]) -> Run:
    """Return how many webhooks there were, how they were answered, and the milliseconds that 202 took."""
    accepted = sorted(answer.seconds for answer in answers if answer.status == ACCEPTED)
    return counts(answers) | {
        "stored": sum(answer.stored for answer in answers),
        "cold": sum(answer.cold for answer in answers),
        "p50_ms": milliseconds(accepted, 0.5),
        "p99_ms": milliseconds(accepted, 0.99),
        "p999_ms": milliseconds(accepted, 0.999),
    }


def counts(answers: Sequence[Answer]) -> Run:
    """Return how many webhooks there were, and with which status they were answered."""
    found = Counter(answer.status for answer in answers)
    return {"webhooks": len(answers)} | {str(status): found[status] for status in (ACCEPTED, TOO_MANY, UNAVAILABLE)}


def timeline(answers: Sequence[Answer], begin: float, end: float, width: float = 0.5) -> list[list[float]]:
    """Return for each interval its start, how many 202, 429 and 503 began in it, and the p50 and p99 of 202 in ms."""
    rows: list[list[float]] = []
    number = round((end - begin) / width)
    grouped: list[list[Answer]] = [[] for _ in range(number)]
    for answer in answers:
        grouped[min(number - 1, int((answer.arrived - begin) / width))].append(answer)
    for index, group in enumerate(grouped):
        found = counts(group)
        accepted = sorted(answer.seconds for answer in group if answer.status == ACCEPTED)
        by_status = [found[str(status)] for status in (ACCEPTED, TOO_MANY, UNAVAILABLE)]
        rows.append([begin + index * width, *by_status, milliseconds(accepted, 0.5), milliseconds(accepted, 0.99)])
    return rows


def milliseconds(ordered: Sequence[float], share: float) -> float:
    """Return the quantile of ordered seconds in milliseconds; 0 if there are none."""
    return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1) if ordered else 0.0


def _most_in_a_second(times: Sequence[float]) -> int:
    return max(Counter(int(at) for at in times).values(), default=0)
