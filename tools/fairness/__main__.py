"""Run the simulation and write docs/explanation/fairness.md: `python -m tools.fairness`."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from tools.fairness.simulation import Scenario, simulate

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "fairness.md"
TEMPLATE = Path(__file__).with_name("page.template.md")
QUIET = Scenario()
NOISY = replace(QUIET, noisy_rate=100 * QUIET.rate)
SCENARIOS = {
    "nobody is noisy": QUIET,
    "one at a hundred times its share": NOISY,
    "the same, and its entries are all refused for good": replace(NOISY, refused="MalformedDetail"),
    "the same, and its entries all fail": replace(NOISY, refused="InternalFailure"),
    "one at a hundred times its share, without message groups": replace(NOISY, fair=False),
    "one with the others' rate that spoils every request": replace(
        QUIET, noisy_rate=QUIET.rate, refused="ValidationException", refuses_request=True
    ),
    "the same, at a hundred times its share": replace(NOISY, refused="ValidationException", refuses_request=True),
}


def rows() -> Iterator[str]:
    """Yield a line of the table for each scenario."""
    quiet = 0.0
    for name, scenario in SCENARIOS.items():
        result = simulate(scenario)
        p50, p95, p99 = (result.others(quantile) for quantile in (0.5, 0.95, 0.99))
        quiet = quiet or p95
        yield f"| {name} | {p50:.2f} s | {p95:.2f} s | {p99:.2f} s | {p95 / quiet:.0%} |\n"


if __name__ == "__main__":
    values = {**asdict(NOISY), "put_ms": NOISY.put_seconds * 1000}
    PAGE.write_text(TEMPLATE.read_text("utf-8").format(**values, rows="".join(rows())), "utf-8")
