"""The template language of relay.toml."""

from typing import Any

import pytest

from relay.errors import MappingError
from relay.templates.template import TemplateError, compile_template, literal_prefix

NAMES = ("body", "headers", "item")
SCOPE: dict[str, Any] = {
    "body": {"type": "a", "n": 1.50, "ok": True, "none": None, "list": [1, 2], "o": {"x": 1}, "inf": float("inf")},
    "headers": {"x_event": "push"},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("${body.type}", "a"),
        ("${body.n}", 1.5),
        ("${body.list}", [1, 2]),
        ("${body.missing}", None),
        ("a/${body.type}/${body.ok}/${body.n}", "a/a/true/1.5"),
        ("$${body.type}", "${body.type}"),
        ("$5 ${headers.x_event}$", "$5 push$"),
        ("${body.{a: type, b: o.x}}", {"a": "a", "b": 1}),
        ('${`{"a": "}"}`}', {"a": "}"}),
        ("${'it\\'s }'}", "it's }"),
        ("${ body.missing || 'other' }", "other"),
        ("${body.list[?@ > `1`] | [0]}", 2),
    ],
)
def test_a_template_gives_its_value(text: str, value: Any) -> None:
    assert compile_template(text, NAMES).value(SCOPE) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x ${body.missing}", "null or missing"),
        ("x ${body.none}", "null or missing"),
        ("x ${body.list}", "a list"),
        ("x ${body.o}", "an object"),
        ("x ${body.inf}", "number that JSON cannot express"),
        ("${length(body.n)}", r"failed on this payload: length\(\) got number, expected string or array or object"),
    ],
)
def test_what_is_not_text_is_a_mapping_error_that_names_the_expression(text: str, says: str) -> None:
    with pytest.raises(MappingError, match=says) as error:
        compile_template(text, NAMES).render(SCOPE)
    assert "${" in str(error.value)


def test_json_inside_a_text_is_read() -> None:
    scope = {"body": {"json": '{"a": [1, {"b": 2}]}', "text": "no", "nan": "NaN", "deep": "[" * 2000}}
    assert compile_template("${powertools_json(body.json).a[1]}", NAMES).value(scope) == {"b": 2}
    for name in ("text", "nan", "deep", "missing"):
        with pytest.raises(MappingError, match="failed on this payload"):
            compile_template(f"${{powertools_json(body.{name})}}", NAMES).value(scope)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("${body.type", 'expected "}" to end'),
        ("${body.'}", 'expected "}" to end'),
        ("${}", "is not JMESPath"),
        ("${body.}", "is not JMESPath"),
        ("${body..type}", "is not JMESPath"),
        ("${bdy.type}", 'no name "bdy"; expected one of body, headers, item'),
        ("${join(',', [body.a, header.b])}", 'no name "header"'),
        ("${lenght(body)}", 'no function "lenght"'),
        ("a/{{ body.type }}", r'expected "\$\{body.type\}" instead of "\{\{ body.type \}\}"'),
        ("a/{body.type}", r'expected "\$\{body.type\}" instead of "\{body.type\}"'),
        ("a/$body.type/b", r'expected "\$\{body.type\}" instead of "\$body.type"'),
        ("$.data.type", r'expected "\$\{body.data.type\}" instead of "\$.data.type"'),
        ("body.type", r'"body.type": expected "\$\{body.type\}"'),
        ("${headers.X_Event}", "expected headers.x_event"),
        ('${headers."x-event"}', "expected headers.x_event"),
        ("${headers.x-event}", r'headers have _ for -: "\$\{headers.x_event\}"'),
        ("${body.my-key}", "a name with a hyphen stands in quotes: '\"my-key\"'"),
        ("${{ body.type }}", r'is not JMESPath: expected "\$\{body.type\}"'),
    ],
)
def test_a_mistake_is_found_when_the_template_is_compiled(text: str, says: str) -> None:
    with pytest.raises(TemplateError, match=says):
        compile_template(text, NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "${body.a.b[*].c.d}",
        "${sort_by(body.list, &key)[0].name}",
        "${body.{x: y}}",
        "${{x: body.a}}",
        "$${{x}} {{",
        "{{} }",
        "${map(&foo, body.l)}",
    ],
)
def test_only_names_at_the_top_have_to_be_in_scope(text: str) -> None:
    compile_template(text, NAMES)


@pytest.mark.parametrize(
    ("text", "prefix"), [("a/${body.b}", ("a/", False)), ("a", ("a", True)), ("${body.b}/a", ("", False))]
)
def test_the_text_before_the_first_placeholder(text: str, prefix: tuple[str, bool]) -> None:
    assert literal_prefix(compile_template(text, NAMES)) == prefix
