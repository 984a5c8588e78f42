"""From a Lambda proxy event to the bytes that were posted."""

import base64
from typing import Any

import pytest

from relay import request
from relay.errors import BadRequest, PayloadTooLarge
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
    posted = request.parse(http_api_event("/github", b"\x00\xff", {"X-Header": "Value"}, query="a=1"), LIMIT)
    assert (posted.method, posted.path, posted.query) == ("POST", "/github", "a=1")
    assert posted.body == b"\x00\xff"
    assert posted.headers == {"x-header": "Value"}
    assert posted.request_id == "JKJaXmPLvHcESHA="


def test_format_1_gives_the_same_request_with_repeated_headers_joined() -> None:
    posted = request.parse(rest_api_event(), LIMIT)
    assert (posted.method, posted.path, posted.query) == ("POST", "/github", "a=1&a=2&b=x+y")
    assert posted.body == '{"é": 1}'.encode()
    assert posted.headers == {"x-github-event": "push", "x-twice": "a,b"}
    assert posted.request_id == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"


def test_format_1_without_multi_value_fields_uses_the_single_ones() -> None:
    event = rest_api_event(multiValueHeaders=None, multiValueQueryStringParameters=None)
    posted = request.parse(event, LIMIT)
    assert (posted.headers, posted.query) == ({"x-github-event": "push"}, "a=2&b=x+y")


def test_a_named_stage_is_not_part_of_the_path() -> None:
    assert request.parse(http_api_event("/prod/github", stage="prod"), LIMIT).path == "/github"
    assert request.parse(http_api_event("/production", stage="prod"), LIMIT).path == "/production"


def test_a_missing_body_is_empty() -> None:
    assert request.parse(http_api_event("/github") | {"body": None, "isBase64Encoded": False}, LIMIT).body == b""


@pytest.mark.parametrize("body", ["not base64!", "YQ", "é"])
def test_a_body_that_is_flagged_as_base64_and_is_not_is_refused(body: str) -> None:
    event = http_api_event("/github")
    event["body"] = body
    with pytest.raises(BadRequest, match="base64"):
        request.parse(event, LIMIT)


@pytest.mark.parametrize("flagged", [True, False])
def test_a_body_over_the_limit_is_refused_and_one_of_exactly_the_limit_is_not(flagged: bool) -> None:
    def event(size: int) -> dict[str, Any]:
        body = base64.b64encode(b"x" * size).decode() if flagged else "x" * size
        return http_api_event("/github") | {"body": body, "isBase64Encoded": flagged}

    assert len(request.parse(event(LIMIT), LIMIT).body) == LIMIT
    for size in (LIMIT + 1, LIMIT + 2, 10 * LIMIT):
        with pytest.raises(PayloadTooLarge, match="1000 bytes"):
            request.parse(event(size), LIMIT)
