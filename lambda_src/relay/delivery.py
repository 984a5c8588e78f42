"""Puts entries and accounts for every one of them, exactly once."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from relay.batching import batches
from relay.config import Config
from relay.entry import Entry, Outcome, refusal

# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPartnerEvents.html
MAX_ENTRIES_PER_REQUEST = 20

Send = Callable[[str, Sequence[Entry]], Sequence[Outcome]]
"""Puts entries in a Region. Gives one outcome for each, in the same order, and does not raise."""


def deliver(entries: Sequence[Entry], config: Config, send: Send) -> list[Outcome]:
    """The outcome of each entry, at the same index. What EventBridge would refuse is not sent."""
    outcomes: dict[int, Outcome] = {}
    by_region: defaultdict[str, list[int]] = defaultdict(list)
    for index, entry in enumerate(entries):
        if failed := refusal(entry, config.partner):
            outcomes[index] = failed
        else:
            by_region[entry.region].append(index)
    for region, indexes in by_region.items():
        for batch in batches(indexes, lambda i: entries[i].size, MAX_ENTRIES_PER_REQUEST, config.max_request_bytes):
            answers = send(region, [entries[index] for index in batch])
            outcomes.update(zip(batch, answers, strict=True))
    return [outcomes[index] for index in range(len(entries))]
