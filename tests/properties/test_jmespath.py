"""An expression gives in a template what jmespath gives, whatever braces, quotes and backticks are in it."""

import contextlib
import json
from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathError

from relay.errors import MappingError
from relay.templates.template import TemplateError, compile_template

DATA: dict[str, Any] = {
    "foo": {"bar": {"baz": "correct", "$x": 1, "}": 2, "a b": 3, '"': 4, "☃": "snow"}, "list": [1, 2, {"n": 3}, None]},
    "people": [
        {"name": "b", "age": 30, "tags": ["x", "y"]},
        {"name": "a", "age": 50, "tags": []},
        {"name": "c", "age": 40},
    ],
    "nested": [[0, 1], [2, [3, 4]], 5],
    "text": "a}b{c`d'e\"f",
    "empty": {"list": [], "object": {}, "text": "", "false": False, "zero": 0},
    "item": {"n": -1.5},
}
# The kinds of expression of the specification's sections: https://jmespath.org/specification.html
EXPRESSIONS = [
    "foo.bar.baz", "foo.missing.deeper", 'foo.bar."$x"', 'foo.bar."}"', 'foo.bar."a b"', 'foo.bar."\\""', 'foo.bar."☃"',
    "foo.list[0]", "foo.list[-1]", "foo.list[2].n", "foo.list[99]", "foo.list[1:3]", "foo.list[::-1]", "foo.list[::2]",
    "people[*].name", "people[].tags[]", "foo.*", "foo.bar.*", "nested[]", "nested[][]", "nested[*][0]",
    "people[*].tags[*]", "{a: foo.bar.baz, b: people[0].name}", "people[*].{n: name, t: tags[0]}",
    "[foo.bar.baz, text]", "people[].[name, age]",
    "people[?age > `35`].name", "people[?name == 'a'] | [0].age", "people[?tags].name", "people[?!tags].name",
    "people[?age >= `40` && name != 'c'].name", "people[?name == 'a' || name == 'b'].age",
    "people[?contains(name, 'a')].age",
    '`{"a": "}"}`.a', '`"}"`', '`[1, {"x": "{"}]`[1].x', "'it is } a { brace'", "'a \\' quote'", "'`'", '`"\\""`',
    "foo | bar.baz", "foo.list | length(@)", "people | [0]", "empty.missing || 'default'", "empty.list || 'full'",
    "empty.false || empty.zero", "empty.zero && 'zero is true'", "!empty.text", "!foo",
    "length(text)", "keys(foo)", "join(', ', people[*].name)", "sort_by(people, &age)[*].name",
    "max_by(people, &age).name",
    "to_string(foo.list)", "to_number('12')", "not_null(foo.missing, text)", "type(foo)",
    "reverse(people[*].age)", "sum(people[].age)",
    "starts_with(text, 'a')", "map(&name, people)", "merge(empty.object, {a: 'b'})", "values({a: text})", "abs(item.n)",
    "ceil(item.n)", "avg(people[*].age)", "@.text", "@", "people[0].tags | join('', @)",
    "foo.list[?@ > `1`]", "text[0:2]",
]  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize("around", [("", ""), (" ", " "), ("\n", "\t")])
def test_an_expression_alone_gives_its_value_with_its_type(expression: str, around: tuple[str, str]) -> None:
    template = compile_template("${" + around[0] + expression + around[1] + "}", DATA)
    try:
        expected = jmespath.search(expression, DATA)
    except JMESPathError:
        with pytest.raises(MappingError):
            template.value(DATA)
        return
    assert template.value(DATA) == expected
    assert type(template.value(DATA)) is type(expected)


@given(first=st.sampled_from(EXPRESSIONS), second=st.sampled_from(EXPRESSIONS), literal=st.text(max_size=5))
def test_expressions_in_a_text_do_not_run_into_each_other(first: str, second: str, literal: str) -> None:
    escaped = literal.replace("${", "$${")
    if escaped.endswith("$"):
        escaped += "-"
        literal += "-"
    template = compile_template("a${" + first + "}" + escaped + "${" + second + "}$${z}", DATA)
    try:
        values = [jmespath.search(one, DATA) for one in (first, second)]
    except JMESPathError:
        with pytest.raises(MappingError):
            template.render(DATA)
        return
    if all(isinstance(value, str | bool | int | float) for value in values):
        texts = [value if isinstance(value, str) else json.dumps(value) for value in values]
        assert template.render(DATA) == f"a{texts[0]}{literal}{texts[1]}${{z}}"
    else:
        with pytest.raises(MappingError):
            template.render(DATA)


names = st.sampled_from([*DATA, "bar", "name", "age", '"a b"', '"}"', "@"])
literals = st.one_of(
    st.text(st.characters(codec="ascii", exclude_characters="'\\"), max_size=6).map(lambda text: f"'{text}'"),
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["}", "{", "a"]), st.lists, max_leaves=4
    )
    .map(json.dumps)
    .map(lambda text: f"`{text}`"),
)
expressions = st.recursive(
    names | literals,
    lambda inner: st.one_of(
        st.builds("{}.{}".format, inner, names),
        st.builds("{}[{}]".format, inner, st.sampled_from(["0", "-1", "*", "", "1:", "::-1"])),
        st.builds("{}[?{}]".format, inner, inner),
        st.builds("{} | {}".format, inner, inner),
        st.builds("{} || {}".format, inner, inner),
        st.builds("{} == {}".format, inner, inner),
        st.builds("{{a: {}, b: {}}}".format, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("not_null({}, {})".format, inner, inner),
        st.builds("to_string({})".format, inner),
        st.builds("!{}".format, inner),
    ),
    max_leaves=6,
)


@given(expressions)
def test_a_made_up_expression_gives_in_a_template_what_jmespath_gives(expression: str) -> None:
    try:
        compiled = jmespath.compile(expression)
    except JMESPathError:
        with pytest.raises(TemplateError):
            compile_template("${" + expression + "}", DATA)
        return
    with contextlib.suppress(TemplateError):  # a name that is not in scope is a mistake here, and null there
        template = compile_template("${" + expression + "}", DATA)
        try:
            expected = compiled.search(DATA)
        except (JMESPathError, TypeError, ValueError, LookupError, ArithmeticError):
            with pytest.raises(MappingError):
                template.value(DATA)
            return
        assert template.value(DATA) == expected
