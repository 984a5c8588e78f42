"""What an edit of relay.toml changes, told from real webhooks."""

from collections.abc import Sequence
from typing import Any

import pytest

from relay.config.model import Config
from relayctl import difference
from relayctl.difference import DEAD_LETTER, FEWER, FIELDS, MENDED, MORE, OTHERS, Difference
from tests.conftest import Load
from tests.unit.archive.archived import archived
from tests.unit.pipeline.customers_world import TOML, event

DETAIL, FILTERED = 'detail = "${item}"', 'detail = "${item}", when = "${item.paid}"'


def compare(before: Config, after: Config, *bodies: Any) -> Difference:
    """Return the difference for webhooks with these events."""
    webhooks = (archived(before, {"events": body}, number) for number, body in enumerate(bodies))
    return difference.compare(webhooks, before, after)


def changes(found: Difference) -> list[tuple[str, str | None, str | None, int]]:
    """Return the rows without samples."""
    return [(row["change"], row["detail-type"], row["fields"], row["count"]) for row in found.rows()]


def test_an_edit_that_maps_alike_changes_nothing(load: Load) -> None:
    found = compare(load(TOML), load(TOML.replace('path = "/orders"', 'path = "/orders"\ndedupe = true')), [event()])
    assert (found.rows(), found.webhooks, found.unchanged) == ([], 1, 1)


def test_changed_fields_are_named_with_their_place_in_the_detail(load: Load) -> None:
    after = TOML.replace("${item.type}", "v2.${item.type}")
    after = after.replace('"${item}"', '"${ {id: item.id, lines: item.lines[].{sku: sku}} }"')
    found = compare(load(TOML), load(after), [event(id=1, lines=[{"sku": "a", "price": 2}])])
    assert changes(found) == [
        (FIELDS, "order.created", "detail-type, detail.customer, detail.lines[].price, detail.type", 1)
    ]
    [sample] = found.rows()[0]["samples"]
    assert (sample["webhook_id"], sample["index"], sample["after"]["detail-type"]) == ("msg_0", 0, "v2.order.created")
    assert sample["before"]["detail"]["lines"] == [{"sku": "a", "price": 2}]


@pytest.mark.parametrize(
    ("old", "new", "events", "expected"),
    [
        ("${item.type}", "${item.kind}", [event()], (DEAD_LETTER, "order.created", None, 1)),
        ("${item.type}", "${item.kind || item.type}", [event(kind="k")], (FIELDS, "order.created", "detail-type", 1)),
        (DETAIL, FILTERED, [event(paid=False)], (FEWER, "order.created", None, 1)),
    ],
)
def test_each_kind_of_change_has_its_name(
    load: Load, old: str, new: str, events: Sequence[Any], expected: Sequence[Any]
) -> None:
    assert changes(compare(load(TOML), load(TOML.replace(old, new)), events)) == [expected]


def test_the_other_way_round_it_is_mended_or_more(load: Load) -> None:
    bad, filtered = TOML.replace("${item.type}", "${item.kind}"), TOML.replace(DETAIL, FILTERED)
    assert changes(compare(load(bad), load(TOML), [event()])) == [(MENDED, "order.created", None, 1)]
    assert changes(compare(load(filtered), load(TOML), [event(paid=False)])) == [(MORE, "order.created", None, 1)]


def test_new_dead_letters_come_first_and_three_samples_are_kept(load: Load) -> None:
    after = load(TOML.replace("${item.type}", "v2.${item.kind}"))
    bodies = [[event(kind="x")]] * 10 + [[event()]] * 5
    found = compare(load(TOML), after, *bodies)
    assert [(row["change"], row["count"], len(row["samples"])) for row in found.rows()] == [
        (DEAD_LETTER, 5, 3),
        (FIELDS, 10, 3),
    ]


def test_changes_without_end_are_counted_together(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(difference, "MOST_CHANGES", 2)
    after = load(TOML.replace("${item.type}", "v2.${item.type}"))
    found = compare(load(TOML), after, *([event(detail_type=f"t{number}")] for number in range(5)))
    assert [(row["change"], row["count"]) for row in found.rows()] == [(FIELDS, 1), (FIELDS, 1), (OTHERS, 3)]


def test_webhooks_that_are_dead_letters_either_way_have_not_changed(load: Load) -> None:
    bad = TOML.replace("${item.type}", "${item.kind}")
    assert compare(load(bad), load(bad), [event()]).rows() == []
