"""Find the line of a key in a TOML file, which the parser does not tell; used only when there is a mistake."""

import re
from collections.abc import Sequence

Place = tuple[str | int, ...]
"""Keys, and the positions in lists of tables, from the top: `("route", 0, "event", "source")`."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\"' -]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"(?:^|[{,])\s*([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)\s*=(?!=)")
_MULTILINE = re.compile(r'"""|\'\'\'')


def line_of(text: str, place: Place) -> int:
    """Return the line, from 1, of `place`, or of the innermost table around it that is written; 1 if none is."""
    found = _lines(text)
    return next((found[place[:length]] for length in range(len(place), 0, -1) if place[:length] in found), 1)


def _lines(text: str) -> dict[Place, int]:
    found: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        outside, inside = not inside, inside ^ (len(_MULTILINE.findall(line)) % 2 == 1)
        if not outside:
            continue
        if header := _HEADER.match(line):
            table = _table(header[2].split("."), counts, is_list=header[1] == "[[")
            found.setdefault(table, number)
        else:
            _note_keys(found, table, line, number)
    return found


def _table(names: Sequence[str], counts: dict[Place, int], *, is_list: bool) -> Place:
    """Return the place of a header: what is below a list of tables belongs to its last element."""
    place: Place = ()
    for position, name in enumerate(names):
        place = (*place, name.strip(" \"'"))
        if is_list and position == len(names) - 1:
            counts[place] = counts.get(place, -1) + 1
        if place in counts:
            place = (*place, counts[place])
    return place


def _note_keys(found: dict[Place, int], table: Place, line: str, number: int) -> None:
    """Collect the keys of a line: the first is the table's, those inside braces are below it."""
    code = re.sub(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'', '""', line).partition("#")[0]
    outer: Place = table
    for key in _KEY.finditer(code):
        names = tuple(key[1].split("."))
        place = (*(outer if key[0][0] in "{," else table), *names)
        found.setdefault(place, number)
        if key[0][0] not in "{,":
            outer = place
