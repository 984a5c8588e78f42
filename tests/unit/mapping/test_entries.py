"""An authentic webhook becomes entries."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from relay.config.model import Config
from relay.entry import Entry
from relay.errors import BadRequest, ConfigError, MappingError, PayloadTooLarge
from relay.http import body_formats
from relay.http.request import Request
from relay.mapping.claim_check import ClaimCheckStore
from relay.mapping.entries import to_entries
from relay.mapping.parsed_webhook import ParsedWebhook, parse_webhook
from relay.pipeline.accept import accept
from relay.webhook import Webhook
from relay_local.samples import SIGNERS
from tests import doubles
from tests.conftest import NOW, RELAY_TOML, Load, http_api_event
from tests.doubles import never

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
MULTIPART = {"content-type": "multipart/form-data; boundary=b"}
FIELD = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'


def webhook(config: Config, body: bytes, headers: dict[str, str] = JSON, query: str = "") -> Webhook:
    posted = Request("POST", "/orders/c42", query, headers, body, "request-1")
    return Webhook.unverified(config.routes[0], posted, {"customer": "c42"}, NOW)


def mapped(config: Config, body: bytes, **about: Any) -> list[Entry]:
    authentic = webhook(config, body, **about)
    return to_entries(parse_webhook(authentic), config, lambda entry, _: entry)


def with_body(body_format: str, text: str = RELAY_TOML) -> str:
    return text.replace("[route.event]", f'body_format = "{body_format}"\n[route.event]')


def with_event(load: Load, **templates: str) -> Config:
    lines = [f"{name} = {json.dumps(template)}" for name, template in templates.items()]
    return load(RELAY_TOML + "\n".join(lines))


def test_the_detail_is_the_body_as_it_was_sent(load: Load) -> None:
    body = '{ "type":"order.created",\n "n": 1.50, "s": "Zo\\u00eb ☃", "big": 12345678901234567890 }'
    for config in (load(RELAY_TOML), with_event(load, detail="${body}")):
        [entry] = mapped(config, body.encode())
        assert entry.detail == body
        assert (entry.source, entry.detail_type) == ("aws.partner/acme.example/c42/orders", "order.created")
        assert (entry.time, entry.region, entry.resources) == (NOW, "us-east-1", ())


def test_a_byte_order_mark_is_not_part_of_the_json(load: Load) -> None:
    [entry] = mapped(load(RELAY_TOML), b'\xef\xbb\xbf{"type":"a"}')
    assert entry.detail == '{"type":"a"}'


def test_each_makes_an_entry_of_every_element_in_order(load: Load) -> None:
    config = with_event(load, each="${body.events}", detail="${item}", time="${item.at}", resources="${item.arns}")
    body = {"type": "batch", "events": [{"at": 1795417794, "arns": ["a", "b"], "é": n} for n in range(3)]}
    entries = mapped(config, json.dumps(body).encode())
    assert [json.loads(entry.detail)["é"] for entry in entries] == [0, 1, 2]
    assert entries[0].time == datetime.fromtimestamp(1795417794, UTC)
    assert entries[0].resources == ("a", "b")
    assert mapped(config, b'{"type":"batch","events":[]}') == []


def test_a_form_is_an_object_of_its_fields(load: Load) -> None:
    [entry] = mapped(load(with_body("form")), b"type=a&x=1&x=2&empty=&e=%C3%A9", headers=FORM)
    assert json.loads(entry.detail) == {"type": "a", "x": ["1", "2"], "empty": "", "e": "é"}


def test_json_inside_a_form_field_can_be_the_detail(load: Load) -> None:
    config = load(with_body("form") + 'detail = "${body.payload}"')
    [entry] = mapped(config, b"type=a&payload=%7B%22a%22:1%7D", headers=FORM)
    assert entry.detail == '{"a":1}'


def test_every_name_is_in_scope(load: Load) -> None:
    detail = "${ {b: body.type, h: headers.x_event, p: path.customer, q: query.a, i: delivery_id, r: received_at} }"
    headers = JSON | {"x-event": "push", "webhook-id": "msg_1"}
    [entry] = mapped(with_event(load, detail=detail), b'{"type":"t"}', headers=headers, query="a=1&a=2")
    expected = {"b": "t", "h": "push", "p": "c42", "q": "1,2", "i": "msg_1", "r": "2026-11-23T07:09:54Z"}
    assert json.loads(entry.detail) == expected


@pytest.mark.parametrize("headers", [{}, {"webhook-id": ""}, {"webhook-id": "\ud800"}, {"webhook-id": "a\nb"}])
def test_without_a_usable_delivery_id_the_request_id_is_the_id(load: Load, headers: dict[str, str]) -> None:
    assert parse_webhook(webhook(load(RELAY_TOML), b"{}", headers)).id == "request-1"


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ('"2026-11-23T08:09:54+01:00"', NOW),
        ('"2026-11-23T07:09:54.123456789Z"', NOW.replace(microsecond=123456)),
        ("1795417794", NOW),
        ("1795417794.0", NOW),
        ('"1795417794"', NOW),
    ],
)
def test_a_time_is_rfc_3339_or_epoch_seconds(load: Load, time: str, expected: datetime) -> None:
    [entry] = mapped(with_event(load, time="${body.at}"), f'{{"type":"a","at":{time}}}'.encode())
    assert entry.time == expected


@pytest.mark.parametrize("time", ['"2026-11-23T07:09:54"', '"yesterday"', "true", "1e300", "null", "[]", '"٣"'])
def test_another_time_is_a_mapping_error(load: Load, time: str) -> None:
    with pytest.raises(MappingError, match=r'route "orders", event.time: \$\{body.at\} is '):
        mapped(with_event(load, time="${body.at}"), f'{{"type":"a","at":{time}}}'.encode())


@pytest.mark.parametrize(
    ("templates", "body", "says"),
    [
        ({}, b"{}", r"event.detail_type: \$\{body.type\} is null or missing"),
        (
            {"each": "${body.events}"},
            b'{"type":"a"}',
            r"event.each: \$\{body.events\} is null or missing; expected a list",
        ),
        ({"resources": "${body.r}"}, b'{"type":"a","r":[1]}', r"event.resources: .* is a list of other things"),
        (
            {"region": "${body.r}"},
            b'{"type":"a","r":"us-west-2"}',
            "event.region: expected one of us-east-1, eu-west-1",
        ),
        ({"detail": "${body.d}"}, b'{"type":"a","d":"x"}', r"event.detail: \$\{body.d\} is not JSON"),
        ({"detail": "${body.d}"}, b'{"type":"a","d":1e400}', r"event.detail: \$\{body.d\} is not JSON"),
        ({}, b'{"type":"\\ud800"}', "a lone surrogate"),
    ],
)
def test_a_value_that_cannot_be_used_is_a_mapping_error(
    load: Load, templates: dict[str, str], body: bytes, says: str
) -> None:
    with pytest.raises(MappingError, match=says):
        mapped(with_event(load, **templates), body)


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


def test_an_entry_over_the_limit_is_refused_before_anything_is_sent(load: Load) -> None:
    config = load('limits = { entry = "100 B" }\n' + RELAY_TOML)
    with pytest.raises(PayloadTooLarge, match="at most 100 are allowed"):
        mapped(config, b'{"type":"a","x":"' + b"x" * 100 + b'"}')


def test_an_entry_of_a_mebibyte_is_refused_and_one_of_a_byte_less_is_not(load: Load) -> None:
    """EventBridge takes *less than* 1 MiB, so relay.toml cannot allow that much either."""
    with pytest.raises(ConfigError, match=r'limits.entry: expected a size from "1 B" to "1048575 B"'):
        load('limits = { entry = "1 MiB" }\n' + RELAY_TOML)
    config = load('limits = { body = "2 MB", entry = "1048575 B" }\n' + RELAY_TOML)

    def padded(characters: int) -> list[Entry]:
        return mapped(config, b'{"type":"a","x":"' + b"x" * characters + b'"}')

    [empty] = padded(0)
    [largest] = padded(1_048_575 - empty.size)
    assert largest.size == 1_048_575
    with pytest.raises(PayloadTooLarge, match="An entry has 1048576 bytes; at most 1048575 are allowed"):
        padded(1_048_576 - empty.size)


@pytest.mark.parametrize(
    ("body", "made"),
    [("true", 1), ("0", 1), ('"x"', 1), ("[0]", 1), ("false", 0), ('""', 0), ("[]", 0), ("{}", 0), ("null", 0)],
)
def test_when_is_true_as_in_jmespath(load: Load, body: str, made: int) -> None:
    assert len(mapped(with_event(load, when="${body.go}"), f'{{"type":"a","go":{body}}}'.encode())) == made


def test_when_is_asked_of_each_element(load: Load) -> None:
    config = with_event(load, each="${body.events}", when="${item.go && body.all}", detail="${item}")
    body = b'{"type":"a","all":true,"events":[{"n":"1","go":true},{"n":"2"},{"n":"3","go":true}]}'
    assert [json.loads(entry.detail)["n"] for entry in mapped(config, body)] == ["1", "3"]


@pytest.mark.parametrize("content_type", ["application/problem+json", "application/vnd.acme.v2+json; charset=utf-8"])
def test_other_json_types_are_json(load: Load, content_type: str) -> None:
    assert mapped(load(RELAY_TOML), b'{"type":"a"}', headers={"content-type": content_type})[0].detail == '{"type":"a"}'


def test_a_webhook_of_more_entries_than_allowed_is_too_large(load: Load) -> None:
    templates = 'each = "${body.events}"\nwhen = "${item.n > `1`}"\ndetail = "${item}"\n'
    config = load("limits = { entries = 3 }\n" + RELAY_TOML + templates)
    body = {"type": "a", "events": [{"n": n} for n in range(5)]}
    assert len(mapped(config, json.dumps(body).encode())) == 3
    body["events"] = [{"n": n} for n in range(6)]
    with pytest.raises(PayloadTooLarge, match="more than 3 entries"):
        mapped(config, json.dumps(body).encode())
    assert load(RELAY_TOML).limits.entries == 5000


def test_of_a_webhook_with_too_many_elements_no_more_are_looked_at_than_it_takes_to_know(load: Load) -> None:
    """Half a million elements in a megabyte: the entries of none of them are made."""
    config = load(RELAY_TOML + 'each = "${body.events}"\n')
    authentic = webhook(config, b"{}")
    scope = {"body": {"type": "a", "events": OnlySoMany(config.limits.entries + 1)}, "path": {"customer": "c42"}}
    with pytest.raises(PayloadTooLarge):
        to_entries(ParsedWebhook(authentic, "{}", scope), config, lambda entry, _: entry)


class OnlySoMany(list[int]):
    """A list of a million elements, most of which nobody may look at."""

    def __init__(self, most: int) -> None:
        super().__init__([0] * 1_000_000)
        self._most = most

    def __iter__(self) -> Iterator[int]:
        for _ in range(self._most):
            yield 0
        raise AssertionError("one element too many was looked at")


@pytest.mark.parametrize("detail", ["${body}", "${ {n: item, batch: body.batch} }"])
def test_a_webhook_whose_entries_are_too_large_together_is_too_large(load: Load, detail: str) -> None:
    """Each of them is small enough, and so is their number."""
    config = with_event(load, each="${body.events}", detail=detail)
    body = {"type": "a", "batch": "x" * 900_000, "events": [1] * 30}
    assert len(mapped(config, json.dumps(body).encode())) == 30
    body["events"] = [1] * 40
    with pytest.raises(PayloadTooLarge, match="more than 33554432 bytes in all"):
        mapped(config, json.dumps(body).encode())


def test_of_a_webhook_with_too_many_entries_nothing_is_put_and_nothing_stored(load: Load) -> None:
    config = load(RELAY_TOML + 'each = "${body.events}"\n')
    body = b'{"type":"a","events":[' + b"0," * config.limits.entries + b"0]}"
    signed = SIGNERS["standard-webhooks"](SECRET, body)
    services = doubles.services(
        config, read_secret=lambda _: [SECRET], send=never, store=never, claim_checks=ClaimCheckStore(never, never, 1)
    )
    response, _ = accept(http_api_event("/orders/c42", body, signed), services, datetime.now(UTC), lambda: 29)
    assert response["statusCode"] == 413
