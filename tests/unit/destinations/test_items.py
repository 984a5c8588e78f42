"""The items of the registry's table are the destinations that were written."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from relay.destinations import items
from relay.destinations.model import Destination, SourceState, SourceStatus, Status
from tests.unit.destinations.destinations import ACTIVE, NOW, destination

# hypothesis wants the limits without a zone
TIMES = st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - see above
STATES = st.builds(
    SourceState,
    source_status=st.sampled_from(SourceStatus),
    source_status_at=TIMES,
    settling_since=TIMES,
    was_active=st.booleans(),
    expires_at=TIMES,
    missing_since=TIMES,
    recreated=st.booleans(),
    refused_at=TIMES,
    refusals=st.integers(0, 1000),
    releasing_at=TIMES,
    emptied_at=TIMES,
    last_delivered_at=TIMES,
    last_error=st.text(),
)
DESTINATIONS = st.builds(
    destination,
    STATES,
    status=st.sampled_from(Status),
    detail_types=st.lists(st.text(min_size=1)).map(tuple),
    description=st.text(),
    metadata=st.dictionaries(st.text(), st.text()),
    deleting=st.booleans(),
    version=st.integers(1),
)


@given(DESTINATIONS)
def test_a_destination_comes_back_as_it_was_written(written: Destination) -> None:
    assert items.destinations([items.state_item(written), items.configuration_item(written)]) == [written]


def test_the_destinations_of_a_query_come_by_name() -> None:
    both = [destination(name="stage", id="bbbbbb"), destination(name="prod", id="aaaaaa")]
    written = [item for one in both for item in (items.configuration_item(one), items.state_item(one))]
    assert [found.name for found in items.destinations(written)] == ["prod", "stage"]


def test_a_status_without_a_configuration_is_no_destination() -> None:
    assert items.destinations([items.state_item(destination())]) == []


def test_what_was_known_of_an_earlier_destination_of_the_name_says_nothing_about_this_one() -> None:
    earlier, now = destination(ACTIVE, id="aaaaaa"), destination(id="bbbbbb")
    [found] = items.destinations([items.configuration_item(now), items.state_item(earlier)])
    assert found.state == SourceState()


def test_one_source_of_a_region_has_one_owner_key() -> None:
    here = destination()
    assert items.owner_item(here)["pk"] == items.owner_item(replace(here, customer="c43", name="x"))["pk"]
    assert items.owner_item(here)["pk"] != items.owner_item(replace(here, aws_region="eu-west-1"))["pk"]


def test_only_what_somebody_waits_for_stands_in_the_sparse_index() -> None:
    assert "attention" not in items.state_item(destination())
    assert "attention" not in items.state_item(destination(SourceState(), status=Status.DISABLED))
    assert items.state_item(destination(SourceState()))["attention"] == {"S": "us-east-1"}
    assert "attention" in items.state_item(destination(replace(ACTIVE, settling_since=NOW)))
    assert "attention" in items.state_item(destination(replace(ACTIVE, releasing_at=NOW)))
    assert "attention" in items.state_item(destination(status=Status.DISABLED, deleting=True))
