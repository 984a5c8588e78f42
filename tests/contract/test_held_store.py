"""Held entries in a bucket of the local AWS: order, pages, copies, deletions, and what fails."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from relay.aws.held_store import MAX_COUNTED, HeldStore
from relay.destinations import held
from relay.destinations.held import HeldKey
from relay_local.process import PARTNER
from tests.local_bus import REGION
from tests.unit.destinations.destinations import NOW

numbers = count()


@pytest.fixture
def store(bus: Any) -> HeldStore:
    client = bus.client("s3", PARTNER, REGION)
    name = f"held-{next(numbers)}"
    client.create_bucket(Bucket=name)
    return HeldStore(client, name)


def key(number: int, customer: str = "c42") -> str:
    return HeldKey(customer, "prod", "k3x9qa", NOW + timedelta(milliseconds=number), f"r{number}").text()


def test_counting_costs_one_request_however_much_waits(store: HeldStore, monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[str] = []

    def list_objects(**request: Any) -> dict[str, Any]:
        requests.append(request["Prefix"])
        return {"Contents": [{"Key": key(number), "LastModified": NOW} for number in range(1000)], "IsTruncated": True}

    monkeypatch.setattr(store._client, "list_objects_v2", list_objects)
    prefix = held.prefix("c42", "prod", "k3x9qa")
    assert store.count(prefix) == (1000, NOW)
    assert requests == [prefix]


def test_what_is_put_is_read_until_it_is_deleted(store: HeldStore) -> None:
    store.write(key(1), b"one\n")
    assert store.read(key(1)) == b"one\n"
    store.write(key(1), b"other\n")
    assert store.read(key(1)) == b"other\n"
    store.delete(key(1))
    store.delete(key(1))
    assert store.read(key(1)) is None


def test_keys_come_in_the_order_in_which_webhooks_came_over_all_pages(store: HeldStore) -> None:
    for number in reversed(range(1100)):
        store.write(key(number), b"x")
    store.write(key(0, "c43"), b"x")
    prefix = held.prefix("c42", "prod", "k3x9qa")
    assert list(store.keys(prefix)) == [key(number) for number in range(1100)]
    assert store.count(prefix) == (MAX_COUNTED + 1, NOW)
    store.delete_keys(list(store.keys(prefix)))
    assert list(store.keys(prefix)) == []
    assert list(store.keys(held.HELD)) == [key(0, "c43")]
    assert store.count(prefix) == (0, None)


def test_what_was_written_comes_with_its_time_after_any_key_over_all_pages(store: HeldStore) -> None:
    begun = datetime.now(UTC) - timedelta(seconds=1)  # S3 says whole seconds
    for number in range(1005):
        store.write(key(number), b"x")
    found = list(store.changes(held.prefix("c42", "prod", "k3x9qa"), key(2)))
    assert [name for name, _ in found] == [key(number) for number in range(3, 1005)]
    assert all(begun <= at <= datetime.now(UTC) for _, at in found)


def test_a_copy_is_what_was_copied(store: HeldStore) -> None:
    store.write(key(1), b"x")
    store.copy(key(1), held.released_key(key(1)))
    assert store.read(held.released_key(key(1))) == b"x"


def test_a_bucket_that_is_not_there_is_an_oserror(bus: Any) -> None:
    nowhere = HeldStore(bus.client("s3", PARTNER, REGION), "nowhere")
    for call in (
        lambda: nowhere.write(key(1), b""),
        lambda: list(nowhere.keys("held/")),
        lambda: nowhere.copy(key(1), key(2)),
        lambda: nowhere.delete(key(1)),
        lambda: nowhere.delete_keys([key(1)]),
        lambda: nowhere.read(key(1)),
    ):
        with pytest.raises(OSError, match="held entries"):
            call()
