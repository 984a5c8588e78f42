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
from tools.load.machine import describe, load_for_each_processor
from tools.load.measured import Run, pooled
from tools.load.schedule import poisson
from tools.load.servers import Server

REFERENCES = ("bare", "quickstart")
STACK, ENVIRONMENT, NODE_RED = "stack", "environment", "Node-RED"
SHARE = 0.7
ACCEPTED = 202
SENDERS, WARM_SENDERS = 4, 8
TRIES = 3
PATIENCE = 30.0
CURVE = (0, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 95, 97.5, 99, 99.5, 99.75, 99.9, 99.95, 99.99)

Say = Callable[[str], None]


class BrokenError(Exception):
    """What was to be measured does not work; says what it answered."""


@dataclass(frozen=True)
class Plan:
    """How long and how often: seconds of each run, at least one round."""

    seconds: float
    rounds: int


@dataclass
class Seen:
    """What one variant has shown, over all rounds. `cpu` is seconds of processor time for each webhook, if known."""

    alone: list[float] = field(default_factory=list)
    capacities: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    acknowledged: Tally = field(default_factory=Tally)

    @property
    def capacity(self) -> float:
        """Return webhooks a second that it takes, from the median of the rounds."""
        return statistics.median(self.capacities)

    def as_json(self, counted: Counted) -> dict[str, Any]:
        """Return it as the page needs it: seconds, and webhooks a second."""
        return {
            "alone": statistics.median(self.alone),
            "capacity": self.capacity,
            "cpu": statistics.median(self.cpu) if self.cpu else None,
            "counted": asdict(counted),
            "refusals": self.refusals,
            "open": _open_as_json(pooled(self.runs)) if self.runs else None,
        }


def _open_as_json(whole: Run) -> dict[str, Any]:
    return {
        "offered": whole.offered,
        "throughput": whole.throughput,
        "webhooks": whole.webhooks,
        "errors": whole.errors,
        "answers": {str(status): number for status, number in whole.answers.items()},
        "percentiles": whole.percentiles(),
        "curve": [(each, whole.latency.percentile(each)) for each in CURVE],
        "late": whole.lateness.percentile(99),
    }


@dataclass
class Measurement:
    """The variants of a place, measured in turn so that what else the machine does hits all of them."""

    plan: Plan
    say: Say
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(0, 1_000_000))

    def measure(self, measured: Mapping[str, Server], settle: Callable[[], None]) -> dict[str, Seen]:
        """Return what each variant has shown; `settle` is called after each run. Raise BrokenError."""
        seen: dict[str, Seen] = defaultdict(Seen)
        first = next(self.numbers)
        for name, server in measured.items():
            first = _try(name, server.target, first)
        for _ in range(self.plan.rounds):
            for name, server in measured.items():
                first = self._capacity(server, seen[name], first)
                settle()
        for name in measured:
            self.say(f"{name}: takes {seen[name].capacity:.0f} webhooks a second")
        for number in range(self.plan.rounds):
            for name, server in measured.items():
                first = self._open(name, server.target, seen[name], first, seed=number)
                settle()
        return dict(seen)

    def _capacity(self, server: Server, seen: Seen, first: int) -> int:
        seconds = self.plan.seconds / 4
        if not seen.capacities:  # new environments start, and nobody measures that here
            first = _sent(seen, run(closed_loop(server.target, WARM_SENDERS, seconds, first)), first)
        alone = run(closed_loop(server.target, 1, seconds, first))
        seen.alone.append(alone.percentiles()["50"])
        first = _sent(seen, alone, first)
        before = server.cpu()
        full = run(closed_loop(server.target, SENDERS, seconds, first))
        seen.capacities.append(full.throughput)
        if before is not None:
            seen.cpu.append(((server.cpu() or 0) - before) / full.webhooks)
        return _sent(seen, full, first)

    def _open(self, name: str, target: Target, seen: Seen, first: int, seed: int) -> int:
        if seen.refusals and not seen.runs:  # in the round before
            return first
        rate = SHARE * seen.capacity
        for _ in range(TRIES):
            times = poisson(rate, self.plan.seconds, seed)
            warm = WARM_SENDERS
            work = open_loop(
                target, times, first, seconds=self.plan.seconds, connections=warm, most=warm, patience=PATIENCE
            )
            with servers.precedence():
                measured = run(work)
            first = _sent(seen, measured, first)
            refusal = measured.refusal()
            if not refusal:
                self.say(f"{name}: {measured.throughput:.0f} webhooks a second, {measured.percentiles()}")
                seen.runs.append(measured)
                return first
            seen.refusals.append(refusal)
            self.say(f"{name}: {refusal}")
        return first


def _try(name: str, target: Target, first: int) -> int:
    answers = run(open_loop(target, [0.0], first, seconds=1)).answers
    if answers != {ACCEPTED: 1}:
        raise BrokenError(f"{name} answered {dict(answers)} instead of {ACCEPTED}")
    return first + 1


def _sent(seen: Seen, measured: Run, first: int) -> int:
    """Take what was acknowledged, and return the number of the next webhook."""
    seen.acknowledged.merge(measured.acknowledged)
    return first + measured.webhooks


def load(plan: Plan, say: Say) -> dict[str, Any]:
    """Measure both places and return what was seen as JSON can hold it. Raise BrokenError, LocalAwsError."""
    measurement = Measurement(plan, say)
    servers.share_processors()
    with measuring.ready() as bench:
        places = {ENVIRONMENT: _environments(bench, measurement), STACK: _stack(bench, measurement)}
    return {
        "machine": describe(),
        "load": load_for_each_processor(),
        "seconds": plan.seconds,
        "rounds": plan.rounds,
        "places": places,
    }


def _environments(bench: Bench, measurement: Measurement) -> dict[str, Any]:
    with ExitStack() as stack:
        stub = stack.enter_context(servers.aws_stub())
        variants = {name: stack.enter_context(servers.function(bench, name, stub)) for name in (RELAY, *REFERENCES)}
        variants[NODE_RED] = stack.enter_context(servers.node_red(stub))
        seen = measurement.measure(variants, lambda: None)
        arrived = servers.arrived(stub)
    return {name: each.as_json(count(each.acknowledged, arrived, Tally())) for name, each in seen.items()}


def _stack(bench: Bench, measurement: Measurement) -> dict[str, Any]:
    measurement.say("cdk deploy onto the local AWS")
    with deployed(bench, REFERENCES) as local:
        arrived = Tally()
        variants = {name: Server(target) for name, target in local.targets.items()}
        seen = measurement.measure(variants, lambda: local.receive(arrived))
        local.receive(arrived)
        kept = local.kept()
    return {name: each.as_json(count(each.acknowledged, arrived, kept)) for name, each in seen.items()}
