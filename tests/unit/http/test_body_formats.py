"""A body is parsed once for each format, however many templates, handshakes and schemes read it."""

import pytest

from relay.auth.redaction import redact
from relay.auth.shared_secret import SharedSecretScheme
from relay.errors import BadRequest
from relay.http import body_formats
from relay.http.body_formats import CLOUDEVENTS_BINARY, FORM, JSON, JSON_LINES, JSON_SEQ
from relay.http.request import Request
from relay.templates.template import compile_template


def request(body: bytes = b'{"key":"secret","id":"a=1"}', **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("POST", "/", "", named, body, "")


def scheme(token: str) -> SharedSecretScheme:
    return SharedSecretScheme(None, "api-key", compile_template(token, ["headers", "body"]))


def test_a_body_is_parsed_once_for_each_format() -> None:
    webhook = request()
    assert body_formats.parse(webhook) is body_formats.parse(webhook, JSON)
    assert body_formats.parse(webhook, FORM)[1] == {'{"key":"secret","id":"a': '1"}'}


def test_a_request_without_its_proof_is_not_parsed_again() -> None:
    webhook = request(x_key="other")
    redacted = redact(webhook, scheme("${headers.x_key}"), JSON)
    assert "x-key" not in redacted.headers
    assert body_formats.parse(webhook) is not body_formats.parse(redacted)  # nothing was parsed before
    assert body_formats.parse(webhook) is body_formats.parse(redact(webhook, scheme("${headers.x_key}"), JSON))


def test_a_body_from_which_the_secret_was_removed_is_parsed_again() -> None:
    webhook = request()
    assert body_formats.parse(webhook)[1]["key"] == "secret"
    redacted = redact(webhook, scheme("${body.key}"), JSON)
    assert body_formats.parse(redacted)[1]["key"] == "removed-by-the-relay"


def test_a_binary_cloudevent_is_parsed_again_when_a_header_of_it_was_the_proof() -> None:
    attributes = {"ce_specversion": "1.0", "ce_id": "1", "ce_source": "/a", "ce_type": "t", "ce_key": "secret"}
    webhook = request(b"", **attributes)
    assert body_formats.parse(webhook, CLOUDEVENTS_BINARY)[1][0]["key"] == "secret"
    redacted = redact(webhook, scheme("${headers.ce_key}"), CLOUDEVENTS_BINARY)
    assert "key" not in body_formats.parse(redacted, CLOUDEVENTS_BINARY)[1][0]


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'\x1e{"a":1}\n\x1e{"a":2}\n', [{"a": 1}, {"a": 2}]),
        (b'\x1e{"a":\n1}', [{"a": 1}]),  # a text may have several lines
        (b"\x1e\x1e1\n\x1e\n", [1]),
        (b"\x1e", []),
    ],
)
def test_a_json_text_sequence_is_a_list_of_its_texts(body: bytes, value: list[object]) -> None:
    assert body_formats.parse(request(body), JSON_SEQ)[1] == value


@pytest.mark.parametrize("body", [b'{"a":1}', b'\n\x1e{"a":1}', b'\x1e{"a":', b"\x1e{} {}", b"\x1e1" * 10_001])
def test_what_is_no_json_text_sequence_is_refused_and_none_of_it_is_read(body: bytes) -> None:
    with pytest.raises(BadRequest):
        body_formats.parse(request(body), JSON_SEQ)


def test_an_array_is_one_of_json_lines() -> None:
    assert body_formats.parse(request(b"[1,2]"), JSON_LINES)[1] == [[1, 2]]
    with pytest.raises(BadRequest):
        body_formats.parse(request(b"[1,\n2]"), JSON_LINES)
