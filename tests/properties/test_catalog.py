"""The catalog's promises, for whatever details and schemas there are."""

import json
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relay.catalog import loader
from relay.catalog.event_type import EventType
from relayctl.catalog import inference, validation, writing
from relayctl.catalog.inference import Inference
from relayctl.catalog.placeholders import replace_values
from relayctl.catalog.subschema import Comparison

names = st.sampled_from(["a", "b", "c", "d", "e"])
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([0.5, 1.0]), st.sampled_from(["", "x"])
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4), max_leaves=8
)
details = st.dictionaries(names, values, max_size=5)
many = st.lists(details, min_size=1, max_size=6)

texts = st.text(st.characters(exclude_categories=()), max_size=12) | st.text("'\\\"\n\x7f", max_size=8)
any_json: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), texts),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
any_details = st.dictionaries(texts, any_json, max_size=4)


def infer(samples: list[dict[str, Any]], schema: dict[str, Any] | None = None) -> Inference:
    inferred = Inference(schema)
    for sample in samples:
        inferred.add(sample)
    return inferred


@given(many)
def test_every_detail_fits_the_schema_that_was_inferred_from_it(samples: list[dict[str, Any]]) -> None:
    schema = infer(samples).schema()
    assert validation.schema_mistake(schema) is None
    assert [validation.mistakes(sample, schema) for sample in samples] == [[]] * len(samples)


@given(many)
@example([{}, {"e": {}}, {"a": {"a": None, "b": None}, "e": {"a": None, "b": False, "c": None}, "b": None}])
def test_every_detail_fits_also_where_objects_are_taken_for_maps(samples: list[dict[str, Any]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inference, "MAX_PROPERTIES", 2)
        schema = infer(samples).schema()
    assert [validation.mistakes(sample, schema) for sample in samples] == [[]] * len(samples)


@given(many, many)
def test_an_inference_that_goes_on_forgets_nothing(first: list[dict[str, Any]], later: list[dict[str, Any]]) -> None:
    inferred = infer(later, infer(first).schema())
    assert not inferred.is_fixed
    assert inferred.misfits == []
    assert ordered(inferred.schema()) == ordered(infer(first + later).schema())


def ordered(schema: Any) -> Any:
    """Return a schema in which alternatives and properties have an order of their own."""
    if isinstance(schema, dict):
        return {name: ordered(schema[name]) for name in sorted(schema)}
    return sorted(map(ordered, schema), key=json.dumps) if isinstance(schema, list) else schema


@given(many)
def test_placeholders_fit_the_schema_of_what_they_stand_for(samples: list[dict[str, Any]]) -> None:
    inferred = infer(samples)
    assert inferred.sample is not None
    assert validation.fits(replace_values(inferred.sample, ()), inferred.schema())


@given(texts.filter(lambda text: 1 <= len(text) <= 128 and text.isprintable()), any_details, texts)
def test_what_is_written_is_what_is_read(detail_type: str, sample: dict[str, Any], description: str) -> None:
    description = description.encode("utf-8", "replace").decode().strip()
    event_type = EventType(detail_type, description, date(2026, 11, 22), None, sample, infer([sample]).schema())
    with TemporaryDirectory() as folder:
        path = Path(folder) / writing.file_name(detail_type, ())
        path.write_text(writing.text_of(event_type, path.stem), "utf-8")
        assert loader.load(Path(folder)) == (event_type,)
        writing.replace_schema(path, {"type": "object"})
        [other] = loader.load(Path(folder))
        assert (other.sample, other.schema) == (event_type.sample, {"type": "object"})


types = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
strings = st.sampled_from(["x", "xx", "2026-11-22"])


def of_properties(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.fixed_dictionaries({"a": inner, "b": inner})},
        optional={
            "required": st.lists(st.sampled_from(["a", "b"]), unique=True),
            "additionalProperties": st.booleans() | inner,
        },
    )


leaves = st.one_of(
    st.just({}),
    st.booleans(),
    st.fixed_dictionaries({"type": types | st.lists(types, min_size=1, max_size=3, unique=True)}),
    st.fixed_dictionaries({"enum": st.lists(scalars | strings, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"const": scalars}),
    st.fixed_dictionaries({"type": st.just(["string", "null"]), "enum": st.lists(strings | st.none(), min_size=1)}),
    st.fixed_dictionaries({"type": st.sampled_from(["integer", "number"]), "minimum": st.integers(-2, 2)}),
    st.fixed_dictionaries({"type": st.just("string"), "maxLength": st.integers(0, 2)}),
    st.just({"$ref": "#/$defs/shared"}),
    st.just({"not": {"type": "string"}}),
    st.just({"type": "string", "pattern": "^x$"}),
)
inner_schemas: st.SearchStrategy[Any] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        of_properties(inner),
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2), "type": types}),
    ),
    max_leaves=5,
)
schemas = st.builds(lambda root, shared: {**root, "$defs": {"shared": shared}}, of_properties(inner_schemas), leaves)
instances = st.dictionaries(st.sampled_from(["a", "b", "c"]), values | strings, max_size=3)


def is_circular(schema: dict[str, Any]) -> bool:
    return bool(schema["$defs"]["shared"] == {"$ref": "#/$defs/shared"})


whole = schemas.filter(lambda schema: not is_circular(schema))


@given(whole)
def test_no_schema_breaks_itself(schema: dict[str, Any]) -> None:
    assert list(Comparison(schema, json.loads(json.dumps(schema))).changes()) == []


@given(many)
def test_no_inferred_schema_breaks_itself(samples: list[dict[str, Any]]) -> None:
    schema = infer(samples).schema()
    assert list(Comparison(schema, schema).changes()) == []


@given(whole, whole, st.lists(instances, min_size=5, max_size=5))
def test_where_nothing_breaks_the_old_schema_allows_all_that_the_new_one_does(
    old: dict[str, Any], new: dict[str, Any], some: list[dict[str, Any]]
) -> None:
    if not list(Comparison(old, new).changes()):
        assert [each for each in some if validation.fits(each, new) and not validation.fits(each, old)] == []


@given(many, many)
def test_new_traffic_that_does_not_fit_the_old_schema_is_a_breaking_change(
    first: list[dict[str, Any]], later: list[dict[str, Any]]
) -> None:
    old = infer(first).schema()
    new = infer(later, old).schema()
    is_broken = not all(validation.fits(each, old) for each in later)
    assert bool(list(Comparison(old, new).changes())) is is_broken
