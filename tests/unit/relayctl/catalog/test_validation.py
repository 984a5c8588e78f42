"""A schema is judged by itself alone: nothing is fetched for it."""

import pytest

from relayctl.catalog import validation


def test_everything_that_does_not_fit_is_named_with_its_place() -> None:
    schema = {"type": "object", "properties": {"a": {"items": {"type": "string"}}}, "required": ["b"]}
    assert validation.mistakes({"a": ["x", 1]}, schema) == [
        "$.a[1]: 1 is not of type 'string'",
        "$: 'b' is a required property",
    ]


@pytest.mark.parametrize("place", ["https://acme.example/schema.json", "/$defs/nowhere"])
def test_a_reference_out_of_the_schema_is_not_followed(place: str) -> None:
    reference = f"#{place}" if place.startswith("/") else place
    assert validation.mistakes({}, {"$ref": reference}) == [f"the schema refers to {place}, which is not in it"]


@pytest.mark.parametrize("schema", [{"type": "objct"}, {"required": "a"}, {"properties": {"a": 1}}])
def test_what_is_no_schema_is_named(schema: dict[str, object]) -> None:
    assert str(validation.schema_mistake(schema)).startswith("$.")


def test_a_schema_is_read_by_the_dialect_that_it_names() -> None:
    tuples = {"$schema": "http://json-schema.org/draft-04/schema#", "items": [{"type": "string"}]}
    assert validation.schema_mistake(tuples) is None
    assert not validation.fits([1], tuples)
