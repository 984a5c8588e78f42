"""`make bench`: the relay beside its references, in one interleaved run: ratios of medians, with their spread.

`make bench ROUNDS=1` is quick, and says less. It fails where a budget (budgets.py) is exceeded.
"""

import argparse
import math
import os
import platform
import random
import shutil
import statistics
import sys
from collections import defaultdict
from datetime import UTC, datetime
from importlib.metadata import version

from rich.console import Console
from rich.table import Table

from bench import budgets, events, measuring
from bench.budgets import Counts
from bench.measuring import ARCHIVE, CUSTOMER, NO_LOG, REDELIVER, RELAY, Bench

REFERENCES = ("bare", "quickstart", "typical", "floor")
SWITCHES = (NO_LOG, ARCHIVE, CUSTOMER)  # the relay, with something switched on or off
VARIANTS = (RELAY, NO_LOG, ARCHIVE, CUSTOMER, *REFERENCES)  # of which the instructions are counted
WARM = {"1 KB": 150, "7 KB": 150, "64 KB": 80, "900 KB": 10, "20 events": 60, "200 events": 15, "100 messages": 15}

Measured = dict[tuple[str, str], list[dict[str, float]]]


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=30, help="how long the throughput is measured")
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        sys.exit("bench: install valgrind, which counts the instructions that the budgets are about")
    console = Console(width=150 if not sys.stdout.isatty() else None)
    with measuring.ready() as bench:
        measured = _interleaved(bench, options.rounds)
        console.print(_times(measured, options.rounds))
        console.print(_switches(measured))
        counts = Counts(bench)
        console.print(_instructions(counts))
        console.print(_throughput(bench, options.seconds))
        sizes = measuring.sizes(bench)
        memory, large = (
            _median_ratio(measured, name, figure) for name, figure in (("7 KB", "memory"), ("900 KB", "warm"))
        )
        kept = list(budgets.measure(bench, counts, memory, large))
        console.print(budgets.table(kept))
    console.print("package: " + ", ".join(f"{size:.1f} MB {name}" for name, size in sizes.items()))
    tools = ", ".join(f"{name} {version(name)}" for name in ("boto3", "aws-lambda-powertools"))
    machine = f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, {tools}"
    console.print(f"{machine}; {datetime.now(UTC):%Y-%m-%d}")
    if not all(budget.is_kept for budget in kept):
        sys.exit("bench: a budget is exceeded")


def _interleaved(bench: Bench, rounds: int) -> Measured:
    """Measure every variant with every event in every round, in random order; the first round only compiles."""
    webhooks = [name for name in bench.files if name != events.MESSAGES]
    cells = [(RELAY, name) for name in webhooks] + [(REDELIVER, events.MESSAGES)]
    cells += [(variant, "7 KB") for variant in SWITCHES]
    cells += [(reference, name) for reference in REFERENCES for name in webhooks if "events" not in name]
    measured: Measured = defaultdict(list)
    chance = random.Random(0)  # noqa: S311 - an order, not a secret
    for number in range(rounds + 1):
        for variant, name in chance.sample(cells, len(cells)):
            figures = bench.figures(variant, name, ("count", str(WARM[name])))
            if number:
                measured[variant, name].append(figures)
    return measured


