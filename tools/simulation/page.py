"""The page about bursts and outages: results as sentences, tables and pictures."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from partner_event_relay import capacity
from partner_event_relay.capacity import Quotas
from tools.simulation import closed_forms, measured, scenarios
from tools.simulation.model import NEW_ENVIRONMENTS, NEW_ENVIRONMENTS_PER_SECOND, Parameters
from tools.simulation.plots import Line, chart

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "burst.md"
PICTURES = ROOT / "docs" / "pictures"
TEMPLATE = Path(__file__).with_name("page.template.md")
PICTURED = "derived, quotas asked for"
COLD_STARTS = (0.55, 0.4, 0.305, 0.25, 0.15, 0.1)
RATES = (500, 1_000, 10_000)
NONE = "\N{EN DASH}"
Results = Mapping[str, Any]


def files(results: Results) -> dict[Path, str]:
    """Return the page and its pictures, by where they belong."""
    step, outage = results["steps"][PICTURED]["timeline"], results["outage"]["backlog"]
    return {
        PAGE: page(results),
        PICTURES / "burst-step.svg": chart(
            "Answers to a step from 0 to 10,000 webhooks a second",
            "seconds",
            "webhooks a second",
            [
                Line(name, [(row[0], 2 * row[column]) for row in step])
                for column, name in ((1, "202"), (2, "429"), (3, "503"))
            ],
        ),
        PICTURES / "burst-latency.svg": chart(
            "Latency of 202",
            "seconds",
            "milliseconds",
            [Line(name, [(row[0], row[column]) for row in step]) for column, name in ((4, "p50"), (5, "p99"))],
        ),
        PICTURES / "outage-backlog.svg": chart(
            "Entries in the retry queue",
            "seconds after EventBridge is back",
            "entries",
            [Line("waiting", [(at, count) for at, count in outage])],
        ),
    }


def page(results: Results) -> str:
    """Return the page."""
    outage = results["outage"]
    values = {
        "step_rate": f"{scenarios.STEP_RATE:,}",
        "step_seconds": str(scenarios.STEP_SECONDS),
        "steps": "\n".join(_steps(results["steps"])),
        "cold_steps": "\n".join(_cold_steps()),
        "cold": f"{Parameters().cold:g}",
        "ask": "\n".join(_ask()),
        "outage_rate": f"{scenarios.OUTAGE_RATE:,}",
        "outage_starts": "\n".join(_outage_starts(results["outage_starts"])),
        "put_quota": f"{scenarios.OUTAGE.puts:,}",
        "entries": f"{outage['entries']:,}",
        "drain": _minutes(outage["drain_seconds"]),
        "puts": str(outage["puts_per_second"]),
        "share": f"{outage['put_share']:.0%}",
        "live": f"{outage['live_during']['p99_ms']} and {outage['live_after']['p99_ms']}",
        "throttled": str(outage["throttled_puts"]),
        "concurrency": str(outage["concurrency"]),
        "receives": f"{outage['receives'] / outage['entries']:.1f}",
        **_physical(measured.read()),
        "fidelity": "\n".join(_fidelity(results["fidelity"], measured.read())),
    }
    text = TEMPLATE.read_text("utf-8")
    for name in sorted(values, key=len, reverse=True):
        text = text.replace(f"@{name}", values[name])
    return text


def _steps(steps: Mapping[str, Results]) -> Iterator[str]:
    for name, run in steps.items():
        shares = [_share(run[status], run["webhooks"]) for status in ("202", "429", "503")]
        rate, burst = run["throttle"]
        yield _row(
            name,
            f"{rate:,}/s, {burst:,}",
            *shares,
            f"{run['first_second']['503']:,}",
            *(f"{run[key]:,.0f} ms" for key in ("p50_ms", "p99_ms", "p999_ms")),
            _share(run["stored"], run["202"]),
        )


def _cold_steps() -> Iterator[str]:
    for seconds in COLD_STARTS:
        largest = closed_forms.largest_cold_step(seconds, NEW_ENVIRONMENTS, NEW_ENVIRONMENTS_PER_SECOND)
        yield _row(f"{seconds:g} s", f"{round(largest, -2):,.0f}")


def _ask() -> Iterator[str]:
    retry = Parameters().retry
    yield _row("`api_rate_quota`", "R", *(f"{rate:,}" for rate in RATES))
    concurrency = (
        rate * (retry + capacity.WEBHOOK_SECONDS) + capacity.redelivery_concurrency(Quotas(10**9, puts=2 * rate))
        for rate in RATES
    )
    yield _row(
        "`concurrency_quota`",
        "R times (`retry_for` + 0.0225 s), and redelivery's",
        *(f"{round(each + 99, -2):,.0f}" for each in concurrency),
    )
    yield _row("`put_quota`", "2 times R", *(f"{2 * rate:,}" for rate in RATES))


def _outage_starts(runs: list[Results]) -> Iterator[str]:
    for run in runs:
        shares = [_share(run[status], run["webhooks"]) for status in ("202", "503")]
        yield _row(
            run["failure"],
            f"{run['retry']} s",
            f"{run['concurrency']:,}",
            *shares,
            f"{run['p50_ms']:,.0f} ms",
            f"{run['p99_ms']:,.0f} ms",
            *(_share(run[key]["503"], run[key]["webhooks"]) for key in ("later", "without")),
        )


def _fidelity(comparisons: list[Results], found: Results) -> Iterator[str]:
    for each in comparisons:
        yield _compared(each["what"], each["simulated"], each["expected"])
    for name, pair in found.get("simfaas", {}).items():
        yield _compared(f"`simfaas`: {name}", pair["simulated"], pair["simfaas"])
    if burst := found.get("burst"):
        for key, name in BURST.items():
            yield _compared(f"real processes, 1:100: {name}", burst["simulated"][key], burst["measured"][key])


BURST = {"202": "answered 202", "429": "429", "503": "503", "p50_ms": "p50 of 202, ms", "p99_ms": "p99 of 202, ms"}


def _physical(found: Results) -> dict[str, str]:
    outage, burst = found["outage"], found["burst"]["measured"]
    rows = [
        _row("", "found"),
        "|---|---|",
        _row("webhooks of 200 entries answered 202", f"{outage['answered_202']}"),
        _row("entries that arrived", f"{outage['arrived']:,}"),
        _row("lost", str(outage["lost"])),
        _row("arrived twice", str(outage["arrived_twice"])),
        _row("seconds until all were gone", f"{outage['drain_seconds']}"),
        _row("seconds for a batch of 100, median", f"{outage['batch_seconds']}"),
    ]
    return {
        "physical_entries": f"{outage['entries']:,}",
        "physical_outage": "\n".join(rows),
        "late": f"{burst['late_ms']}",
    }


def _compared(what: str, simulated: float, reference: float) -> str:
    difference = f"{simulated / reference - 1:+.1%}" if reference else NONE
    return _row(what, f"{simulated:,.5g}", f"{reference:,.5g}", difference)


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.1%}" if whole else NONE


def _minutes(seconds: float) -> str:
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
