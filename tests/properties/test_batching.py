"""Batches hold everything, once, in order, within both limits, and none could have taken the next item."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from relay.delivery.batching import batches
from relay.delivery.deliver import MAX_ENTRIES_PER_REQUEST, deliver
from relay.entry import Accepted, Entry, Failed, Outcome
from tests.conftest import NOW, no_retries

SIZES = st.lists(st.integers(0, 120), max_size=60)
ENTRY = Entry(NOW, "aws.partner/acme.example/c42/orders", (), "a", "{}", "us-east-1")


@given(sizes=SIZES, max_count=st.integers(1, 20), max_bytes=st.integers(1, 200))
def test_batches_are_full_ordered_and_within_the_limits(sizes: list[int], max_count: int, max_bytes: int) -> None:
    made = batches(sizes, lambda size: size, max_count, max_bytes)
    assert [size for batch in made for size in batch] == sizes
    for batch in made:
        assert 1 <= len(batch) <= max_count
        assert sum(batch) <= max_bytes or len(batch) == 1
    for batch, following in pairwise(made):
        assert len(batch) == max_count or sum(batch) + following[0] > max_bytes


@given(
    fates=st.lists(st.sampled_from(["accept", "fail", "too long"]), max_size=70),
    regions=st.lists(st.sampled_from(["us-east-1", "eu-west-1"]), min_size=70, max_size=70),
)
def test_every_entry_has_its_own_outcome_whatever_the_bus_answers(fates: list[str], regions: list[str]) -> None:
    entries = [
        replace(ENTRY, detail=f'{{"n":{n}}}', detail_type="x" * 129 if fate == "too long" else fate, region=region)
        for n, (fate, region) in enumerate(zip(fates, regions, strict=False))
    ]
    sent: list[Entry] = []

    def bus(batch: Sequence[Entry]) -> list[Outcome]:
        assert 1 <= len(batch) <= MAX_ENTRIES_PER_REQUEST
        assert len({entry.region for entry in batch}) == 1
        sent.extend(batch)
        return [
            Accepted(one.detail) if one.detail_type == "accept" else Failed("MalformedDetail", one.detail)
            for one in batch
        ]

    outcomes = deliver(entries, bus, no_retries(), partner="aws.partner/acme.example", max_request_bytes=256 * 1024)
    assert len(outcomes) == len(entries)
    for entry, fate, outcome in zip(entries, fates, outcomes, strict=True):
        assert isinstance(outcome, Accepted) == (fate == "accept")
        assert fate == "too long" or entry.detail in (getattr(outcome, "event_id", ""), getattr(outcome, "message", ""))
    assert sorted(one.detail for one in sent) == sorted(
        entry.detail for entry, fate in zip(entries, fates, strict=True) if fate != "too long"
    )
