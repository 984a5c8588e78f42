"""The page about load: what was seen, as tables and curves."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.load import plot

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "load.md"
PICTURES = ROOT / "docs" / "pictures"
TEMPLATE = Path(__file__).with_name("page.template.md")
SEEN = Path(__file__).with_name("seen")
PLACES = {
    "stack": "Through the deployed stack",
    "environment": "One execution environment",
}
INTRODUCTIONS = {
    "stack": """\
The relay is deployed onto the [local AWS](local-aws.md) with `cdk deploy`; the references are functions with an HTTP \
API of their own there.
A webhook goes over TLS through the HTTP API to a function under AWS's runtime client, which puts its event with its \
role's permissions; a rule sends the event to the customer's queue.""",
    "environment": """\
One process of the function's package answers one webhook after the other, behind a small HTTP front; AWS is a stub on \
a socket that never fails.
With several processors, the process has the last one and everything else the others.
Node-RED is one process too, on the same processor.""",
}
MILLION = 1_000_000
BUSY = 2.0  # programs that want each processor
NONE = "Nothing has been measured yet: it takes half an hour of a machine that does nothing else."
Seen = Mapping[str, Any]


def save(name: str, seen: Seen) -> None:
    """Save what a run has seen, for the page."""
    SEEN.mkdir(exist_ok=True)
    (SEEN / f"{name}.json").write_text(json.dumps(seen, indent=1) + "\n", "utf-8")


def write() -> None:
    """Write the page and its pictures from what was saved."""
    PAGE.write_text(page(), "utf-8")
    for name, picture in pictures().items():
        (PICTURES / name).write_text(picture, "utf-8")


def page() -> str:
    """Return the text of the page."""
    load, soak = _saved("load"), _saved("soak")
    return TEMPLATE.read_text("utf-8").format(
        load="".join(_load(load)) if load else NONE + "\n", soak="".join(_soak(soak)) if soak else NONE + "\n"
    )


def pictures() -> dict[str, str]:
    """Return each picture by the name of its file."""
    load = _saved("load")
    curves = {place: _curves(variants) for place, variants in load["places"].items()} if load else {}
    return {f"load-{place}.svg": plot.by_percentile(each) for place, each in curves.items() if each}


def _curves(variants: Seen) -> dict[str, plot.Curve]:
    return {name: seen["open"]["curve"] for name, seen in variants.items() if seen["open"]}


def _saved(name: str) -> Seen | None:
    path = SEEN / f"{name}.json"
    seen: Seen | None = json.loads(path.read_text("utf-8")) if path.exists() else None
    return seen


def _load(load: Seen) -> Iterator[str]:
    yield from _machine(load)
    yield f"There were {load['rounds']} rounds of {load['seconds']:g} s.\n"
    for place, title in PLACES.items():
        variants = load["places"][place]
        yield f"\n## {title}\n\n{INTRODUCTIONS[place]}\n\n"
        head = ("", "capacity, a second", "processor time", "alone", "at 70 %, a second")
        yield from _rows(
            (*head, "p50", "p99", "p99.9", "errors", "generator late, p99"),
            ((name, *_capacity(seen), *_latencies(seen["open"])) for name, seen in variants.items()),
        )
        if _curves(variants):
            yield f"\n![Latency by percentile](../pictures/load-{place}.svg)\n"
        yield from _refusals(variants)
        yield "\n"
        yield from _rows(
            ("", "answered 2xx", "arrived", "in a queue", "twice", "lost"),
            ((name, *_counts(seen["counted"])) for name, seen in variants.items()),
        )
    yield "\n*Alone* is the median of one sender who waits for each answer.\n"
    yield "*Processor time* is that of the measured process for a webhook, which others on the machine change least.\n"
    relay = load["places"]["environment"]["relay"]
    if relay["open"]:
        shares = [relay["open"]["percentiles"][name] / relay["alone"] for name in ("99", "99.9")]
        yield f"With one environment the relay's p99 is {shares[0]:.1f} times *alone*, and its p99.9 {shares[1]:.1f}"
        yield " times; the aim is 3 and 6, on a machine that does nothing else.\n"
    yield "\n"


def _machine(seen: Seen) -> Iterator[str]:
    yield f"Measured on {seen['machine']}.\n"
    if seen["load"] > BUSY:
        yield f"**The machine had other work**: {seen['load']:.0f} programs wanted each processor; all times but that"
        yield " of the processor are mostly waiting for one, and say little about what was measured.\n"


def _refusals(variants: Seen) -> Iterator[str]:
    refused = [(name, text) for name, seen in variants.items() for text in seen["refusals"]]
    if refused:
        yield f"\n{len(refused)} runs were refused, and count only for what was lost:\n\n"
        yield from (f"- {name}: {text.removeprefix('refused: ').partition('. ')[0]}.\n" for name, text in refused)


def _capacity(seen: Seen) -> Iterator[str]:
    yield f"{seen['capacity']:.0f}"
    yield _ms(seen["cpu"]) if seen["cpu"] is not None else ""
    yield _ms(seen["alone"])


def _latencies(seen: Seen | None) -> Iterator[str]:
    if not seen:
        yield from ["refused", *[""] * 5]
        return
    yield f"{seen['throughput']:.0f}"
    for name in ("50", "99", "99.9"):
        yield _ms(seen["percentiles"][name])
    yield f"{seen['errors']} of {seen['webhooks']}"
    yield _ms(seen["late"])


def _counts(counted: Mapping[str, int]) -> Iterator[str]:
    for name in ("acknowledged", "arrived", "kept", "twice"):
        yield str(counted[name])
    yield f"**{counted['lost']}**"


def _soak(soak: Seen) -> Iterator[str]:
    counted, parts = soak["counted"], soak["parts"]
    yield f"{soak['webhooks']:,} webhooks of 7 KB went through one execution environment, one after the other,"
    yield f" in {soak['seconds'] / 60:.0f} minutes, without a front; AWS was the stub.\n"
    yield f"{counted['acknowledged']:,} were answered 2xx, {counted['arrived']:,} arrived, {counted['twice']} of them"
    yield f" twice; **{counted['lost']}** were lost.\n"
    if soak["webhooks"] < MILLION:
        yield f"It was ended before the {MILLION:,} that `make soak` sends.\n"
    grown = parts[-1]["memory"] - soak["memory"]
    yield f"The process held {soak['memory']:.2f} MB at the beginning and {parts[-1]['memory']:.2f} MB at the end:"
    yield f" {grown * 1024 * 1024 / soak['webhooks']:.2f} bytes a webhook.\n" if grown > 0 else " it did not grow.\n"
    for kind, name in (("cpu", "processor time"), ("wall", "wall time")):
        first, last = parts[0][f"{kind}_p99"], parts[-1][f"{kind}_p99"]
        yield f"The p99 of the {name} was {_ms(first)} in the first part and {_ms(last)} in the last,"
        yield f" {last / first:.2f} of it; the aim is 1.05 at most.\n"
    yield from _machine(soak)
    yield "\n"
    header = ("webhooks", "processor time, p50", "p99", "wall time, p50", "p99", "memory")
    yield from _rows(header, (_part(number * soak["part"], part) for number, part in enumerate(parts, 1)))
    yield "\n"


def _part(webhooks: int, part: Mapping[str, float]) -> Sequence[str]:
    times = (_ms(part[f"{kind}_{name}"]) for kind in ("cpu", "wall") for name in ("p50", "p99"))
    return (f"to {webhooks:,}", *times, f"{part['memory']:.2f} MB")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _rows(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in (header, ["---"] * len(header), *rows):
        yield "| " + " | ".join(row) + " |\n"
