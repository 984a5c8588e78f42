"""Simulate everything that the page shows, which takes some minutes; the page reads the results in results.json."""

import json
from pathlib import Path
from typing import Any

from tools.simulation import fidelity, scenarios
from tools.simulation.model import Parameters, derived

RESULTS = Path(__file__).with_name("results.json")
STARTS = {"refused at once": 0.005, "no answer for 3 s": 3.0}
RETRIES = (2, 0)
CONCURRENCIES = (1_000, 4_000)


def simulate() -> dict[str, Any]:
    """Return the results, in the order of the page."""
    return {
        "steps": {name: scenarios.step(parameters) for name, parameters in scenarios.STEPS.items()},
        "outage_starts": [
            {"failure": failure, "retry": retry, "concurrency": concurrency}
            | scenarios.outage_start(scenarios.OUTAGE._replace(concurrency=concurrency), seconds, retry)
            for failure, seconds in STARTS.items()
            for retry in RETRIES
            for concurrency in CONCURRENCIES
        ],
        "outage": scenarios.outage(Parameters(quotas=scenarios.OUTAGE, throttle=derived(scenarios.OUTAGE))),
        "fidelity": [comparison._asdict() for comparison in fidelity.comparisons()],
    }


def read() -> dict[str, Any]:
    """Return the results of the last simulation."""
    results: dict[str, Any] = json.loads(RESULTS.read_text("utf-8"))
    return results


def write(results: dict[str, Any]) -> None:
    """Store results for the page."""
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
