"""Read one TOML table by the fields it may have, and collect every mistake, so that all of them are shown at once."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from relay.config.field import (
    DURATION,
    NUMBER,
    SIZE,
    TEMPLATE,
    UNITS,
    Field,
)
from relay.config.line_numbers import Place
from relay.config.suggestions import similar_names
from relay.config.units import format_quantity
from relay.templates.template import Template, TemplateError, compile_template

_TYPES = {str: "text", int: "a whole number", bool: "true or false", dict: "a table", list: "a list"}
_QUANTITIES = {SIZE: "a size", DURATION: "a time", NUMBER: "a whole number"}

INVALID_TEMPLATE = Template("", ())
"""Stands for a required template that is missing or wrong; the mistake has been collected."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A readable sentence, and the place that it is about."""

    sentence: str
    place: Place


class Table:
    """A TOML table, where it stands in the file, and the list that collects the mistakes of the whole file."""

    def __init__(self, data: Mapping[str, Any], mistakes: list[Mistake], where: str = "", place: Place = ()) -> None:
        self._data = data
        self._mistakes = mistakes
        self._where = where
        self._place = place
        self._seen_keys: set[str] = set()
        self._missing: dict[str, Mistake] = {}

    def add_error(self, key: str, message: str) -> None:
        """Collect a mistake at `key`, which may be a path such as `event.source`."""
        self._mistakes.append(Mistake(f"{self._where}{key}: {message}", (*self._place, *key.split("."))))

    def set_defaults(self, defaults: Mapping[str, Any]) -> None:
        """Let `defaults` stand for the keys that are not written, also inside a table that is in both."""
        merged = {**defaults, **self._data}
        for key, default in defaults.items():
            if isinstance(default, dict) and isinstance(merged[key], dict):
                merged[key] = {**default, **merged[key]}
        self._data = merged

    def is_wrong(self, key: str) -> bool:
        """Return whether a mistake has been collected at `key`."""
        return any(mistake.place == (*self._place, key) for mistake in self._mistakes)

    def is_written(self, field: Field) -> bool:
        """Return whether a field that may be left out is there; who misspells it is told its name."""
        self._seen_keys.add(field.name)
        return field.name in self._data

    def explain_missing(self, key: str, more: str) -> None:
        """Add to the mistake that `key` is missing, if it is, what else could be meant."""
        if mistake := self._missing.get(key):
            explained = Mistake(mistake.sentence + more, mistake.place)
            self._mistakes[self._mistakes.index(mistake)] = self._missing[key] = explained

    def raw(self, key: str) -> Any:
        """Return what is written at `key`, or None; for a choice that has to be made before the table can be read."""
        return self._data.get(key)

    def keys(self) -> list[str]:
        """Return the keys that are written."""
        return list(self._data)

    def values(
        self, fields: Iterable[Field], *, names: Collection[str] = (), required: Collection[str] = ()
    ) -> dict[str, Any]:
        """Return the value of each field by its name. See `value`; `required` names fields that are required here."""
        return {
            field.name: self.value(field, names=names, required=field.required or field.name in required)
            for field in fields
        }

    def value(self, field: Field, *, names: Collection[str] = (), required: bool | None = None) -> Any:
        """Return the value of a field, or its default; sizes are in bytes and times in seconds.

        `names` are more names that a template may use. What is wrong is collected as a mistake, and the default
        returned. Where there is no value, texts are empty, flags False and templates None, or INVALID_TEMPLATE if
        the field is required.
        """
        self._seen_keys.add(field.name)
        is_required = field.required if required is None else required
        return getattr(self, f"_read_{field.type}")(field, names, required=is_required)

    def reject_unknown_keys(self) -> None:
        """Collect the keys that no field has; usually they are typos, and would silently do nothing."""
        for key in sorted(self._data.keys() - self._seen_keys):
            close = similar_names(key, self._seen_keys)
            if close and close[0] in self._missing:  # one mistake, one message
                self._mistakes.remove(self._missing.pop(close[0]))
            hint = f'did you mean "{close[0]}"?' if close else f"expected one of {', '.join(sorted(self._seen_keys))}"
            self.add_error(key, f"unknown key; {hint}")

    def _read_text(self, field: Field, _names: Collection[str], *, required: bool) -> str:
        value: str = self._typed(field, str, required=required) or ""
        if (value or field.name in self._data) and (expected := _expected(field, value)):
            self.add_error(field.name, f'{expected}, got "{value}"')
        return value

    def _read_texts(self, field: Field, _names: Collection[str], *, required: bool) -> tuple[str, ...]:
        written = self._data.get(field.name)
        values = [written] if isinstance(written, str) and written else self._typed(field, list, required=required)
        if values is None:
            return ()
        if (required and not values) or not all(isinstance(value, str) for value in values):
            self.add_error(field.name, "expected a list of at least one text")
            return ()
        for value in values:
            if expected := _expected(field, value):
                self.add_error(field.name, f'{expected}, got "{value}"')
        return tuple(values)

    def _read_flag(self, field: Field, _names: Collection[str], *, required: bool) -> bool:
        return bool(self._typed(field, bool, required=required))

    def _read_number(self, field: Field, _names: Collection[str], *, required: bool) -> int | None:
        written = self._data.get(field.name)
        if written is None:
            return field.quantity(self._typed(field, object, required=required)) or 0
        if written in field.choices:
            return None
        value = field.quantity(written)
        if value is not None and _is_within(field, value):
            return value
        bounds = [f'"{bound}"' if isinstance(bound, str) else bound for bound in (field.minimum, field.maximum)]
        choices = "".join(f' or "{choice}"' for choice in field.choices)
        expected = f"expected {_QUANTITIES[field.type]} from {bounds[0]} to {bounds[1]}{choices}"
        self.add_error(field.name, f"{expected}, got {_shown(field, written)}")
        return field.quantity(field.default) or 0

    _read_size = _read_duration = _read_number

    def _read_template(self, field: Field, names: Collection[str], *, required: bool) -> Template | None:
        written = self._data.get(field.name)
        if isinstance(written, list | dict):
            example = f'such as "${{body.{field.name}}}"'
            self.add_error(field.name, f"expected one text with a template, {example}, got {_type_name(written)}")
            return INVALID_TEMPLATE if required else None
        text = self._typed(field, str, required=required)
        if text:
            try:
                return compile_template(text, (*field.names, *names))
            except TemplateError as error:
                self.add_error(field.name, str(error))
        return INVALID_TEMPLATE if required else None

    def _read_templates(self, field: Field, names: Collection[str], **_required: bool) -> dict[str, Template]:
        table = self._read_table(field)
        fields = [Field(key, TEMPLATE, "", names=field.names) for key in table.keys()]  # noqa: SIM118  # a Table is no dict
        return {key: template for key, template in table.values(fields, names=names).items() if template}

    def _read_table(self, field: Field, *_names: Collection[str], **_required: bool) -> "Table":
        value = self._typed(field, dict, required=False) or {}
        return Table(value, self._mistakes, f"{self._where}{field.name}.", (*self._place, field.name))

    def _read_tables(self, field: Field, _names: Collection[str], *, required: bool) -> list["Table"]:
        tables = self._typed(field, list, required=required) or []
        self.explain_missing(field.name, f" of [[{field.name}]] tables")
        if not all(isinstance(table, dict) for table in tables):
            self.add_error(field.name, f"expected [[{field.name}]] tables")
            return []
        return [
            Table(
                table,
                self._mistakes,
                f'{self._where}{field.name} "{table.get("name", number + 1)}": ',
                (*self._place, field.name, number),
            )
            for number, table in enumerate(tables)
        ]

    def _typed(self, field: Field, kind: type, *, required: bool) -> Any:
        """Return what is written, if it is of this type, or the default. What is required is there, and not empty."""
        key, value, expected = field.name, self._data.get(field.name), _TYPES.get(kind, "")
        if value is None:
            if required and field.default is None:
                self.add_error(key, f"missing; expected {expected}")
                self._missing[key] = self._mistakes[-1]
            return field.default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.add_error(key, f"expected {expected}, got {_type_name(value)}")
            return field.default
        if value == "" and required and field.default is None:
            self.add_error(key, f"empty; expected {expected}")
        return value


def _expected(field: Field, value: str) -> str | None:
    """Return what was expected instead of a text, or None if it is good."""
    if field.choices:
        return None if value in field.choices else f"expected one of {', '.join(field.choices)}"
    if not value:
        return None
    if pattern := field.pattern:
        return None if re.fullmatch(pattern, value) else field.expected
    return field.check(value) if field.check else None


def _is_within(field: Field, value: int) -> bool:
    least, most = field.quantity(field.minimum), field.quantity(field.maximum)
    return least is not None and most is not None and least <= value <= most


def _shown(field: Field, value: Any) -> str:
    """Return a refused value as a message shows it: a number that lacks its unit with the spelling it should have."""
    if isinstance(value, int) and not isinstance(value, bool):
        units = UNITS.get(field.type)
        return f'{value}; write "{format_quantity(value, units)}"' if units else str(value)
    return f'"{value}"' if isinstance(value, str) and field.type in UNITS else _type_name(value)


def _type_name(value: Any) -> str:
    return _TYPES.get(type(value), type(value).__name__)
