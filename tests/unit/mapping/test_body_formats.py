"""A body is read as its route expects: JSON, lines of it, a form, text or a token."""

import json

import httpx
import pytest

from relay.errors import BadRequest
from relay.http import body_formats
from relay.http.request import Request
from tests.conftest import RELAY_TOML, Load
from tests.unit.mapping.mapped import JSON, mapped

FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
MULTIPART = {"content-type": "multipart/form-data; boundary=b"}
FIELD = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'


def with_body(body_format: str, text: str = RELAY_TOML) -> str:
    return text.replace("[route.event]", f'body_format = "{body_format}"\n[route.event]')


def test_a_byte_order_mark_is_not_part_of_the_json(load: Load) -> None:
    [entry] = mapped(load(RELAY_TOML), b'\xef\xbb\xbf{"type":"a"}')
    assert entry.detail == '{"type":"a"}'


def test_a_form_is_an_object_of_its_fields(load: Load) -> None:
    [entry] = mapped(load(with_body("form")), b"type=a&x=1&x=2&empty=&e=%C3%A9", headers=FORM)
    assert json.loads(entry.detail) == {"type": "a", "x": ["1", "2"], "empty": "", "e": "é"}


def test_json_inside_a_form_field_can_be_the_detail(load: Load) -> None:
    config = load(with_body("form") + 'detail = "${body.payload}"')
    [entry] = mapped(config, b"type=a&payload=%7B%22a%22:1%7D", headers=FORM)
    assert entry.detail == '{"a":1}'


@pytest.mark.parametrize(
    ("body_format", "body", "says"),
    [
        ("json", b"", "The body is empty"),
        ("form", b"", "The body is empty"),
        ("json", b"{", "The body is not JSON: .* at character 1"),
        ("json", b'{"a":NaN}', "The body is not JSON: NaN"),
        ("json", b"[" * 1001 + b"]" * 1001, "The body is not JSON: nested more than 1000 levels deep"),
        ("json", b'"\xff"', "The body is not UTF-8: byte 1"),
        ("json-lines", b'{"a":1}\n{', "The body is not JSON"),
        ("json-lines", b"1\n" * 10_001, "The body has more than 10000 lines"),
        ("text", b"\xff", "The body is not UTF-8"),
        ("form", b"\xff", "The body is not UTF-8"),
        ("form", b"a=%FF", "The body is not UTF-8"),
        ("form", b"&a=1" * 1001, "The body is not a form: Max number of fields exceeded"),
        ("multipart", FIELD.replace(b"1", b"\xff") + b"--b--", "The body is not a form: a part is not UTF-8"),
        ("multipart", b"a=1", "The body is not a form: "),
        ("cloudevents", b"{}", "The CloudEvent has no specversion"),
    ],
)
def test_a_body_that_is_not_what_its_route_expects_is_refused(body_format: str, body: bytes, says: str) -> None:
    with pytest.raises(BadRequest, match=says):
        body_formats.parse(Request("POST", "/", "", {}, body, ""), body_format)


@pytest.mark.parametrize("headers", [JSON, MULTIPART, {"content-type": "text/plain"}, {"content-type": "é"}])
def test_what_should_be_a_form_and_is_called_something_else_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadRequest, match="The Content-Type is not application/x-www-form-urlencoded"):
        body_formats.parse(Request("POST", "/", "", headers, b"a=1", ""), "form")


def test_a_form_where_json_is_expected_is_refused_with_the_way_out() -> None:
    with pytest.raises(BadRequest, match='a route for this Content-Type has body_format = "form"'):
        body_formats.parse(Request("POST", "/", "", FORM, b"a=1", ""), "json")


@pytest.mark.parametrize(
    "headers",
    [{}, FORM, MULTIPART, {"content-type": "text/plain; charset=iso-8859-1"}, {"content-type": "a/b; charset=utf-16"}],
)
def test_no_content_type_and_no_charset_makes_something_else_of_json(headers: dict[str, str]) -> None:
    posted = Request("POST", "/", "", headers, '{"a":"x&type=b&é"}'.encode(), "")
    assert body_formats.parse(posted) == ('{"a":"x&type=b&é"}', {"a": "x&type=b&é"})


def test_lines_of_json_are_a_list(load: Load) -> None:
    config = load(
        with_body("json-lines").replace('"${body.type}"', '"${item.type}"') + 'each = "${body}"\ndetail = "${item}"'
    )
    made = mapped(config, b'{"type":"a"}\n\n{"type":"b"}\r\n')
    assert [entry.detail for entry in made] == ['{"type":"a"}', '{"type":"b"}']


def test_text_is_an_object_with_the_text_and_may_be_empty() -> None:
    assert body_formats.parse(Request("POST", "/", "", {}, "ü".encode(), ""), "text")[1] == {"text": "ü"}
    assert body_formats.parse(Request("POST", "/", "", {}, b"", ""), "text")[1] == {"text": ""}


@pytest.mark.parametrize("boundary", ["b", "----WebKitFormBoundary7MA4YWxkTrZu0gW"])
def test_the_fields_of_a_multipart_form_are_the_payload(boundary: str) -> None:
    fields = [("json", '{"a":"ü"}'), ("a", "1"), ("a", "2"), ("none", "")]
    files = [(name, (None, value)) for name, value in fields] + [("file", ("a.txt", "text ☃"))]
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    posted = httpx.Request("POST", "https://relay.example.com", files=files, headers=headers)
    text, value = body_formats.parse(Request("POST", "/", "", headers, posted.read(), ""), "multipart")
    assert value == {"json": '{"a":"ü"}', "a": ["1", "2"], "none": "", "file": "text ☃"} == json.loads(text)


@pytest.mark.parametrize("body", [b"", b"a", b"a.b", b"a.b.c", b"..", b"a.e30.c", b"a.W10.c", "a.é.c".encode()])
def test_a_body_that_is_a_token_gives_its_claims_or_is_refused(body: bytes) -> None:
    posted = Request("POST", "/", "", {"content-type": "application/x-www-form-urlencoded"}, body, "")
    if body in {b"a.e30.c", b"a.W10.c"}:
        assert body_formats.parse(posted, body_formats.JWT)[1] in ({}, [])
    else:
        with pytest.raises(BadRequest):
            body_formats.parse(posted, body_formats.JWT)


@pytest.mark.parametrize("content_type", ["application/problem+json", "application/vnd.acme.v2+json; charset=utf-8"])
def test_other_json_types_are_json(load: Load, content_type: str) -> None:
    assert mapped(load(RELAY_TOML), b'{"type":"a"}', headers={"content-type": content_type})[0].detail == '{"type":"a"}'
