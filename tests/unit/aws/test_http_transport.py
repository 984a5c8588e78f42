"""Errors of AWS are read as botocore reads them."""

import json
from typing import Any

import pytest
from botocore.parsers import JSONParser
from hypothesis import given
from hypothesis import strategies as st

from relay.aws import http_transport
from relay.aws.connection import HttpResponse

TEXTS = st.text(max_size=12)
BODIES = st.one_of(
    st.binary(max_size=40).map(lambda noise: b"{" + noise),
    st.sampled_from([b"", b" ", b"<html><body>Http/1.1 Service Unavailable</body></html>", b"not JSON"]),
    st.fixed_dictionaries(
        {},
        optional={
            "__type": st.one_of(
                TEXTS, st.sampled_from(["a.b#ThrottlingException", "ThrottlingException:http://x", "ns#A:b"])
            ),
            "message": TEXTS,
            "Message": TEXTS,
        },
    ).map(lambda body: json.dumps(body).encode()),
)


def is_text(body: bytes) -> bool:
    """Botocore's parser raises UnicodeDecodeError for the rest."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(status=st.sampled_from([400, 403, 404, 413, 429, 500, 502, 503, 599]), body=BODIES.filter(is_text))
def test_an_error_is_read_as_botocore_reads_it(status: int, body: bytes) -> None:
    parser: Any = JSONParser()
    theirs = parser.parse({"status_code": status, "headers": {}, "body": body}, None)["Error"]
    mine = http_transport.parse_error(HttpResponse(status, {}, body))
    assert (mine.code, mine.message) == (theirs["Code"], theirs["Message"])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "ThrottlingException"),
        (b'{"message":"slow"}', "ThrottlingException"),
        (b"<html></html>", "ThrottlingException"),
        (b'{"__type":"a#OtherException"}', "OtherException"),
    ],
)
@pytest.mark.parametrize("status", [400, 503])
def test_an_error_whose_body_does_not_name_it_is_what_its_header_says(status: int, body: bytes, code: str) -> None:
    headers = {"x-amzn-ErrorType": "aws.events#ThrottlingException:http://internal.amazon.com/"}
    assert http_transport.parse_error(HttpResponse(status, headers, body)).code == code


def test_an_error_carries_the_request_id_that_support_asks_for() -> None:
    body = b'{"__type":"ThrottlingException","message":"slow"}'
    failed = http_transport.parse_error(HttpResponse(400, {"x-amzn-RequestId": "1-2"}, body))
    assert failed.request_id == "1-2"
    assert (failed.message, str(failed)) == (
        "slow (AWS request id 1-2)",
        "ThrottlingException: slow (AWS request id 1-2)",
    )
