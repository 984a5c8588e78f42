"""What was released while a bus was detached is held again, from the copies of what was released."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from relay.destinations import held
from relay.destinations.held import HeldKey
from relay.destinations.model import Destination
from tests.conftest import Load
from tests.unit.destinations.destinations import NOW
from tests.unit.pipeline.customers_world import TOML
from tests.unit.pipeline.recovery import CONFIG, DROPPED, MINUTE, Archive, webhook


def release(archive: Archive, name: str, at: timedelta, destination: Destination = DROPPED) -> str:
    """Let something have been released, so long after the last look that saw the source active. Return its key."""
    key = HeldKey(destination.customer, destination.name, destination.id, NOW - timedelta(days=9), name).text()
    archive.released[held.released_key(key)] = NOW + at
    return key


def test_what_was_released_in_the_window_is_held_again_however_long_before_its_webhook_came(load: Load) -> None:
    archive = Archive(load(TOML))
    others = replace(DROPPED, name="other")
    for name, at in (("a", -MINUTE), ("b", 12 * MINUTE)):
        release(archive, name, at)
    release(archive, "c", MINUTE, others)
    keys = [release(archive, f"d{number}", timedelta(seconds=number)) for number in range(-20, 20)]
    assert archive.recover() == 0
    assert sorted(archive.copied) == sorted((held.released_key(key), key) for key in keys)


@given(st.integers(1, 20), st.integers(0, 20), st.integers(0, 20))
def test_a_recovery_that_is_cut_off_holds_each_copy_once_and_then_reads_the_archive(
    steps: int, copies: int, count: int
) -> None:
    archive = Archive(CONFIG, *(webhook(CONFIG, number) for number in range(count)))
    for number in range(copies):
        release(archive, f"{number}", MINUTE)
    runs = 1
    while archive.recover(steps=steps) is None:
        runs += 1
        assert (runs - 1) * steps <= copies + count
    assert len(archive.copied) == len(set(archive.copied)) == copies
    assert sum(map(len, archive.held.values())) == count
