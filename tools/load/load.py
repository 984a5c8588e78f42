"""`make load`: capacity, then what senders see at seven tenths of it, for the relay and what stands beside it."""

import itertools
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any

from bench import measuring
from bench.measuring import RELAY, Bench
from tools.load import servers
from tools.load.generator import Target, closed_loop, open_loop, run
from tools.load.ledger import Counted, Tally, count
from tools.load.local_stack import deployed
from tools.load.machine import describe
from tools.load.measured import Run, pooled
from tools.load.schedule import poisson

REFERENCES = ("bare", "quickstart")
STACK, ENVIRONMENT, NODE_RED = "stack", "environment", "Node-RED"
SHARE = 0.7
ACCEPTED = 202
SENDERS, WARM_SENDERS = 4, 8
TRIES = 5
CURVE = (0, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 95, 97.5, 99, 99.5, 99.75, 99.9, 99.95, 99.99)

Say = Callable[[str], None]


class RefusedError(Exception):
    """Nothing was measured: the generator was late each time, or what was to be measured does not work."""


@dataclass(frozen=True)
class Plan:
    """How long and how often: seconds of each run, at least one round."""

    seconds: float
    rounds: int


@dataclass
class Seen:
    """What one variant has shown, over all rounds."""

    alone: list[float] = field(default_factory=list)
    capacities: list[float] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    acknowledged: Tally = field(default_factory=Tally)

    @property
    def capacity(self) -> float:
        """Return webhooks a second that it takes, from the median of the rounds."""
        return statistics.median(self.capacities)

    def as_json(self, counted: Counted) -> dict[str, Any]:
        """Return it as the page needs it: seconds, and webhooks a second."""
        whole = pooled(self.runs)
        return {
            "alone": statistics.median(self.alone),
            "capacity": self.capacity,
            "offered": whole.offered,
            "throughput": whole.throughput,
            "webhooks": whole.webhooks,
            "errors": whole.errors,
            "answers": {str(status): number for status, number in whole.answers.items()},
            "percentiles": whole.percentiles(),
            "curve": [(each, whole.latency.percentile(each)) for each in CURVE],
            "late": whole.lateness.percentile(99),
            "counted": asdict(counted),
        }


@dataclass
class Measurement:
    """One place with its variants, measured in turn so that what else the machine does hits all of them."""

    plan: Plan
    say: Say
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(0, 1_000_000))
    refused: int = 0

    def measure(self, targets: Mapping[str, Target], settle: Callable[[], None]) -> dict[str, Seen]:
        """Return what each target has shown; `settle` is called after each run."""
        seen: dict[str, Seen] = defaultdict(Seen)
        first = next(self.numbers)
        for name, target in targets.items():
            first = _try(name, target, first)
        for _ in range(self.plan.rounds):
            for name, target in targets.items():
                first = self._capacity(target, seen[name], first)
                settle()
        for number in range(self.plan.rounds):
            for name, target in targets.items():
                first = self._open(name, target, seen[name], first, seed=number)
                settle()
        return dict(seen)

    def _capacity(self, target: Target, seen: Seen, first: int) -> int:
        seconds = self.plan.seconds / 4
        if not seen.capacities:  # new environments start, and nobody measures that here
            first = _sent(seen, run(closed_loop(target, WARM_SENDERS, seconds, first)), first)
        alone = run(closed_loop(target, 1, seconds, first))
        seen.alone.append(alone.percentiles()["50"])
        first = _sent(seen, alone, first)
        full = run(closed_loop(target, SENDERS, seconds, first))
        seen.capacities.append(full.throughput)
        return _sent(seen, full, first)

    def _open(self, name: str, target: Target, seen: Seen, first: int, seed: int) -> int:
        rate = SHARE * seen.capacity
        for _ in range(TRIES):
            times = poisson(rate, self.plan.seconds, seed)
            with servers.precedence():
                measured = run(open_loop(target, times, first, seconds=self.plan.seconds, connections=WARM_SENDERS))
            first = _sent(seen, measured, first)
            refusal = measured.refusal()
            if not refusal:
                self.say(f"{name}: {measured.throughput:.0f} webhooks a second, {measured.percentiles()}")
                seen.runs.append(measured)
                return first
            self.refused += 1
            self.say(f"{name}: {refusal}")
        raise RefusedError(f"{name}: {TRIES} runs were refused, the last one: {refusal}")


def _try(name: str, target: Target, first: int) -> int:
    answers = run(open_loop(target, [0.0], first, seconds=1)).answers
    if answers != {ACCEPTED: 1}:
        raise RefusedError(f"{name} answered {dict(answers)} instead of {ACCEPTED}")
    return first + 1


def _sent(seen: Seen, measured: Run, first: int) -> int:
    """Take what was acknowledged, and return the number of the next webhook."""
    seen.acknowledged.merge(measured.acknowledged)
    return first + measured.webhooks


def load(plan: Plan, say: Say) -> dict[str, Any]:
    """Measure both places and return what was seen as JSON can hold it. Raise RefusedError, LocalAwsError."""
    measurement = Measurement(plan, say)
    servers.share_processors()
    with measuring.ready() as bench:
        places = {ENVIRONMENT: _environments(bench, measurement), STACK: _stack(bench, measurement)}
    return {
        "machine": describe(),
        "seconds": plan.seconds,
        "rounds": plan.rounds,
        "refused": measurement.refused,
        "places": places,
    }


def _environments(bench: Bench, measurement: Measurement) -> dict[str, Any]:
    with ExitStack() as stack:
        stub = stack.enter_context(servers.aws_stub())
        targets = {name: stack.enter_context(servers.function(bench, name, stub)) for name in (RELAY, *REFERENCES)}
        targets[NODE_RED] = stack.enter_context(servers.node_red(stub))
        seen = measurement.measure(targets, lambda: None)
        arrived = servers.arrived(stub)
    return {name: each.as_json(count(each.acknowledged, arrived, Tally())) for name, each in seen.items()}


def _stack(bench: Bench, measurement: Measurement) -> dict[str, Any]:
    measurement.say("cdk deploy onto the local AWS")
    with deployed(bench, REFERENCES) as local:
        arrived = Tally()
        seen = measurement.measure(local.targets, lambda: local.receive(arrived))
        local.receive(arrived)
        kept = local.kept()
    return {name: each.as_json(count(each.acknowledged, arrived, kept)) for name, each in seen.items()}
