"""What becomes of an entry follows from what somebody wants and what AWS says."""

from dataclasses import replace

import pytest

from relay.destinations.model import (
    CUSTOMER,
    NAME,
    Disposition,
    Holding,
    SourceState,
    SourceStatus,
    Status,
    is_subscribed,
)
from tests.unit.destinations.destinations import ACTIVE, NOW, destination


@pytest.mark.parametrize(
    ("state", "holding"),
    [
        (ACTIVE, None),
        (SourceState(), Holding.SOURCE_PENDING),
        (SourceState(SourceStatus.PENDING), Holding.SOURCE_PENDING),
        (SourceState(SourceStatus.MISSING), Holding.SOURCE_MISSING),
        (replace(ACTIVE, settling_since=NOW), Holding.SETTLING),
        (replace(ACTIVE, refused_at=NOW), Holding.REFUSED),
    ],
)
def test_an_enabled_destination_holds_until_somebody_can_receive(state: SourceState, holding: Holding | None) -> None:
    assert destination(state).holding is holding
    assert destination(state).disposition(hold=True) is (Disposition.HOLD if holding else Disposition.PUT)


def test_a_paused_destination_holds_although_its_source_is_active() -> None:
    paused = destination(status=Status.PAUSED)
    assert (paused.holding, paused.disposition(hold=True)) == (Holding.PAUSED, Disposition.HOLD)


@pytest.mark.parametrize("state", [ACTIVE, SourceState()])
def test_a_disabled_destination_gets_nothing(state: SourceState) -> None:
    assert destination(state, status=Status.DISABLED).disposition(hold=True) is Disposition.DISABLED
    assert destination(state, status=Status.DISABLED).disposition(hold=False) is Disposition.DISABLED


def test_without_holding_entries_are_put_whoever_listens_unless_it_is_paused() -> None:
    assert destination(SourceState()).disposition(hold=False) is Disposition.PUT
    assert destination(status=Status.PAUSED).disposition(hold=False) is Disposition.DISABLED


@pytest.mark.parametrize(
    ("patterns", "detail_type", "wanted"),
    [
        (("*",), "anything", True),
        (("order.*",), "order.created", True),
        (("order.*",), "orders", False),
        (("order.*",), "order.", True),
        (("order",), "order.created", False),
        (("invoice.paid", "order.*"), "invoice.paid", True),
        ((), "order.created", False),
        (("order.*",), "Order.created", False),
    ],
)
def test_a_destination_wants_the_detail_types_it_names(
    patterns: tuple[str, ...], detail_type: str, wanted: bool
) -> None:
    assert is_subscribed(patterns, detail_type) is wanted
    assert destination(detail_types=patterns).wants(detail_type) is wanted


@pytest.mark.parametrize("text", [".", "..", "", "a/b", "a b", "-a", "_a", "é", "a" * 65, "a\n", "a#b"])
def test_what_could_be_a_path_or_another_key_is_no_customer(text: str) -> None:
    assert not CUSTOMER.fullmatch(text)


@pytest.mark.parametrize("text", [".", "a.b", "", "a/b", "-a", "a" * 33, "a\n"])
def test_what_could_be_a_path_is_no_name(text: str) -> None:
    assert not NAME.fullmatch(text)


def test_the_etag_changes_with_the_configuration_and_not_with_a_look() -> None:
    before = destination(SourceState())
    assert before.etag == replace(before, state=ACTIVE).etag
    assert before.etag != replace(before, version=2).etag
    assert before.etag != replace(before, id="zzzzzz").etag
