"""The page about two Regions: what the drills have seen, as tables."""

import json
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.two_regions.drill import BEFORE, Pace
from tools.two_regions.name import THRESHOLD
from tools.two_regions.sender import KINDS
from tools.two_regions.stacks import REGIONS, RELAY_TOML

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "regions.md"
TEMPLATE = Path(__file__).with_name("page.template.md")
RESULTS = Path(__file__).with_name("results.json")
Seen = Mapping[str, Any]


def save(seen: Seen) -> None:
    """Save what the drills have seen, for the page."""
    RESULTS.write_text(json.dumps(seen, indent=1) + "\n", "utf-8")


def page() -> str:
    """Return the text of the page."""
    seen = json.loads(RESULTS.read_text("utf-8"))
    drills: Sequence[Seen] = seen["drills"]
    pace = Pace()
    return TEMPLATE.read_text("utf-8").format(
        regions=REGIONS,
        before=f"{BEFORE:g}",
        relay_toml=RELAY_TOML.strip(),
        senders=len(REGIONS) * len(KINDS),
        each_rate=f"{pace.rate:g}",
        check=f"{pace.check:g}",
        threshold=THRESHOLD,
        ttl=f"{pace.ttl:g}",
        timeout=f"{pace.timeout:g}",
        away_from=f"{pace.away[0]:g}",
        away_to=f"{pace.away[1]:g}",
        tries=max(kind.tries for kind in KINDS),
        machine=seen["machine"],
        number=len(drills),
        totals="".join(_totals(drills)),
        drills="".join(_drills(drills)),
        kinds="".join(_kinds(drills)),
    )


def _totals(drills: Sequence[Seen]) -> Iterator[str]:
    acknowledged, lost, kept = (sum(each[name] for each in drills) for name in ("acknowledged", "lost", "kept"))
    yield f"**{acknowledged:,} webhooks were answered 202 in {len(drills)} drills, and {lost} of them were lost.**\n"
    arrived, elsewhere = sum(each["arrived"] for each in drills), sum(_in(each, REGIONS[1]) for each in drills)
    yield f"{arrived:,} arrived at the customer, {elsewhere:,} of the events in `{REGIONS[1]}`; {kept} were kept.\n"
    twice, differing = (sum(each[name] for each in drills) for name in ("twice", "differing"))
    yield f"{twice:,} arrived more than once; the copies of {differing} differed in more than the event's `id`.\n"
    given_up, unacknowledged = (sum(each[name] for each in drills) for name in ("given_up", "unacknowledged"))
    yield f"Senders gave up on {given_up:,} webhooks, {unacknowledged:,} of which arrived nevertheless.\n"
    waited = max(each["waited"] for each in drills)
    yield f"Up to {waited} entries waited in a Region's retry queue when it was lost, and were put once it was back.\n"


def _drills(drills: Sequence[Seen]) -> Iterator[str]:
    head = (
        "seed",
        "lost",
        "away",
        "webhooks",
        "answered 202",
        "arrived",
        "kept",
        "lost webhooks",
        "more than once",
        "waited there",
    )
    yield from _rows((*head, f"events in `{REGIONS[1]}`", "given up"), (_drill(each) for each in drills))


def _drill(seen: Seen) -> Iterator[str]:
    yield str(seen["seed"])
    yield f"`{seen['region']}`"
    yield f"{seen['away']:.0f} s"
    for name in ("webhooks", "acknowledged", "arrived", "kept"):
        yield str(seen[name])
    yield f"**{seen['lost']}**"
    yield str(seen["twice"])
    yield str(seen["waited"])
    yield str(_in(seen, REGIONS[1]))
    yield str(seen["given_up"])


def _kinds(drills: Sequence[Seen]) -> Iterator[str]:
    head = ("a sender that", "no answer, median", "at most", "a webhook's longest way", "webhooks", "given up")
    yield from _rows(head, (_kind(kind.name, drills) for kind in KINDS))


def _kind(name: str, drills: Sequence[Seen]) -> Iterator[str]:
    of_kind = [each for drill in drills for each in drill["kinds"] if each["name"] == name]
    silences = [each["silence"] for each in of_kind]
    yield name
    yield f"{statistics.median(silences):.1f} s"
    yield f"{max(silences):.1f} s"
    yield f"{max(each['longest'] for each in of_kind):.1f} s"
    yield str(sum(each["webhooks"] for each in of_kind))
    yield str(sum(each["given_up"] for each in of_kind))


def _in(seen: Seen, region: str) -> int:
    number: int = seen["regions"].get(region, 0)
    return number


def _rows(header: Sequence[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    for row in (header, ["---"] * len(header), *rows):
        yield "| " + " | ".join(row) + " |\n"
