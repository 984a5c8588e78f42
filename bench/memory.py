"""`python -m bench.memory`: a cold start and a warm webhook with the share of a processor that Lambda gives.

A function has one processor at 1,769 MB, and less in proportion: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
It takes CPU quotas (control groups, version 1), which only root may set. It measures time, not Lambda: the network is
this machine's, and INIT, for which Lambda gives a whole processor, has its share only here.
"""

import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import measuring
from bench.measuring import RELAY

GROUPS = Path("/sys/fs/cgroup/cpu")
PERIOD = 20_000  # microseconds
ONE_PROCESSOR = 1769
SIZES = (128, 256, 512, 1024, 1769)
ROUNDS = 5


def main() -> None:
    """Measure and print."""
    if not (GROUPS / "cpu.cfs_quota_us").exists():
        sys.exit(f"memory: {GROUPS} has no CPU quotas; they are those of control groups, version 1")
    table = Table(
        "memory", "start to first answer", "bare", "warm webhook of 7 KB", "bare", title=f"wall time, {ROUNDS} rounds"
    )
    with measuring.ready() as bench:
        for variant in (RELAY, "bare"):
            bench.figures(variant, "7 KB", ("count", "1"))  # compiles
        for size in SIZES:
            with _share(size / ONE_PROCESSOR) as before:
                cells = []
                for figure in ("first_wall", "wall"):
                    for variant in (RELAY, "bare"):
                        rounds = [bench.figures(variant, "7 KB", ("count", "40"), before) for _ in range(ROUNDS)]
                        cells.append(f"{statistics.median(figures[figure] for figures in rounds) * 1000:.1f} ms")
                table.add_row(f"{size} MB", *cells)
    Console().print(table)


@contextmanager
def _share(share: float) -> Iterator[tuple[str, ...]]:
    """Yield the beginning of a command that limits it to this share of one processor."""
    group = GROUPS / "relay-bench"
    try:
        group.mkdir(exist_ok=True)
        (group / "cpu.cfs_period_us").write_text(str(PERIOD))
        (group / "cpu.cfs_quota_us").write_text(str(int(PERIOD * share)))
    except PermissionError:
        sys.exit("memory: only root may set CPU quotas")
    try:
        yield ("sh", "-c", f'echo $$ > {group}/tasks; exec "$@"', "sh")
    finally:
        group.rmdir()


if __name__ == "__main__":
    main()
