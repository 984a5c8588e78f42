"""Reading, replaying and comparing fifteen hundred webhooks take no more memory than three hundred."""

import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from relay.archive.reading import Found, Window, read_window
from relay.config.fingerprint import mapping_fingerprint
from relay.config.loader import parse
from relay.config.model import Config
from relay.delivery.message import Replay
from relayctl import difference, replaying
from relayctl.replaying import Plan, Totals
from tests.conftest import Load
from tests.unit.archive.archived import NOON, Bucket, archived
from tests.unit.pipeline.customers_world import TOML, event, prod

MEBIBYTE = 1024 * 1024
PER_OBJECT = 100

Work = Callable[[Config, Iterator[Found]], None]


def bucket(config: Config, webhooks: int) -> Bucket:
    """Return an archive of so many webhooks, of about 2 KB each."""
    made, mapping = Bucket(), mapping_fingerprint(config.routes[0], config)
    for start in range(0, webhooks, PER_OBJECT):
        some = (
            archived(
                None,
                {"events": [event(number=number, text=f"{number:x}" * 400)]},
                number // 4,
                webhook_id=f"msg_{number}",
                mapping=mapping,
            )
            for number in range(start, start + PER_OBJECT)
        )
        made.write("2026/11/22/12", f"{start:06}", *some)
    return made


def replay(config: Config, found: Iterator[Found]) -> None:
    plan = Plan(Replay("r1"), config, lambda _: [prod()])
    deque(replaying.choose(found, plan, Totals()), maxlen=0)


def compare(config: Config, found: Iterator[Found]) -> None:
    edited = parse(TOML.replace("${item.type}", "v2.${item.type}"), "relay.toml")
    result = difference.compare((each.webhook for each in found), config, edited)
    assert result.webhooks == sum(result.counts.values())


def peak_bytes(config: Config, webhooks: int, work: Work) -> int:
    """Return the most that Python had allocated meanwhile."""
    archive = bucket(config, webhooks)
    tracemalloc.start()
    try:
        work(config, read_window(archive, Window(NOON, NOON + timedelta(hours=1)), lambda _key, _why: None))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("work", [replay, compare])
def test_fifteen_hundred_webhooks_take_as_much_memory_as_three_hundred(load: Load, work: Work) -> None:
    config = load(TOML)
    few, many = peak_bytes(config, 300, work), peak_bytes(config, 1_500, work)
    # What is remembered of each record, to know one that comes twice: about 100 bytes.
    assert many < few + MEBIBYTE
