"""From a Lambda proxy event to the bytes that were posted."""

import base64
from typing import Any

import pytest

from relay.errors import BadRequest, PayloadTooLarge
from relay.http import request
from relay.http.request import MAX_PARAMETERS
from tests.conftest import http_api_event

LIMIT = 1000


def rest_api_event(**changes: Any) -> dict[str, Any]:
    """Payload format 1.0, as a REST API sends it."""
    return {
        "resource": "/github",
        "path": "/github",
        "httpMethod": "POST",
        "headers": {"X-GitHub-Event": "push"},
        "multiValueHeaders": {"X-GitHub-Event": ["push"], "X-Twice": ["a", "b"]},
        "queryStringParameters": {"a": "2", "b": "x y"},
        "multiValueQueryStringParameters": {"a": ["1", "2"], "b": ["x y"]},
        "requestContext": {"requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", "stage": "prod"},
        "body": '{"é": 1}',
        "isBase64Encoded": False,
        **changes,
    }


def test_format_2_gives_the_decoded_body_and_lower_case_headers() -> None:
    posted = request.parse_event(http_api_event("/github", b"\x00\xff", {"X-Header": "Value"}, query="a=1"), LIMIT)
    assert (posted.method, posted.path, posted.query) == ("POST", "/github", "a=1")
    assert posted.body == b"\x00\xff"
    assert posted.headers == {"x-header": "Value"}
    assert posted.request_id == "JKJaXmPLvHcESHA="


def test_format_1_gives_the_same_request_with_repeated_headers_joined() -> None:
    posted = request.parse_event(rest_api_event(), LIMIT)
    assert (posted.method, posted.path, posted.query) == ("POST", "/github", "a=1&a=2&b=x+y")
    assert posted.body == '{"é": 1}'.encode()
    assert posted.headers == {"x-github-event": "push", "x-twice": "a,b"}
    assert posted.request_id == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"


def test_format_1_without_multi_value_fields_uses_the_single_ones() -> None:
    event = rest_api_event(multiValueHeaders=None, multiValueQueryStringParameters=None)
    posted = request.parse_event(event, LIMIT)
    assert (posted.headers, posted.query) == ({"x-github-event": "push"}, "a=2&b=x+y")


def test_a_named_stage_is_not_part_of_the_path() -> None:
    assert request.parse_event(http_api_event("/prod/github", stage="prod"), LIMIT).path == "/github"
    assert request.parse_event(http_api_event("/production", stage="prod"), LIMIT).path == "/production"


@pytest.mark.parametrize(
    "names", [("x_signature", "X-Signature"), ("X-Signature", "x_signature"), ("X-Signature", "x-s\u0131gnature")]
)
@pytest.mark.parametrize("several", [True, False])
def test_a_header_has_one_spelling_so_another_is_dropped(names: tuple[str, str], several: bool) -> None:
    values = {name: "genuine" if name == "X-Signature" else "forged" for name in names}
    event = rest_api_event(
        headers=values, multiValueHeaders={name: [value] for name, value in values.items()} if several else None
    )
    posted = request.parse_event(event, LIMIT)
    assert posted.headers == {"x-signature": "genuine"}
    assert posted.named_headers == {"x_signature": "genuine"}


@pytest.mark.parametrize("name", ["x\u212aey", "x.key", "x key", "", "x-key\n", "x-k\u00e9y", "x'key"])
def test_a_header_whose_name_nginx_would_not_pass_on_is_dropped(name: str) -> None:
    event = http_api_event("/github") | {"headers": {name: "a", "X-Key": "b"}}
    assert request.parse_event(event, LIMIT).headers == {"x-key": "b"}


def test_a_header_that_came_twice_in_different_case_is_a_repeated_header() -> None:
    event = rest_api_event(multiValueHeaders={"X-A": ["1", "2"], "x-a": ["3"]})
    assert request.parse_event(event, LIMIT).headers == {"x-a": "1,2,3"}


ODD_OBJECTS: list[Any] = [{"a": None}, {"a": [None]}, {"a": {}}, ["a"], {1: ["a"]}, {"a": [[]]}, {"a": [1]}]
EVENTS_OF_NOBODY: list[Any] = [
    *(None, [], "text", 1, {}, {"requestContext": None}, {"requestContext": []}, {"requestContext": {"http": None}}),
    *(http_api_event("/a") | {name: value} for name in ("rawPath", "headers", "body") for value in (1, ["a"], True)),
    *(http_api_event("/a") | {"rawPath": None}, http_api_event("/a") | {"headers": {"a": None}}),
    *(rest_api_event(**{name: None}) for name in ("httpMethod", "path")),
    *(rest_api_event(**{name: 1.5}) for name in ("httpMethod", "path", "requestContext", "body")),
    *(rest_api_event(multiValueHeaders=several) for several in ODD_OBJECTS),
    *(rest_api_event(multiValueQueryStringParameters=several) for several in ODD_OBJECTS),
]


