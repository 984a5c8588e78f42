"""An authentic webhook becomes entries."""

import json
from datetime import UTC, datetime

import pytest

from relay.errors import MappingError
from relay.mapping.parsed_webhook import parse_webhook
from tests.conftest import NOW, RELAY_TOML, Load
from tests.unit.mapping.mapped import JSON, mapped, webhook, with_event


def test_the_detail_is_the_body_as_it_was_sent(load: Load) -> None:
    body = '{ "type":"order.created",\n "n": 1.50, "s": "Zo\\u00eb ☃", "big": 12345678901234567890 }'
    for config in (load(RELAY_TOML), with_event(load, detail="${body}")):
        [entry] = mapped(config, body.encode())
        assert entry.detail == body
        assert (entry.source, entry.detail_type) == ("aws.partner/acme.example/c42/orders", "order.created")
        assert (entry.time, entry.region, entry.resources) == (NOW, "us-east-1", ())


def test_each_makes_an_entry_of_every_element_in_order(load: Load) -> None:
    config = with_event(load, each="${body.events}", detail="${item}", time="${item.at}", resources="${item.arns}")
    body = {"type": "batch", "events": [{"at": 1795417794, "arns": ["a", "b"], "é": n} for n in range(3)]}
    entries = mapped(config, json.dumps(body).encode())
    assert [json.loads(entry.detail)["é"] for entry in entries] == [0, 1, 2]
    assert entries[0].time == datetime.fromtimestamp(1795417794, UTC)
    assert entries[0].resources == ("a", "b")
    assert mapped(config, b'{"type":"batch","events":[]}') == []


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
    ("body", "made"),
    [("true", 1), ("0", 1), ('"x"', 1), ("[0]", 1), ("false", 0), ('""', 0), ("[]", 0), ("{}", 0), ("null", 0)],
)
def test_when_is_true_as_in_jmespath(load: Load, body: str, made: int) -> None:
    assert len(mapped(with_event(load, when="${body.go}"), f'{{"type":"a","go":{body}}}'.encode())) == made


def test_when_is_asked_of_each_element(load: Load) -> None:
    config = with_event(load, each="${body.events}", when="${item.go && body.all}", detail="${item}")
    body = b'{"type":"a","all":true,"events":[{"n":"1","go":true},{"n":"2"},{"n":"3","go":true}]}'
    assert [json.loads(entry.detail)["n"] for entry in mapped(config, body)] == ["1", "3"]
