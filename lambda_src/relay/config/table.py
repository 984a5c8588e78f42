"""Reads one TOML table key by key and notes every mistake, so that all of them are shown at once."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from relay.config.line_numbers import Place
from relay.config.units import DURATIONS, SIZES, format_quantity, parse_quantity
from relay.templates.template import Template, TemplateError, compile_template

_NAMES = {str: "text", int: "a whole number", bool: "true or false", dict: "a table", list: "a list"}

Validator = Callable[[str], str | None]

INVALID_TEMPLATE = Template("", ())
"""Stands for a template that is missing or wrong, which has been noted as a problem."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: a readable sentence, and the place it is about."""

    sentence: str
    place: Place


class Table:
    """A TOML table, where it stands in the file, and the list that collects the problems of the whole file."""

    def __init__(self, data: Mapping[str, Any], problems: list[Problem], where: str = "", place: Place = ()) -> None:
        self._data = data
        self._problems = problems
        self._where = where
        self._place = place
        self._known: set[str] = set()
        self._missing: dict[str, Problem] = {}

    def problem(self, key: str, message: str) -> None:
        """Note a mistake at `key`."""
        self._problems.append(Problem(f"{self._where}{key}: {message}", (*self._place, *key.split("."))))

    def text(self, key: str, default: str | None = None, *, check: Validator | None = None) -> str:
        """The text at `key`; required without a default. `check` says what was expected instead, or None."""
        value = self._take(key, str, default)
        if value and check and (expected := check(value)):
            self.problem(key, f'{expected}, got "{value}"')
        return value or ""

    def choice(self, key: str, choices: Collection[str], default: str = "") -> str:
        """One of `choices`; the first is the default if none is given."""
        return self.text(
            key,
            default or next(iter(choices)),
            check=lambda value: None if value in choices else f"expected one of {', '.join(choices)}",
        )

    def number(self, key: str, default: int, *, maximum: int, minimum: int = 1) -> int:
        """A whole number from `minimum` to `maximum`."""
        value: int = self._take(key, int, default)
        if not minimum <= value <= maximum:
            self.problem(key, f"expected a whole number from {minimum} to {maximum}, got {value}")
        return value

    def size(self, key: str, default: str, *, maximum: str, minimum: str = "1 B") -> int:
        """Return the bytes of a size such as `"1 MiB"`, from `minimum` to `maximum`."""
        return self._quantity(key, SIZES, default, (minimum, maximum), "a size")

    def duration(self, key: str, default: str, *, maximum: str, minimum: str = "1 s") -> int:
        """Return the seconds of a time such as `"5 min"`, from `minimum` to `maximum`."""
        return self._quantity(key, DURATIONS, default, (minimum, maximum), "a time")

    def _quantity(self, key: str, units: Mapping[str, int], default: str, limits: tuple[str, str], kind: str) -> int:
        """Return a quantity in its smallest unit. A number without a unit is refused, with its spelling."""
        self._known.add(key)
        value = self._data.get(key, default)
        quantity = parse_quantity(value, units) if isinstance(value, str) else None
        least, most = (parse_quantity(limit, units) or 0 for limit in limits)
        if quantity is not None and least <= quantity <= most:
            return quantity
        if isinstance(value, int) and not isinstance(value, bool):
            shown = f'{value}; write "{format_quantity(value, units)}"'
        else:
            shown = f'"{value}"' if isinstance(value, str) else _NAMES.get(type(value), type(value).__name__)
        self.problem(key, f'expected {kind} from "{limits[0]}" to "{limits[1]}", got {shown}')
        return parse_quantity(default, units) or 0

    def texts(self, key: str, *, check: Validator = lambda _: None, required: bool = True) -> tuple[str, ...]:
        """A list of texts; of at least one, if it is required."""
        if isinstance(value := self._data.get(key), str) and value:  # a list of one
            self._known.add(key)
            values = [value]
        else:
            values = self._take(key, list, None if required else [])
        if values is not None and not ((values or not required) and all(isinstance(value, str) for value in values)):
            self.problem(key, "expected a list of at least one text")
            return ()
        for value in values or ():
            if expected := check(value):
                self.problem(key, f'{expected}, got "{value}"')
        return tuple(values or ())

    def template(self, key: str, names: Collection[str], default: str | None = "") -> Template | None:
        """The template at `key`, compiled; None if it is not there or is wrong. Required if `default` is None."""
        text = self._take(key, str, default)
        if not text:
            return None
        try:
            return compile_template(text, names)
        except TemplateError as error:
            self.problem(key, str(error))
            return None

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value: bool = self._take(key, bool, default)
        return value

    def templates(self, key: str, names: Collection[str]) -> dict[str, Template]:
        """The table at `key`, whose keys are names of the operator's own; empty if it is not there."""
        table = self.table(key, {})
        return {name: template for name in table.names() if (template := table.template(name, names))}

    def names(self) -> list[str]:
        """The keys that are there."""
        return list(self._data)

    def tables(self, key: str, default: list[Any] | None = None) -> list["Table"]:
        """The `[[key]]` tables; without a default at least one."""
        found = self._take(key, list, default) or []
        if not all(isinstance(one, dict) for one in found):
            self.problem(key, f"expected [[{key}]] tables")
            return []
        return [
            Table(
                one,
                self._problems,
                f'{self._where}{key} "{one.get("name", number + 1)}": ',
                (*self._place, key, number),
            )
            for number, one in enumerate(found)
        ]

    def table(self, key: str, defaults: Mapping[str, Any]) -> "Table":
        """The table at `key`, on top of `defaults`."""
        value = self._take(key, dict, {}) or {}
        return Table({**defaults, **value}, self._problems, f"{self._where}{key}.", (*self._place, key))

    def get(self, key: str) -> Any:
        """The raw value at `key`, or None; for a choice that has to be made before the table can be read."""
        return self._data.get(key)

    def end(self) -> None:
        """Note every key that nobody asked for: it is misspelt, and would silently do nothing."""
        for key in sorted(self._data.keys() - self._known):
            close = similar(key, self._known)
            if close and close[0] in self._missing:  # one mistake, one message
                self._problems.remove(self._missing.pop(close[0]))
            hint = f'did you mean "{close[0]}"?' if close else f"expected one of {', '.join(sorted(self._known))}"
            self.problem(key, f"unknown key; {hint}")

    def _take(self, key: str, kind: type, default: Any) -> Any:
        """The value at `key`. Without a default (None) it is required and not empty."""
        self._known.add(key)
        value = self._data.get(key)
        if value is None:
            if default is None:
                self.problem(key, f"missing; expected {_NAMES[kind]}")
                self._missing[key] = self._problems[-1]
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.problem(key, f"expected {_NAMES[kind]}, got {_NAMES.get(type(value), type(value).__name__)}")
            return default
        if value == "" and default is None:
            self.problem(key, f"empty; expected {_NAMES[kind]}")
        return value


def similar(name: str, known: Iterable[str]) -> list[str]:
    """The one of `known` that `name` may have been meant to be, if there is one."""
    import difflib  # for mistakes alone

    from relay.config.former_keys import FORMER_KEYS

    if FORMER_KEYS.get(name, "").partition(".")[0] in known:
        return [FORMER_KEYS[name]]
    return difflib.get_close_matches(name, list(known), 1)