def _times(measured: Measured, rounds: int) -> Table:
    def values(variant: str, name: str, figure: str, divisor: float = 1) -> list[float]:
        return [figures[figure] / divisor for figures in measured[variant, name]]

    table = Table(
        "CPU (user + system)", "relay", *(f"÷ {reference}" for reference in REFERENCES),
        title=f"{rounds} interleaved rounds; medians, and in brackets the middle half of the ratios",
    )  # fmt: skip
    rows = [
        ("start to handler ready", "7 KB", "init", 1000, "ms"),
        ("start to first answer", "7 KB", "first", 1000, "ms"),
        *((f"a webhook of {name}", name, "warm", 1000, "ms") for name in ("1 KB", "7 KB", "64 KB", "900 KB")),
        ("wall time of a webhook of 7 KB", "7 KB", "wall", 1000, "ms"),
        ("peak memory", "7 KB", "memory", 1, "MB"),
    ]
    for title, name, figure, factor, unit in rows:
        relay = values(RELAY, name, figure)
        ratios = [_ratio(relay, values(reference, name, figure)) for reference in REFERENCES]
        table.add_row(title, f"{statistics.median(relay) * factor:.2f} {unit}", *ratios)
    for title, variant, name, count in (
        ("an event, in a webhook of 20", RELAY, "20 events", 20),
        ("an event, in a webhook of 200", RELAY, "200 events", 200),
        ("a message of the retry queue, of 100", REDELIVER, events.MESSAGES, 100),
    ):
        relay = values(variant, name, "warm", count)
        ratios = [_ratio(relay, values(reference, "1 KB", "warm")) for reference in REFERENCES]
        table.add_row(title, f"{statistics.median(relay) * 1000:.3f} ms", *ratios)

    def exponent(larger: str, smaller: str, factor: float) -> str:
        costs = [statistics.median(values(RELAY, name, "warm")) for name in (larger, smaller)]
        return f"{math.log(costs[0] / costs[1]) / math.log(factor):.2f}"

    table.add_row("growth from 64 KB to 900 KB: exponent", exponent("900 KB", "64 KB", 900 / 64))
    table.add_row("growth from 20 to 200 events: exponent", exponent("200 events", "20 events", 10))
    return table


def _switches(measured: Measured) -> Table:
    table = Table("a webhook of 7 KB", "CPU", "÷ relay", "wall time", title="what is switched on or off")
    relay = [figures["warm"] for figures in measured[RELAY, "7 KB"]]
    for variant in SWITCHES:
        values = [figures["warm"] for figures in measured[variant, "7 KB"]]
        wall = statistics.median(figures["wall"] for figures in measured[variant, "7 KB"])
        cpu = statistics.median(values)
        table.add_row(variant, f"{cpu * 1000:.2f} ms", _ratio(values, relay), f"{wall * 1000:.2f} ms")
    return table


def _ratio(relay: list[float], reference: list[float]) -> str:
    ratios = sorted(ours / theirs for ours, theirs in zip(relay, reference, strict=True))
    quarter = len(ratios) // 4
    median = statistics.median(relay) / statistics.median(reference)
    return f"{median:.2f} [{ratios[quarter]:.2f}-{ratios[-1 - quarter]:.2f}]"


def _median_ratio(measured: Measured, name: str, figure: str) -> float:
    ours, theirs = ([figures[figure] for figures in measured[variant, name]] for variant in (RELAY, "bare"))
    return statistics.median(ours) / statistics.median(theirs)


def _instructions(counts: Counts) -> Table:
    table = Table("instructions, millions", *VARIANTS, title="a webhook of 7 KB; the whole process, as valgrind counts")
    counted = [counts.of(variant, "7 KB") for variant in VARIANTS]
    table.add_row("process start to first answer", *(f"{first:.0f}" for first, _ in counted))
    table.add_row("a warm webhook", *(f"{warm:.2f}" for _, warm in counted))
    return table


def _throughput(bench: Bench, seconds: float) -> Table:
    table = Table(
        "one worker, one webhook of 7 KB after the other", "a second", "median", "p99", "peak memory", "grows by",
        title=f"{seconds:.0f} seconds each",
    )  # fmt: skip
    for variant in (RELAY, "bare"):
        figures = bench.figures(variant, "7 KB", ("seconds", str(seconds)))
        times = (f"{figures[name] * 1000:.2f} ms" for name in ("median", "p99"))
        table.add_row(
            variant,
            f"{figures['per_second']:.0f}",
            *times,
            f"{figures['memory']:.1f} MB",
            f"{figures['growth']:.1f} MB",
        )
    return table


if __name__ == "__main__":
    main()
