"""No regular expression of the relay takes quadratic time, or worse, on any text: a proof, not a measurement.

Each is made an automaton without empty steps (Glushkov's: one state for each character it may read). A backtracking
matcher takes more than linear time if one text leads from a state to the same state in two ways (exponential), or stays
in a state, goes over to another, and stays there, all on the same text (quadratic): Weber and Seidl, "On the degree of
ambiguity of finite automata", 1991. A search begins anew at every character, which is one more such state, unless what
was begun cannot fail.
"""

import ast
import importlib
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from re import _constants as c  # type: ignore[attr-defined,unused-ignore]  # some stubs know it
from re import _parser  # type: ignore[attr-defined,unused-ignore]  # some stubs know it
from typing import Any

import pytest

import relay
from relay.auth import handshake
from relay.config import presets

FOLDER = Path(relay.__file__).parent
ANCHORED, SEARCHED = {"match", "fullmatch"}, {"search", "sub", "findall", "finditer", "split", "subn"}
# Patterns that are arguments: of the operator's own values, and of handshakes (which are below, with the presets).
ARGUMENTS = {
    ("certificate", "pattern"),  # a host, and bounded characters
    ("certificate", "subject"),
    ("table", "pattern"),  # of relay.toml, in the fields
    ("handshake", "pattern"),  # of relay.toml, or of a preset: below
    ("secret_ref", "pattern"),  # when relay.toml is read
    ("signature", "pattern"),  # those of handshakes
    ("signing_keys", "pattern"),  # of relay.toml, for the operator's own secret
}
NOT_OURS = {
    "line_numbers",  # reads relay.toml, which is the operator's
    "script",  # reads the page's own files
}
NOT_IMPORTED = {
    "ingest",
    "redeliver",
    "source_health",
    "control_api",
    "customer_page",
    "reconciler",
    "releaser",
    "idempotency",
}  # they want Lambda's environment, and have no pattern
ALPHABET = frozenset(map(chr, range(128))) | set("é☃\u0661")
MOST_COPIES = 4  # of what is repeated a fixed number of times; one that may be repeated so often is taken for endless


