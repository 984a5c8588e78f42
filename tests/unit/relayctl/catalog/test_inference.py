"""What is inferred from details, what people have written stays, and nothing grows with the number of details."""

from typing import Any

import pytest

from relayctl.catalog import inference
from relayctl.catalog.inference import Inference


def infer(*samples: dict[str, Any], schema: dict[str, Any] | None = None) -> Inference:
    inferred = Inference(schema)
    for sample in samples:
        inferred.add(sample)
    return inferred


def test_what_is_in_every_detail_is_required_and_types_are_united() -> None:
    schema = infer({"a": 1, "b": "x", "c": [1]}, {"a": 0.5, "b": None, "d": True, "c": [None]}).schema()
    assert schema == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "a": {"type": "number"},
            "b": {"type": ["null", "string"]},
            "c": {"type": "array", "items": {"type": ["integer", "null"]}},
            "d": {"type": "boolean"},
        },
        "required": ["a", "b", "c"],
    }


def test_the_sample_is_the_most_complete_detail_that_people_can_read() -> None:
    complete = {"a": 1, "b": {"c": [1, 2]}}
    assert infer({"a": 1}, complete, {"a": 2}, {"a": list(range(5000))}).sample == complete
    huge = {"a": list(range(5000))}
    assert infer(huge).sample == huge


def test_what_people_have_added_to_a_schema_stays_when_it_is_extended() -> None:
    total = {"type": "string", "description": "In euros.", "pattern": "^[0-9.]+$"}
    written = {
        "title": "An order",
        "type": "object",
        "properties": {"total": total},
        "required": ["total"],
        "additionalProperties": False,
    }
    inferred = infer({"total": "1.00", "note": "x"}, {"note": None}, schema=written)
    assert inferred.misfits == []
    assert inferred.schema() == {
        "title": "An order",
        "type": "object",
        "properties": {"total": total, "note": {"type": ["null", "string"]}},
        "additionalProperties": False,
    }


def test_a_detail_that_does_not_fit_what_people_have_written_is_named() -> None:
    written = {"type": "object", "properties": {"status": {"type": "string", "enum": ["open", "paid"]}}, "required": []}
    assert infer({"status": "paid"}, {"status": "lost"}, {"status": "x"}, schema=written).misfits == [
        "$.status: 'lost' is not one of ['open', 'paid']"
    ]


def test_a_schema_that_cannot_be_extended_is_left_as_it_is() -> None:
    written = {"allOf": [{"$ref": "#/$defs/a"}], "anyOf": [{"type": "object", "title": "x"}], "$defs": {"a": {}}}
    inferred = infer({"a": 1}, schema=written)
    assert (inferred.is_fixed, inferred.schema(), inferred.misfits) == (True, written, [])


def test_an_object_with_many_names_is_taken_for_a_map() -> None:
    details = [{"id": "x", "by_sku": {f"SKU-{number}": {"n": number}}} for number in range(300)]
    assert infer(*details).schema()["properties"] == {
        "id": {"type": "string"},
        "by_sku": {
            "type": "object",
            "additionalProperties": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
        },
    }


def test_ten_times_the_details_take_no_more_memory() -> None:
    def properties(count: int) -> int:
        return len(str(infer(*({f"name-{number}": number} for number in range(count))).schema()))

    assert properties(3000) <= properties(300)


def test_what_is_nested_too_deeply_is_refused() -> None:
    detail: dict[str, Any] = {}
    for _ in range(inference.MAX_DEPTH):
        detail = {"a": detail}
    with pytest.raises(ValueError, match="nested more than 64 levels deep"):
        infer(detail)
