"""What the relay may cost: `make bench` fails where it costs more.

Instructions are nearly the same every time, whatever else the machine does, so most budgets are ratios of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.table import Table

from bench import measuring
from bench.measuring import RELAY, Bench

# Webhooks that valgrind is given, to tell what one costs: few, many.
COUNTS = {"1 KB": (6, 26), "7 KB": (6, 26), "900 KB": (2, 6), "200 events": (2, 6)}
WARMED_UP = 3  # webhooks that the driver adds
RESTORES = 100


@dataclass(frozen=True)
class Budget:
    """One of the relay's budgets: what was measured, what may be at most, and what is wanted if that is less."""

    what: str
    measured: float
    most: float
    unit: str = "of bare"
    goal: float | None = None

    @property
    def is_kept(self) -> bool:
        """Return whether it costs no more than it may."""
        return self.measured <= self.most


class Counts:
    """Millions of instructions to the first answer, and of a warm webhook: counted when they are first asked for."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._counted: dict[tuple[str, str], tuple[float, float]] = {}

    def of(self, variant: str, event: str) -> tuple[float, float]:
        """Return both, of a variant that is given an event."""
        key = (variant, event)
        if key not in self._counted:
            few, many = COUNTS[event]
            less, more = (self._bench.instructions(variant, event, number) / 1e6 for number in (few, many))
            warm = (more - less) / (many - few)
            self._counted[key] = less - (few + WARMED_UP) * warm, warm
        return self._counted[key]


def measure(bench: Bench, counts: Counts, memory: float, large: float) -> Iterator[Budget]:
    """Yield every budget. `memory` is a ratio of peaks, and `large` of the processor time of a webhook of 900 KB.

    Valgrind hides the processor's own instructions for SHA-256, of which the relay needs two and `bare` one: so a large
    webhook is judged by its time. It does not count the kernel either.
    """
    first, warm = (
        ours / theirs for ours, theirs in zip(counts.of(RELAY, "7 KB"), counts.of("bare", "7 KB"), strict=True)
    )
    yield Budget("start to first answer, 7 KB, instructions", first, 0.45)
    yield Budget("a warm webhook of 7 KB, instructions", warm, 0.7, goal=0.5)
    yield Budget("a warm webhook of 900 KB, processor time", large, 1.1, goal=0.9)
    event = counts.of(RELAY, "200 events")[1] / 200
    yield Budget("an event in a webhook of 200, instructions", event / counts.of("bare", "1 KB")[1], 0.085, goal=0.03)
    yield Budget("peak memory", memory, 0.6, goal=0.55)
    yield Budget("package without boto3, zipped", measuring.sizes(bench)["zipped, without boto3"], 1.5, "MB")
    restored = bench.figures(RELAY, "7 KB", ("restore", str(RESTORES)))
    yield Budget("restore to first answer, processor time", restored["restored"] * 1000, 12, "ms", goal=4)
    yield Budget("modules imported after a restore", restored["imports"], 0, "")
    yield Budget("TLS contexts made after a restore", restored["contexts"], 0, "")


def table(budgets: list[Budget]) -> Table:
    """Return the budgets as a table."""
    shown = Table("budget", "measured", "at most", "goal", "", title="budgets")
    for budget in budgets:
        kept = "kept" if budget.is_kept else "exceeded"
        goal = "" if budget.goal is None else f"{budget.goal:g}"
        shown.add_row(budget.what, f"{budget.measured:.3g} {budget.unit}", f"{budget.most:g}", goal, kept)
    return shown
