"""JSON as RFC 8259 has it."""

import pytest

from relay.templates import strict_json
from relay.templates.strict_json import MAX_DEPTH, NotJSON


@pytest.mark.parametrize("text", ["{}", ' {"a":[1,2.5e3,"\\ud800"]}\n', "null", '"[[["', '{"a":1,"a":2}'])
def test_json_is_parsed(text: str) -> None:
    strict_json.parse(text)


@pytest.mark.parametrize(
    "text", ["", "{", "{'a':1}", "[NaN]", "[Infinity]", "[-Infinity]", "[1,]", "\x00", "01", "tru", "9" * 5000, '"\t"']
)
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(NotJSON):
        strict_json.parse(text)


def test_nesting_is_counted_outside_strings_only() -> None:
    deep = "[" * 500 + "]" * 500
    strict_json.parse(deep)
    strict_json.parse('["' + "[" * 5000 + '\\"]"]')
    for levels in (MAX_DEPTH + 1, 100_000):
        with pytest.raises(NotJSON, match="deep"):
            strict_json.parse("[" * levels + "]" * levels)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('"[[" ,' + "[" * 1001, "nested more than"),
        ("[" * 999 + '"\\"[["' + "[" * 2, "nested more than"),
        ("[" * 999 + '"' + "[" * 5000, r"Unterminated string|too deeply"),  # no bracket of an open string counts
        ("[" * 999 + '"' + '\\"[' * 5000, r"Unterminated string|too deeply"),
        ("[" * 1001 + '"\\', "nested more than"),
    ],
)
def test_nesting_is_counted_in_what_is_no_json_either(text: str, problem: str) -> None:
    with pytest.raises(NotJSON, match=problem):
        strict_json.parse(text)


@pytest.mark.parametrize("unit", ['"', '\\"', "\\", '"\\"', "[", "[]", '["",', "{", "9", "é", "a"])
def test_a_mebibyte_of_no_json_is_refused_before_this_test_times_out(unit: str) -> None:
    with pytest.raises(NotJSON):
        strict_json.parse("[" * 1001 + '"' + unit * (2**20 // len(unit)))


def test_many_brackets_side_by_side_are_not_deep() -> None:
    strict_json.parse("[" + ",".join(["[]"] * 5000) + "]")


def test_an_infinite_number_is_not_dumped() -> None:
    assert strict_json.dump({"é": [1, None]}) == '{"é":[1,null]}'
    with pytest.raises(NotJSON):
        strict_json.dump([float("inf")])
