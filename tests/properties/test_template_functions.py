"""What templates let through: nothing that `omit` names, no more than `mask` says, and the hashes of hashlib.

The names are few and have dots, so that one is often the beginning of another.
"""

import contextlib
import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import MappingError
from relay.templates.template import compile_template
from tests.properties.test_bounded_work import MOST, work

names = st.sampled_from(["a", "b", "a.b", "b.a", "c"])
values = st.recursive(
    st.none() | st.integers(0, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=20,
)
paths = st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(".".join), max_size=4)


def spelled(value: Any, before: str = "") -> set[str]:
    """Return every path of a value, as `omit` would name it: names with dots between them, lists looked through."""
    if isinstance(value, list):
        return {path for item in value for path in spelled(item, before)}
    if not isinstance(value, dict):
        return set()
    here = {before + name for name in value}
    return {*here, *(path for name, item in value.items() for path in spelled(item, f"{before}{name}."))}


def leaves(value: Any, above: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    """Return every value that is neither list nor object, with the paths of what it is in, in order."""
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item, above)]
    if isinstance(value, dict):
        before = f"{above[-1]}." if above else ""
        return [leaf for name, item in value.items() for leaf in leaves(item, (*above, before + name))]
    return [(above, value)]


@given(value=st.lists(values, max_size=3) | st.dictionaries(names, values, max_size=5), omitted=paths)
def test_omit_lets_nothing_through_that_it_names_and_all_else(value: Any, omitted: list[str]) -> None:
    written = ", ".join(f"'{path}'" for path in omitted)
    before = repr(value)
    template = compile_template(f"${{omit(body, [{written}])}}" if omitted else "${omit(body, `[]`)}", ["body"])
    left = template.value({"body": value})
    assert not spelled(left) & set(omitted)
    assert leaves(left) == [(above, leaf) for above, leaf in leaves(value) if not set(above) & set(omitted)]
    assert repr(value) == before


@given(st.text())
def test_mask_keeps_a_quarter_of_a_text_and_four_characters_at_most(text: str) -> None:
    masked = compile_template("${mask(body)}", ["body"]).value({"body": text})
    stars, kept = masked[:4], masked[4:]
    assert stars == "****"
    assert text.endswith(kept)
    assert len(kept) <= min(4, len(text) / 4)


@given(st.text())
def test_sha256_is_that_of_hashlib(text: str) -> None:
    expected = hashlib.sha256(text.encode()).hexdigest()
    assert compile_template("${sha256(body)}", ["body"]).value({"body": text}) == expected


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["\ud800", "İ" * 9]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
CALLS = [
    "sha256(body)", "mask(body)", "lower(body)", "split(body, ',')", "date(body, '%Y-%m-%d')", "omit(body, ['a.b'])",
]  # fmt: skip


@given(call=st.sampled_from(CALLS), value=anything)
def test_a_function_gives_a_value_or_a_mapping_error_whatever_it_is_given(call: str, value: Any) -> None:
    with contextlib.suppress(MappingError):
        compile_template(f"${{{call}}}", ["body"]).value({"body": value})


@given(st.integers(900, 3000))
def test_lists_that_nest_deeper_than_json_are_a_mapping_error(depth: int) -> None:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    with contextlib.suppress(MappingError):
        compile_template("${omit(body, ['a'])}", ["body"]).value({"body": value})


@pytest.mark.parametrize("call", CALLS)
def test_twice_the_payload_is_twice_the_work(call: str) -> None:
    template = compile_template(f"${{{call}}}", ["body"])
    as_object = [{"a": {"b": 1, "c": [{"a.b": n}]}} for n in range(400)]
    little, much = (as_object, as_object * 2) if call.startswith("omit") else ("a," * 400, "a," * 800)

    def evaluate(value: Any) -> None:
        with contextlib.suppress(MappingError):
            template.value({"body": value})

    assert work(lambda: evaluate(much)) <= MOST * work(lambda: evaluate(little))
