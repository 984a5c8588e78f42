"""Infer what an event type looks like from many details, in memory that does not grow with their number."""

from collections.abc import Iterator, Mapping
from typing import Any

from genson import SchemaBuilder
from genson.schema.node import SchemaNode
from genson.schema.strategies import Object

from relayctl.catalog import validation

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAX_PROPERTIES = 200
"""An object with more names than these is taken for a map: what is not in all of them is described as one."""
MAX_DEPTH = 64
MAX_SAMPLE_VALUES = 1000
"""A sample is for people: a larger detail becomes one only if there is none yet."""

Detail = Mapping[str, Any]


class _BoundedObject(Object):  # type: ignore[misc]  # GenSON has no types
    """An object with a bounded number of properties, and whose `required` means what JSON Schema says."""

    KEYWORDS = (*Object.KEYWORDS, "additionalProperties")

    def __init__(self, node_class: type[SchemaNode]) -> None:
        super().__init__(node_class)
        self._others: SchemaNode | None = None
        self._is_closed = False

    def add_schema(self, schema: dict[str, Any]) -> None:
        """Merge a schema. GenSON would take properties for required where nothing is said of them."""
        is_first, was_map = self._required is None, self._others is not None
        before, given = set(self._properties), set(schema.get("properties", ()))
        super().add_schema({"required": [], **schema})
        self._include_empty_required = schema.get("required") == []
        others = schema.get("additionalProperties", True)
        self._is_closed = others is False
        if isinstance(others, dict):
            self._others = self._others or self.node_class()
            self._others.add_schema(others)
            if not is_first:
                self._move_to_map(before - given)
        if was_map:
            self._move_to_map(given - before)

    def add_object(self, obj: Detail) -> None:
        """Learn from an object."""
        if self._others is None:
            super().add_object(obj)
            if len(self._properties) > MAX_PROPERTIES:
                self._take_for_a_map()
            return
        super().add_object({name: value for name, value in obj.items() if name in self._properties})
        for name, value in obj.items():
            if name not in self._properties:
                self._others.add_object(value)

    def _take_for_a_map(self) -> None:
        self._move_to_map({name for name in self._properties if name not in self._required})

    def _move_to_map(self, names: set[str]) -> None:
        """Describe properties as the values of a map, whose values may have had these names."""
        others = self._others = self._others or self.node_class()
        for name in sorted(names):
            others.add_schema(self._properties.pop(name))

    def to_schema(self) -> dict[str, Any]:
        """Return the schema."""
        schema: dict[str, Any] = super().to_schema()
        if self._others is not None:
            schema["additionalProperties"] = self._others.to_schema()
        elif self._is_closed:
            schema["additionalProperties"] = False
        return schema


class _Builder(SchemaBuilder):  # type: ignore[misc]  # likewise
    EXTRA_STRATEGIES = (_BoundedObject,)


class Inference:
    """What is known of one event type: the most complete detail so far, and the schema that every detail fits.

    It goes on from a `schema` that exists, and keeps what people have added to that: descriptions, formats, enums.
    A schema that is written in a way that cannot be extended is left as it is (`is_fixed`).
    """

    def __init__(self, schema: Mapping[str, Any] | None = None) -> None:
        self.sample: Detail | None = None
        self.count = 0
        self.misfits: list[str] = []
        self._given = schema
        self._builder = _Builder(schema_uri=DIALECT if schema is None else schema.get("$schema", False))
        if schema is not None:
            self._builder.add_schema(dict(schema))
        self.is_fixed = schema is not None and self._builder.to_schema() != schema
        self._values = 0

    def add(self, detail: Detail) -> None:
        """Learn from a detail. Raise ValueError if it is nested too deeply to be described."""
        values = sum(1 for _ in _values(detail))
        self.count += 1
        if self.sample is None or self._values < values <= MAX_SAMPLE_VALUES:
            self.sample, self._values = detail, values
        if not self.is_fixed:
            self._builder.add_object(detail)
        if self._given is not None and not validation.fits(detail, self._given):
            self._given = self.schema()
            self.misfits = self.misfits or validation.mistakes(detail, self._given)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema that every detail so far fits, unless there are misfits."""
        if self.is_fixed and self._given is not None:
            return dict(self._given)
        schema: dict[str, Any] = self._builder.to_schema()
        return schema


def _values(value: Any) -> Iterator[Any]:
    """Yield the names and values inside a value. Raise ValueError if it is too deep."""
    waiting = [(value, 1)]
    while waiting:
        inner, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise ValueError(f"nested more than {MAX_DEPTH} levels deep")
        yield inner
        children = inner.values() if isinstance(inner, dict) else inner if isinstance(inner, list) else ()
        waiting.extend((child, depth + 1) for child in children)
