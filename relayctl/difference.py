"""Compare what two relay.toml make of the same webhooks, in bounded memory."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from relay.archive.mapping import map_webhook
from relay.archive.record import ArchivedWebhook
from relay.config.model import Config
from relay.delivery.undelivered import NotSent
from relay.destinations.model import Destination
from relay.entry import Entry, rfc3339
from relay.errors import MappingError
from relayctl import preview

SAMPLES = 3
"""How many examples of each change are shown."""
MOST_CHANGES = 1000
"""How many different changes are told apart; the rest are counted together."""
DEAD_LETTER, MENDED, MORE, FEWER, FIELDS, OTHERS = (
    "new dead letter",
    "no dead letter any more",
    "new entry",
    "no entry any more",
    "other fields",
    "other changes",
)
_ORDER = (DEAD_LETTER, FEWER, FIELDS, MORE, MENDED, OTHERS)

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A kind of change of a route's entries; `detail_type` is the deployed one where there is one."""

    route: str
    detail_type: str
    kind: str
    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class Difference:
    """How often each change occurs, with samples: webhook id, index of the entry, its fields before and after."""

    webhooks: int = 0
    unchanged: int = 0
    counts: dict[Change, int] = field(default_factory=dict)
    samples: dict[Change, list[Fields]] = field(default_factory=dict)

    def add(self, change: Change, sample: Fields) -> None:
        """Count a change."""
        if change not in self.counts and len(self.counts) >= MOST_CHANGES:
            change = Change(change.route, "", OTHERS)
        self.counts[change] = self.counts.get(change, 0) + 1
        samples = self.samples.setdefault(change, [])
        if len(samples) < SAMPLES:
            samples.append(sample)

    def rows(self) -> list[Fields]:
        """Return the changes as rows, new dead letters first, then the most frequent."""
        changes = sorted(self.counts, key=lambda change: (_ORDER.index(change.kind), -self.counts[change]))
        return [
            {
                "route": change.route,
                "detail-type": change.detail_type or None,
                "change": change.kind,
                "fields": ", ".join(change.fields) or None,
                "count": self.counts[change],
                "samples": self.samples[change],
            }
            for change in changes
        ]


def compare(webhooks: Iterable[ArchivedWebhook], deployed: Config, edited: Config) -> Difference:
    """Return what `edited` changes. Every customer is taken to have one destination that wants everything."""
    difference = Difference()
    for webhook in webhooks:
        difference.webhooks += 1
        changes = list(_changes(webhook, _mapped(webhook, deployed), _mapped(webhook, edited)))
        difference.unchanged += not changes
        for change, sample in changes:
            difference.add(change, sample)
    return difference


def _changes(
    webhook: ArchivedWebhook, before: list[Fields] | str, after: list[Fields] | str
) -> Iterator[tuple[Change, Fields]]:
    route, of_webhook = webhook.route, {"webhook_id": webhook.webhook_id}
    if isinstance(after, str):
        if not isinstance(before, str):
            yield Change(route, _detail_type(before), DEAD_LETTER), of_webhook | {"after": after}
        return
    if isinstance(before, str):
        yield Change(route, _detail_type(after), MENDED), of_webhook | {"before": before}
        return
    for index in range(max(len(before), len(after))):
        sample: Fields = of_webhook | {"index": index}
        if index >= len(after):
            yield Change(route, before[index]["detail-type"], FEWER), sample | {"before": before[index]}
        elif index >= len(before):
            yield Change(route, after[index]["detail-type"], MORE), sample | {"after": after[index]}
        elif names := tuple(sorted(set(_different(before[index], after[index])))):
            both = {"before": before[index], "after": after[index]}
            yield Change(route, before[index]["detail-type"], FIELDS, names), sample | both


def _detail_type(entries: list[Fields]) -> str:
    return str(entries[0]["detail-type"]) if entries else ""


def _mapped(webhook: ArchivedWebhook, config: Config) -> list[Fields] | str:
    """Return the fields of each entry, or why the webhook would be dead-lettered."""
    store_detail = partial(preview.sample_claim_check, now=webhook.received_at)

    def find(customer: str) -> list[Destination]:
        return preview.sample_destinations(config, customer)

    try:
        mapped = map_webhook(webhook, config, find, store_detail)
    except MappingError as error:
        return str(error)
    entries = [each if isinstance(each, Entry) else each.entry for each in mapped if not isinstance(each, NotSent)]
    return [_fields(entry) for entry in entries]


def _fields(entry: Entry) -> Fields:
    return {
        "source": entry.source,
        "region": entry.region,
        "bus": entry.bus or None,
        "detail-type": entry.detail_type,
        "time": rfc3339(entry.time),
        "resources": list(entry.resources),
        "detail": _json(entry.detail),
    }


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _different(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Yield the paths at which two values differ: `detail.customer.id`; in a list, `[]` is any of its elements."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in before.keys() | after.keys():
            inner = f"{path}.{name}" if path else name
            if name not in before or name not in after:
                yield inner
            else:
                yield from _different(before[name], after[name], inner)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            yield from _different(one, other, f"{path}[]")
    elif before != after:
        yield path
