"""What is printed: tables for people, JSON and tab-separated text for programs. Messages go to standard error."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from relayctl.options import Output

FAILED, MISTAKE = 1, 2
"""Exit codes: something could not be done; the command line or relay.toml is wrong."""


def rows(output: Output, columns: Sequence[str], found: Sequence[Mapping[str, Any]]) -> None:
    """One row for each; JSON has every key, the others have `columns`."""
    if output is Output.JSON:
        json_value(list(found))
    elif output is Output.TEXT:
        for row in found:
            print("\t".join(_cell(row.get(column)) for column in columns))
    else:
        table = Table(*columns, header_style="bold")
        for row in found:
            table.add_row(*(_cell(row.get(column)) for column in columns))
        # What comes from a webhook is never markup; a pipe has no width.
        console = Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else 200)
        console.print(table)


def json_value(value: Any) -> None:
    """Print any value as JSON that programs read and that does nothing to a terminal."""
    print(_escaped(json.dumps(value, indent=2, ensure_ascii=False)))


def text(text: str) -> None:
    """Print the lines of a text that may come from a stranger."""
    print(_escaped(text))


def say(text: str) -> None:
    """A message beside the results."""
    print(_escaped(text), file=sys.stderr)


def confirmed(question: str) -> bool:
    """Ask, on standard error; only a yes is one."""
    say(f"{question} [y/N]")
    try:
        return input().strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def end(text: str, code: int = FAILED) -> NoReturn:
    """Say what went wrong, and exit."""
    say(text)
    raise typer.Exit(code)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _escaped(text).replace("\n", "\\n")


def _escaped(text: str) -> str:
    """Return `text` with JSON's escapes for all but line feeds that a terminal would not show as a character."""
    return "".join(one if one.isprintable() or one == "\n" else _escape(one) for one in text)


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
