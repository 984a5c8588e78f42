"""Entries are put in as few requests as the limits allow, and each one is accounted for."""

from collections.abc import Sequence
from dataclasses import replace

from relay.config import Config
from relay.delivery import deliver
from relay.entry import Accepted, Entry, Failed, Outcome
from tests.conftest import NOW, RELAY_TOML, Load

ENTRY = Entry(NOW, "aws.partner/acme.example/c42/orders", (), "order.created", "{}", "us-east-1")


def numbered(count: int) -> list[Entry]:
    return [replace(ENTRY, detail_type=str(number)) for number in range(count)]


class Bus:
    """Accepts everything but the detail-types it is told to refuse, and remembers the requests."""

    def __init__(self, *refused: str) -> None:
        self.requests: list[tuple[str, list[str]]] = []
        self._refused = refused

    def __call__(self, region: str, entries: Sequence[Entry]) -> Sequence[Outcome]:
        self.requests.append((region, [entry.detail_type for entry in entries]))
        return [
            Failed("InternalFailure", "") if entry.detail_type in self._refused else Accepted(f"id-{entry.detail_type}")
            for entry in entries
        ]


def test_forty_five_entries_are_three_requests_in_order(load: Load) -> None:
    bus = Bus("7", "30")
    outcomes = deliver(numbered(45), load(RELAY_TOML), bus)
    assert [len(entries) for _, entries in bus.requests] == [20, 20, 5]
    assert [number for _, entries in bus.requests for number in entries] == [str(n) for n in range(45)]
    assert [n for n, outcome in enumerate(outcomes) if outcome == Failed("InternalFailure", "")] == [7, 30]
    assert outcomes[44] == Accepted("id-44")


def test_what_would_be_refused_is_not_sent_and_keeps_its_place(load: Load) -> None:
    bus = Bus()
    entries = [ENTRY, replace(ENTRY, detail_type="x" * 129), ENTRY]
    outcomes = deliver(entries, load(RELAY_TOML), bus)
    assert [len(sent) for _, sent in bus.requests] == [2]
    assert isinstance(outcomes[1], Failed)
    assert isinstance(outcomes[0], Accepted)
    assert isinstance(outcomes[2], Accepted)


def test_an_entry_over_the_request_limit_travels_alone(load: Load) -> None:
    config: Config = load("max_request_bytes = 300\n" + RELAY_TOML)
    large = replace(ENTRY, detail_type="large", detail='{"x":"' + "x" * 400 + '"}')
    bus = Bus()
    deliver([ENTRY, ENTRY, large, ENTRY], config, bus)
    assert [entries for _, entries in bus.requests] == [["order.created"] * 2, ["large"], ["order.created"]]


def test_each_region_has_its_own_requests(load: Load) -> None:
    bus = Bus()
    entries = [replace(entry, region="eu-west-1") if int(entry.detail_type) % 2 else entry for entry in numbered(4)]
    outcomes = deliver(entries, load(RELAY_TOML), bus)
    assert bus.requests == [("us-east-1", ["0", "2"]), ("eu-west-1", ["1", "3"])]
    assert outcomes == [Accepted(f"id-{n}") for n in range(4)]


def test_no_entries_are_no_requests(load: Load) -> None:
    bus = Bus()
    assert deliver([], load(RELAY_TOML), bus) == []
    assert bus.requests == []