class Automaton:
    """The states that read a character, and which follow which. `twice`: two states follow each other in two ways."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.reads: list[frozenset[str]] = []
        self.follows: dict[int, set[int]] = {}
        self.twice = self.asserts = False
        self.nullable, self.first, self.last = self._sequence(_parser.parse(pattern, flags), flags)

    def _follow(self, last: set[int], first: set[int], *, again: bool = False) -> None:
        for before, after in product(last, first):
            self.twice |= again and after in self.follows[before]
            self.follows[before].add(after)

    def _sequence(self, nodes: Any, flags: int) -> tuple[bool, set[int], set[int]]:
        nullable, first, last = True, set[int](), set[int]()
        for node in nodes:
            nullable_here, first_here, last_here = self._node(node, flags)
            self._follow(last, first_here)
            first |= first_here if nullable else set()
            last = last_here | (last if nullable_here else set())
            nullable &= nullable_here
        return nullable, first, last

    def _node(self, node: Any, flags: int) -> tuple[bool, set[int], set[int]]:
        kind, value = node
        if kind in {c.AT, c.ASSERT, c.ASSERT_NOT}:
            self.asserts = True
            return True, set(), set()
        if kind is c.SUBPATTERN:
            return self._sequence(value[3], flags)
        if kind is c.BRANCH:
            nullable, first, last = zip(*(self._sequence(one, flags) for one in value[1]), strict=True)
            self.twice |= sum(nullable) > 1
            return any(nullable), set().union(*first), set().union(*last)
        if kind in {c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT}:
            least, most, body = value
            return self._repeat(least, most, body, flags)
        state = len(self.reads)
        self.reads.append(_characters(kind, value, flags))
        self.follows[state] = set()
        return False, {state}, {state}

    def _repeat(self, least: int, most: int, body: Any, flags: int) -> tuple[bool, set[int], set[int]]:
        copies = [self._sequence(body, flags) for _ in range(max(1, min(least, MOST_COPIES)))]
        nullable, first, last = copies[0]
        for nullable_here, first_here, last_here in copies[1:]:
            self._follow(last, first_here)
            first, last = first | (first_here if nullable else set()), last_here | (last if nullable_here else set())
            nullable &= nullable_here
        if most > max(least, 1):
            _, again, end = copies[-1]
            self.twice |= copies[-1][0]  # what may be empty, and is repeated
            self._follow(end, again, again=True)
        return nullable or least == 0, first, last

    def cannot_fail(self) -> bool:
        """Whether there is no way around in which nothing is found: a search never begins anew behind one."""
        found = self.last
        return not self.asserts and not any(
            state in self._reached(state, without=found) for state in self.follows if state not in found
        )

    def begin_anew(self) -> None:
        """Allow any character before: this is a search."""
        self.reads.append(ALPHABET)
        start = len(self.reads) - 1
        self.follows[start] = {start, *self.first}

    def ambiguous(self) -> bool:
        """Whether some text takes more than linear time."""
        loops = [state for state in self.follows if state in self._reached(state)]
        return self.twice or any(self._both(one, other) for one, other in product(loops, loops))

    def _reached(self, state: int, without: frozenset[int] | set[int] = frozenset()) -> set[int]:
        reached, todo = set[int](), [state]
        while todo:
            new = self.follows[todo.pop()] - reached - without
            reached |= new
            todo += new
        return reached

    def _both(self, one: int, other: int) -> bool:
        """Whether one text goes from `one` to itself, from `one` to `other` otherwise, and from `other` to itself."""
        begin, end = ((one, one, other), False), ((one, other, other), True)
        seen, todo = {begin}, [begin]
        while todo:
            states, parted = todo.pop()
            for a, b, z in product(*(self.follows[state] for state in states)):
                new = ((a, b, z), parted or a != b)
                if new not in seen and self.reads[a] & self.reads[b] & self.reads[z]:
                    if new == end:
                        return True
                    seen.add(new)
                    todo.append(new)
        return False


def _characters(kind: Any, value: Any, flags: int) -> frozenset[str]:
    if kind is c.IN:
        negated = value[0][0] is c.NEGATE
        found = frozenset().union(*(_characters(what, of, flags) for what, of in value[negated:]))
        return frozenset(ALPHABET - found if negated else found)
    if kind is c.ANY:
        return ALPHABET if flags & re.DOTALL else ALPHABET - {"\n"}
    if kind is c.RANGE:
        found = frozenset(one for one in ALPHABET if value[0] <= ord(one) <= value[1])
    elif kind is c.CATEGORY:
        sign = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}[str(value).removeprefix("CATEGORY_").removeprefix("NOT_")]
        sign = sign.upper() if "NOT_" in str(value) else sign
        return frozenset(one for one in ALPHABET if re.fullmatch(rf"\{sign}", one, flags & re.ASCII))
    else:
        assert kind in {c.LITERAL, c.NOT_LITERAL}, kind
        found = frozenset({chr(value)}) & ALPHABET
    if flags & re.IGNORECASE:
        found |= frozenset(one for one in ALPHABET if {one.lower(), one.upper()} & found)
    return ALPHABET - found if kind is c.NOT_LITERAL else found


def is_linear(pattern: str, flags: int, method: str) -> bool:
    automaton = Automaton(pattern, flags)
    if method in SEARCHED and not automaton.cannot_fail():
        automaton.begin_anew()
    return not automaton.ambiguous()


def used() -> Iterator[tuple[str, str, int, str]]:
    """Where each pattern is, its text and flags, and the method that takes it."""
    for path in sorted(FOLDER.rglob("*.py")):
        if path.stem in NOT_OURS | NOT_IMPORTED:
            assert path.stem in NOT_OURS or "re.compile" not in path.read_text("utf-8")
            continue
        tree, module = ast.parse(path.read_text("utf-8")), importlib.import_module(_module(path))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
        for call, function in ((call, call.func) for call in calls if isinstance(call.func, ast.Attribute)):
            owner = ast.unparse(function.value)
            if (
                isinstance(compiled := getattr(module, owner, None), re.Pattern)
                and function.attr in ANCHORED | SEARCHED
            ):
                yield f"{path.stem}.{owner}", _text(compiled), compiled.flags, function.attr
            elif owner == "re" and function.attr in ANCHORED | SEARCHED and not _is_argument(path.stem, call.args[0]):
                text = eval(ast.unparse(call.args[0]), dict(vars(module)))
                flags = re.IGNORECASE if "IGNORECASE" in ast.unparse(call) else 0
                yield f"{path.stem} {ast.unparse(call.args[0])}", text, flags, function.attr
        for name, compiled in vars(module).items():
            if isinstance(compiled, re.Pattern):  # wherever else it goes
                yield f"{path.stem}.{name}", _text(compiled), compiled.flags, "fullmatch"
    for name, preset in presets.load().items():
        for one in preset.get("handshake", []):
            yield f"handshake of {name}", one.get("pattern", handshake.DEFAULT_PATTERN), 0, "fullmatch"


def _module(path: Path) -> str:
    return ".".join(path.relative_to(FOLDER.parent).with_suffix("").parts).removesuffix(".__init__")


def _text(compiled: re.Pattern[Any]) -> str:
    return compiled.pattern.decode() if isinstance(compiled.pattern, bytes) else str(compiled.pattern)


def _is_argument(module: str, pattern: ast.expr) -> bool:
    return isinstance(pattern, ast.Name) and (module, pattern.id) in ARGUMENTS


@pytest.mark.parametrize(("pattern", "flags", "method"), [pytest.param(*rest, id=where) for where, *rest in used()])
def test_a_pattern_takes_linear_time(pattern: str, flags: int, method: str) -> None:
    assert is_linear(pattern, flags, method), pattern


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        ('"(?:[^"\\\\]|\\\\.)*"', "sub"),
        (r"(a+)+", "fullmatch"),
        (r"(a*)*b", "match"),
        (r"(a|a)*b", "fullmatch"),
        (r"(a|ab?)*c", "fullmatch"),
        (r"a*a*b", "match"),
        (r"a{1,99}a{1,99}b", "match"),
        (r".*a.*b", "match"),
        (r"(?:a?b?)*", "match"),
        (r"[a-z]+[a-z0-9]*!", "fullmatch"),
        (r"\s*,\s*", "split"),
        (r"\s+$", "search"),
        (r"\{[^}]*\}", "sub"),
    ],
)
def test_a_pattern_that_does_not_would_be_seen(pattern: str, method: str) -> None:
    assert not is_linear(pattern, 0, method)
