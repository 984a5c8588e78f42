"""Print results on standard output (tables, JSON, tab-separated text) and messages on standard error."""

import json
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.progress import Progress, ProgressColumn
from rich.table import Column, Table

FAILED, MISTAKE = 1, 2
"""Exit codes: something could not be done; the command line or relay.toml is wrong."""


class Failure(typer.Exit):
    """What could not be done, or a mistake: `text` says what, and what to do. It ends a command with an exit code."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(code)
        self.text = text


class OutputFormat(StrEnum):
    """The formats of results: tables for people, JSON and tab-separated text for programs."""

    TABLE = "table"
    JSON = "json"
    TEXT = "text"


def print_rows(output_format: OutputFormat, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Print `rows`. JSON has every key of a row; tables and text have `columns`."""
    if output_format is OutputFormat.JSON:
        print_json(list(rows))
    elif output_format is OutputFormat.TEXT:
        for row in rows:
            print("\t".join(cell(row.get(column)) for column in columns))
    else:
        table = Table(*(Column(name, overflow="fold") for name in columns), header_style="bold")
        for row in rows:
            table.add_row(*(cell(row.get(column)) for column in columns))
        # Nothing from a webhook is interpreted as markup; a pipe has no width of its own.
        console = Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else 200)
        if rows and sys.stdout.isatty() and _width(console, table) > console.width:
            _print_blocks(columns, rows)  # an id that is cut in pieces cannot be copied
        else:
            console.print(table)


def _width(console: Console, table: Table) -> int:
    """Return how wide a table is in which nothing is folded."""
    return console.measure(table, options=console.options.update(width=10_000)).maximum


def _print_blocks(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Print each row as lines with the name and the value of a column, and an empty line behind it."""
    width = max(len(name) for name in columns)
    for row in rows:
        print("\n".join(f"{name:{width}}  {text}" for name in columns if (text := cell(row.get(name)))), end="\n\n")


def print_json(value: Any) -> None:
    """Print `value` as JSON, without characters that could control a terminal."""
    print(json_text(value))


def json_text(value: Any) -> str:
    """Return `value` as JSON in which every character can be seen."""
    return _escape_controls(json.dumps(value, indent=2, ensure_ascii=False))


def print_text(text: str) -> None:
    """Print `text`, which may come from a stranger, without characters that could control a terminal."""
    print(_escape_controls(text))


def print_message(text: str) -> None:
    """Print a message for people on standard error."""
    print(_escape_controls(text), file=sys.stderr)


def progress_bar(*columns: ProgressColumn) -> Progress:
    """Return a progress bar on standard error, which only a terminal shows. Without `columns` it is Rich's own."""
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


def confirm(question: str) -> bool:
    """Ask `question` on standard error and return whether the answer is yes. No answer is a no."""
    print_message(f"{question} [y/N]")
    try:
        return input().strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def fail(text: str, code: int = FAILED) -> NoReturn:
    """Print what went wrong on standard error and exit with `code`."""
    print_message(text)
    raise Failure(text, code)


def cell(value: Any) -> str:
    """Return `value` as one cell of a table or of tab-separated text."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _escape_controls(text).replace("\n", "\\n")


def _escape_controls(text: str) -> str:
    """Return `text` with JSON escapes for every character but line feeds that a terminal would not display."""
    return "".join(
        character if character.isprintable() or character == "\n" else _escape(character) for character in text
    )


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
