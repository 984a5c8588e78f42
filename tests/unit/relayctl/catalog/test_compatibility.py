"""What breaks a consumer of events is named, and what does not is not."""

from datetime import date
from typing import Any

import pytest

from relay.catalog.event_type import EventType
from relayctl.catalog.compatibility import breaking_changes
from relayctl.catalog.subschema import Comparison

TODAY = date(2026, 11, 22)


def detail(**properties: Any) -> dict[str, Any]:
    """Return the schema of an object that always has these properties."""
    return {"type": "object", "properties": properties, "required": sorted(properties)}


TEXT, NUMBER, INTEGER = {"type": "string"}, {"type": "number"}, {"type": "integer"}
STATUS = {"type": "string", "enum": ["open", "paid"]}
ITEMS = {"type": "array", "items": detail(sku=TEXT)}
TREE = {"$ref": "#/$defs/tree"}


def tree(value: Any) -> dict[str, Any]:
    return detail(root=TREE) | {"$defs": {"tree": detail(value=value, children={"type": "array", "items": TREE})}}


BREAKING = [
    (detail(total=TEXT), detail(), ["detail.total: was removed"]),
    (
        detail(total=TEXT),
        {**detail(total=TEXT), "required": []},
        ["detail.total: is not always there any more"],
    ),
    (detail(total=TEXT), detail(total=NUMBER), ["detail.total: can be number, was string"]),
    (detail(total=TEXT), detail(total={"type": ["string", "null"]}), ["detail.total: can be null, was string"]),
    (detail(total=INTEGER), detail(total=NUMBER), ["detail.total: can be number, was integer"]),
    (detail(total=TEXT), detail(total={}), ["detail.total: can be anything, was string"]),
    (
        detail(total=TEXT),
        detail(total={"anyOf": [TEXT, detail(amount=TEXT)]}),
        ["detail.total: can be object, was string"],
    ),
    (detail(status=STATUS), detail(status=TEXT), ['detail.status: can be another value than "open", "paid"']),
    (
        detail(status=STATUS),
        detail(status={"enum": ["open", "paid", "refunded"]}),
        ['detail.status: can be "refunded"'],
    ),
    (detail(ok={"const": True}), detail(ok={"type": "boolean"}), ["detail.ok: can be false"]),
    (detail(items=ITEMS), detail(items={"type": "array"}), ["detail.items[]: can be anything, was object"]),
    (
        detail(items=ITEMS),
        detail(items={"type": "array", "items": detail()}),
        ["detail.items[].sku: was removed"],
    ),
    (detail(n={"type": "integer", "minimum": 1}), detail(n=INTEGER), ["detail.n: minimum was 1, is not limited"]),
    (
        detail(n={"type": "string", "maxLength": 3}),
        detail(n={"type": "string", "maxLength": 4}),
        ["detail.n: maxLength was 3, is 4"],
    ),
    (
        detail(at={"type": "string", "format": "date-time"}),
        detail(at=TEXT),
        ['detail.at: format "date-time" is not promised any more'],
    ),
    (
        {**detail(a=TEXT), "additionalProperties": False},
        {**detail(a=TEXT, b=TEXT), "additionalProperties": False},
        ["detail.b: is new, where no other property was allowed"],
    ),
    (
        {**detail(), "additionalProperties": False},
        detail(),
        ["detail: can have other properties"],
    ),
    (
        {**detail(), "additionalProperties": TEXT},
        {**detail(), "additionalProperties": NUMBER},
        ["detail.*: can be number, was string"],
    ),
    (tree(TEXT), tree(NUMBER), ["detail.root.value: can be number, was string"]),
    (
        detail(a={"not": TEXT}),
        detail(a={"not": NUMBER}),
        ["detail.a: not has changed, which cannot be compared here: look at it yourself"],
    ),
    (
        detail(a=TEXT, b=detail(c=TEXT)),
        detail(a=NUMBER, b=detail(c=NUMBER)),
        ["detail.a: can be number, was string", "detail.b.c: can be number, was string"],
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), BREAKING)
def test_a_change_that_breaks_consumers_is_named(old: dict[str, Any], new: dict[str, Any], expected: list[str]) -> None:
    assert [f"{where}: {what}" for where, what in Comparison(old, new).changes()] == expected


HARMLESS = [
    (detail(a=TEXT), detail(a=TEXT, b=NUMBER)),
    ({**detail(a=TEXT), "required": []}, detail(a=TEXT)),
    ({**detail(a=TEXT), "required": []}, detail()),
    (detail(a={"type": ["string", "null"]}), detail(a=TEXT)),
    (detail(a=NUMBER), detail(a=INTEGER)),
    (detail(a=TEXT), detail(a=STATUS)),
    (detail(a={"enum": ["x", 1]}), detail(a={"const": 1})),
    (detail(a=TEXT), detail(a={**TEXT, "description": "Why.", "minLength": 1, "pattern": "^x"})),
    (detail(a={}), detail(a=TEXT)),
    ({**detail(), "additionalProperties": TEXT}, {**detail(a=TEXT), "additionalProperties": False}),
    (detail(a={"anyOf": [NUMBER, TEXT]}), detail(a={"type": ["string", "integer"]})),
    (tree(TEXT), tree({"type": "string", "maxLength": 3})),
    (detail(a={"not": TEXT}), detail(a={"not": TEXT, "type": "integer"})),
]


@pytest.mark.parametrize(("old", "new"), HARMLESS)
def test_a_change_that_breaks_nobody_is_not_named(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert list(Comparison(old, new).changes()) == []


@pytest.mark.parametrize("reference", ["#/$defs/nowhere", "https://example.com/schema", "#anchor", "#"])
def test_a_reference_that_cannot_be_followed_is_refused(reference: str) -> None:
    schema = {"$ref": reference}
    with pytest.raises(ValueError, match=r"leads nowhere|not inside|refers to itself"):
        list(Comparison(schema, schema).changes())


def event_type(name: str, deprecated: date | None = None) -> EventType:
    return EventType(name, "", date(2026, 1, 1), deprecated, {}, detail())


def test_a_removed_event_type_breaks_unless_it_was_deprecated_by_then() -> None:
    old = [
        event_type("a"),
        event_type("b", date(2026, 11, 23)),
        event_type("c", TODAY),
        event_type("d"),
    ]
    changes = list(breaking_changes(old, [event_type("d"), event_type("e")], TODAY))
    assert [(each.detail_type, str(each)) for each in changes] == [
        ("a", "was removed, and was not deprecated before"),
        ("b", "was removed, and was not deprecated before"),
    ]
