"""Run the simulation and write docs/explanation/fairness.md: `python -m tools.fairness`."""

from collections.abc import Iterator, Mapping
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
    "one at the others' rate that spoils every request": replace(
        QUIET, noisy_rate=QUIET.rate, refused="ValidationException", refuses_request=True
    ),
    "the same, for a minute": replace(
        QUIET, noisy_rate=QUIET.rate, refused="ValidationException", refuses_request=True, seconds=60
    ),
}


def page(scenarios: Mapping[str, Scenario]) -> str:
    """Return the text of the page. The first scenario is what the others are compared with."""
    values = {**asdict(NOISY), "put_ms": NOISY.put_seconds * 1000}
    return TEMPLATE.read_text("utf-8").format(**values, rows="".join(_rows(scenarios)))


def _rows(scenarios: Mapping[str, Scenario]) -> Iterator[str]:
    quiet = 0.0
    for name, scenario in scenarios.items():
        result = simulate(scenario)
        p50, p95, p99 = (result.others(quantile) for quantile in (0.5, 0.95, 0.99))
        quiet = quiet or p95
        yield f"| {name} | {p50:.2f} s | {p95:.2f} s | {p99:.2f} s | {p95 / quiet:.0%} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(SCENARIOS), "utf-8")