@pytest.mark.parametrize("event", EVENTS_OF_NOBODY)
def test_an_event_that_api_gateway_never_sends_is_a_bad_request(event: Any) -> None:
    with pytest.raises(BadRequest, match="not one of API Gateway"):
        request.parse_event(event, LIMIT)


@pytest.mark.parametrize(
    "event",
    [
        *(
            http_api_event("/\ud800"),
            http_api_event("/a", query="\udfff"),
            http_api_event("/a", headers={"a": "\ud800"}),
        ),
        *(http_api_event("/a", headers={"\ud800": "a"}), http_api_event("/a", method="\ud800")),
        http_api_event("/a") | {"body": "\ud800", "isBase64Encoded": False},
        rest_api_event(multiValueQueryStringParameters={"a": ["\ud800"]}),
    ],
)
def test_a_lone_surrogate_which_json_can_spell_and_http_cannot_is_a_bad_request(event: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match="lone surrogate"):
        request.parse_event(event, LIMIT)


@pytest.mark.parametrize("event", EVENTS_OF_NOBODY)
def test_the_request_id_of_any_event_is_text(event: Any) -> None:
    assert request.request_id(event) in ("", "JKJaXmPLvHcESHA=", "c6af9ac6-7b61-11e6-9a41-93e8deadbeef")


@pytest.mark.parametrize("odd", [None, 1, {}, "a\nb", "\ud800"])
def test_a_request_id_that_cannot_be_printed_is_none(odd: Any) -> None:
    assert request.request_id({"requestContext": {"requestId": odd}}) == ""


def test_a_query_has_so_many_parameters_and_no_more() -> None:
    query = "&".join(["a=1"] * MAX_PARAMETERS)
    assert request.parse_event(http_api_event("/a", query=query), LIMIT).query == query
    for more in ("&", "&a=1", "&a" * 100_000):
        with pytest.raises(BadRequest, match="more than 1000 parameters"):
            request.parse_event(http_api_event("/a", query=query + more), LIMIT)


def test_a_missing_body_is_empty() -> None:
    assert request.parse_event(http_api_event("/github") | {"body": None, "isBase64Encoded": False}, LIMIT).body == b""


@pytest.mark.parametrize("body", ["not base64!", "YQ", "é"])
def test_a_body_that_is_flagged_as_base64_and_is_not_is_refused(body: str) -> None:
    event = http_api_event("/github")
    event["body"] = body
    with pytest.raises(BadRequest, match="base64"):
        request.parse_event(event, LIMIT)


@pytest.mark.parametrize("flagged", [True, False])
def test_a_body_over_the_limit_is_refused_and_one_of_exactly_the_limit_is_not(flagged: bool) -> None:
    def event(size: int) -> dict[str, Any]:
        body = base64.b64encode(b"x" * size).decode() if flagged else "x" * size
        return http_api_event("/github") | {"body": body, "isBase64Encoded": flagged}

    assert len(request.parse_event(event(LIMIT), LIMIT).body) == LIMIT
    for size in (LIMIT + 1, LIMIT + 2, 10 * LIMIT):
        with pytest.raises(PayloadTooLarge, match="1000 bytes"):
            request.parse_event(event(size), LIMIT)


def test_a_method_in_lower_case_is_the_method() -> None:
    assert request.parse_event(rest_api_event(httpMethod="post"), LIMIT).method == "POST"


@pytest.mark.parametrize("event", [http_api_event("/github"), rest_api_event()])
def test_what_the_gateway_leaves_null_is_empty(event: dict[str, Any]) -> None:
    names = ["headers", "multiValueHeaders", "body", "rawQueryString"]
    names += ["queryStringParameters", "multiValueQueryStringParameters"]
    parsed = request.parse_event({**event, **dict.fromkeys(names)}, LIMIT)
    assert (parsed.headers, parsed.query, parsed.body) == ({}, "", b"")


@pytest.mark.parametrize("value", ["Text/JSON", " text/json ;charset=utf-8", "text/json"])
def test_a_media_type_is_lower_case_without_spaces_and_parameters(value: str) -> None:
    assert request.Request("POST", "/", "", {"content-type": value}, b"", "").content_type == "text/json"
