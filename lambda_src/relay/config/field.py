"""One key of relay.toml as data: the reader, the messages, the JSON Schema and the reference page are made from it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from relay.config.units import DURATIONS, SIZES, parse_quantity

Validator = Callable[[str], str | None]
"""Returns what was expected instead of a text, or None if the text is good."""

TEXT, TEXTS, FLAG, NUMBER, SIZE, DURATION = "text", "texts", "flag", "number", "size", "duration"
TEMPLATE, TEMPLATES, TABLE, TABLES = "template", "templates", "table", "tables"
"""The types of a key. A template may use `names`; `texts` is a list, of which one may be written as a text."""

UNITS = {SIZE: SIZES, DURATION: DURATIONS}


class Field(NamedTuple):
    """A key: what it may be, what it is if it is not written, and what it does.

    A text is one of `choices`, if there are any; a time may be one of them instead of a number, and is None then.
    `default`, `minimum` and `maximum` are written as in relay.toml; the default None means that there is no value.
    `doc` is one sentence for editors and the reference page, `note` says of the default what a value cannot.
    A named tuple costs a cold start a third of what a dataclass costs.
    """

    name: str
    type: str
    doc: str
    default: Any = None
    required: bool = False
    choices: tuple[str, ...] = ()
    minimum: Any = None
    maximum: Any = None
    pattern: str = ""
    expected: str = ""
    check: Validator | None = None
    names: tuple[str, ...] = ()
    fields: tuple["Field", ...] = ()
    example: Any = None
    note: str = ""

    def quantity(self, value: Any) -> int | None:
        """Return a number as it is and a size or a time in its smallest unit; None for anything else."""
        if self.type == NUMBER:
            return value if isinstance(value, int) and not isinstance(value, bool) else None
        return parse_quantity(value, UNITS[self.type]) if isinstance(value, str) else None
