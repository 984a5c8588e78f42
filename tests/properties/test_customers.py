"""Whatever a webhook names and whatever is down: each entry of a 202 is somewhere, and with its own customer only."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay import config as relay_toml
from relay.delivery.undelivered import NotSent, Queue, Queued, StorageError, Unsent
from relay.destinations.model import Destination, SourceState, SourceStatus, Status
from relay.destinations.registry import Registry
from relay.entry import Accepted
from relay.errors import Unavailable
from tests.conftest import NOW
from tests.unit.destinations.destinations import ACTIVE
from tests.unit.pipeline.customers_world import TOML, World, deliver, event, prod, webhook

CONFIG = relay_toml.parse(TOML, "relay.toml")
CUSTOMERS = ["c1", "c2", "c3"]
STATES = st.builds(
    SourceState,
    source_status=st.sampled_from(SourceStatus),
    settling_since=st.sampled_from([None, NOW]),
    refused_at=st.sampled_from([None, NOW]),
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Return a world with some destinations, some of whose sources are refused, and in which some parts are down."""
    destinations = [
        prod(
            customer,
            name,
            draw(st.one_of(st.just(ACTIVE), STATES)),
            status=draw(st.sampled_from(Status)),
            detail_types=draw(st.sampled_from([("*",), ("a",), ("a*", "b")])),
        )
        for customer in CUSTOMERS
        for name in draw(st.sets(st.sampled_from(["one", "two"])))
    ]
    world = World(*destinations)
    for each in destinations:
        if code := draw(
            st.sampled_from(["", "", "NotAuthorizedForSourceException", "InternalFailure", "InvalidArgument"])
        ):
            world.refused[each.source] = code
    world.down |= draw(st.sets(st.sampled_from(["bucket", *Queue]), max_size=3))
    return world


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    world=worlds(),
    events=st.lists(st.tuples(st.sampled_from([*CUSTOMERS, None]), st.sampled_from(["a", "ab", "b", "c"])), max_size=8),
    seconds=st.sampled_from([23, 29]),
    delivery=st.sampled_from(["direct", "queued"]),
)
def test_each_entry_of_a_202_is_in_one_place_and_with_its_own_customer(
    world: World, events: list[tuple[str | None, str]], seconds: float, delivery: str
) -> None:
    sent = [event(customer, detail_type, number=number) for number, (customer, detail_type) in enumerate(events)]
    route = replace(CONFIG.routes[0], retry_for=0, delivery=delivery)
    config = replace(CONFIG, routes=(route,))
    try:
        results = deliver(webhook(config, *sent), world.services(config), lambda: seconds)
    except StorageError:
        return  # 503: the sender has it
    expected: Counter[tuple[str, int]] = Counter()
    for number, (customer, detail_type) in enumerate(events):
        wanting = [each for each in world.destinations if each.customer == customer and each.wants(detail_type)]
        expected.update((each.source, number) for each in wanting if each.status is not Status.DISABLED)
    kept = [message for messages in world.held.values() for message in messages]
    queued = [message for messages in world.queues.values() for message in messages]
    entries = [*world.put, *(message.content for message in (*kept, *queued))]
    found = Counter((entry.source, json.loads(entry.detail)["number"]) for entry in entries)  # type: ignore[union-attr]
    assert found == expected
    for message in (*kept, *queued):
        assert message.destination
        assert json.loads(message.content.detail)["customer"] == message.destination.customer  # type: ignore[union-attr]
    for entry in world.put:
        assert f"/{json.loads(entry.detail)['customer']}/" in entry.source
    kinds = Counter(result.why if isinstance(result, NotSent) else type(result) for result in results)
    assert (kinds[Accepted], kinds[Unsent.HELD], kinds[Queued]) == (len(world.put), len(kept), len(queued))
    assert set(kinds) <= {Accepted, Queued, *Unsent}


def registry(world: World, clock: Callable[[], float], *, is_down: Callable[[], bool]) -> Registry:
    def query(customer: str) -> list[Destination]:
        if is_down():
            raise OSError("down")
        return [each for each in world.destinations if each.customer == customer]

    return Registry(query, 30, clock)


def test_a_warm_function_that_had_seen_no_destination_delivers_a_second_after_the_customer_has_connected() -> None:
    now = 1000.0
    world = World()
    found = registry(world, lambda: now, is_down=lambda: False)
    services = world.services(CONFIG)
    assert services.destinations
    services = replace(services, destinations=services.destinations._replace(find=found.destinations))
    assert deliver(webhook(CONFIG, event()), services, lambda: 29) == [NotSent(Unsent.UNSUBSCRIBED)]
    world.destinations.append(prod())
    now += 1
    (result,) = deliver(webhook(CONFIG, event()), services, lambda: 29)
    assert isinstance(result, Accepted)


def test_with_the_registry_down_known_customers_go_on_for_ten_minutes_and_unknown_ones_are_answered_503() -> None:
    now, is_down = 1000.0, False
    world = World(prod())
    found = registry(world, lambda: now, is_down=lambda: is_down)
    assert found.destinations("c42")
    assert found.destinations("c99") == ()
    is_down, now = True, now + 599
    assert found.destinations("c42")
    for customer in ("c99", "c98"):
        with pytest.raises(Unavailable):
            found.destinations(customer)
    now += 1
    with pytest.raises(Unavailable):
        found.destinations("c42")
