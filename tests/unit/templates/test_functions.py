"""The functions of templates: what they give, and what is a mistake in relay.toml or of a payload."""

from typing import Any

import pytest

from relay.errors import MappingError
from relay.templates.functions import MAX_PARTS, MAX_TEXT
from relay.templates.template import TemplateError, compile_template

BODY: dict[str, Any] = {
    "email": "Jane@Example.com",
    "card": "4242424242424242",
    "pin": "123",
    "created": 1795331396,
    "at": "2026-11-22T08:09:56+01:00",
    "n": 5,
    "long": "a" * (MAX_TEXT + 1),
    "many": "," * MAX_PARTS,
    "lone": "\ud800",
    "people": [{"name": "a", "home": {"street": "s", "city": "c"}}, {"home": "unknown"}, [{"name": "b", "id": 1}]],
    "home.street": "s",
}


def value(expression: str) -> Any:
    return compile_template(f"${{{expression}}}", ["body"]).value({"body": BODY})


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("mask(body.card)", "****4242"),
        ("mask(body.pin)", "****"),
        ("lower(body.email)", "jane@example.com"),
        ("split(body.email, '@')[1]", "Example.com"),
        ("date(body.created, '%Y-%m-%dT%H:%M:%SZ')", "2026-11-22T07:09:56Z"),
        ("date(body.at, '%H %%')", "07 %"),
        ("date('1795331396', '%Y')", "2026"),
        ("omit(body.people, ['name', 'home.street'])", [{"home": {"city": "c"}}, {"home": "unknown"}, [{"id": 1}]]),
        ("omit(body, ['home.street']).\"home.street\"", None),
        ('omit({a: `1`, b: `2`}, `["a"]`)', {"b": 2}),
        ("body.people[*].omit(@, ['home'])", [{"name": "a"}, {}, [{"name": "b", "id": 1}]]),
        ("body.missing | omit(@, ['a'])", None),
        *((f"{call}", None) for call in ("sha256(body.x)", "mask(body.x)", "lower(body.x)", "omit(body.x, ['a'])")),
        *((f"{call}", None) for call in ("split(body.x, ',')", "date(body.x, '%Y')")),
    ],
)
def test_a_function_gives_its_value_and_null_for_what_is_missing(expression: str, expected: Any) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("sha256(body.n)", r"sha256\(\) got number, expected string or null"),
        ("mask(body.people)", r"mask\(\) got array, expected string or null"),
        ("omit(body.email, ['a'])", r"omit\(\) got string, expected object or array or null"),
        ("sha256(body.long)", "more than 65536 characters"),
        ("lower(body.long)", "more than 65536 characters"),
        ("split(body.long, ',')", "more than 65536 characters"),
        ("split(body.many, ',')", "more than 1000 parts"),
        ("sha256(body.lone)", "UnicodeEncodeError"),
        ("date(body.email, '%Y')", "no RFC 3339 time"),
        ("date('2026-11-22T08:09:56', '%Y')", "no RFC 3339 time"),
        ("date(`1e30`, '%Y')", "no RFC 3339 time"),
    ],
)
def test_a_value_that_does_not_fit_is_a_mapping_error_without_the_value(expression: str, says: str) -> None:
    with pytest.raises(MappingError, match=says) as error:
        value(expression)
    assert expression in str(error.value)
    assert "Jane" not in str(error.value)


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("lower(body.email, 'a')", r"lower\(\): expected 1 arguments, got 2"),
        ("length()", r"length\(\): expected 1 arguments, got 0"),
        ("not_null()", r"not_null\(\): expected 1 or more arguments, got 0"),
        ("body.people[?lower(`5`) == 'a']", r"argument 1 of lower\(\) is number, expected string or null"),
        ("join(`1`, body.people)", r"argument 1 of join\(\) is number, expected string"),
        ("omit(body, body.people)", r"argument 2 of omit\(\): expected a list of paths that are written here"),
        ("omit(body, [body.email])", r"argument 2 of omit\(\): expected a list of paths"),
        ("omit(body, ['a..b'])", r"argument 2 of omit\(\): expected a list of paths"),
        ("omit(body, 'email')", r"argument 2 of omit\(\) is string, expected array or null"),
        ("omit(body, `null`)", r"argument 2 of omit\(\): expected a list of paths"),
        ("split(body.email, '')", r"argument 2 of split\(\): expected a separator"),
        ("split(body.email, body.n)", r"argument 2 of split\(\): expected a separator"),
        ("date(body.created, '%y')", r"argument 2 of date\(\): expected a layout"),
        ("date(body.created, '100%')", r"argument 2 of date\(\): expected a layout"),
        ("hmac(body.email, 'key')", 'no function "hmac"'),
    ],
)
def test_a_call_that_fails_whatever_the_payload_is_found_when_it_is_compiled(expression: str, says: str) -> None:
    with pytest.raises(TemplateError, match=says):
        value(expression)
