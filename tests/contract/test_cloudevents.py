"""CloudEvents, made by the CloudEvents SDK, in each content mode, signed and not: all end on the bus."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from relay_local.deploy import Customer
from relay_local.process import PARTNER, LocalAws
from relay_local.samples import SIGNERS
from tests.local_bus import REGION, SECRET, Functions, functions

SOURCE = "aws.partner/acme.example/cloudevents/orders"
ROUTE = """
[[route]]
name = "{name}"
path = "/{name}"
preset = "cloudevents"
body_format = "{body}"
origins = ["sender.example"]
auth = {{ {auth} }}
event = {{ source = "aws.partner/acme.example/cloudevents/orders" }}
"""
RELAY_TOML = 'partner = "aws.partner/acme.example"\nregions = ["us-east-1"]\n' + "".join(
    ROUTE.format(name=name, auth=auth, body=body)
    for name, (auth, body) in {
        "signed": ('scheme = "standard-webhooks", secret = "cloudevents/secret"', "cloudevents"),
        "bearer": ('scheme = "bearer", secret = "cloudevents/secret"', "cloudevents"),
        "unsigned": ('scheme = "none"', "cloudevents"),
        "bearer-binary": ('scheme = "bearer", secret = "cloudevents/secret"', "cloudevents-binary"),
        "unsigned-binary": ('scheme = "none"', "cloudevents-binary"),
    }.items()
)


@pytest.fixture(scope="module")
def customer(bus: LocalAws) -> Customer:
    customer = Customer(bus, REGION, queue="cloudevents")
    customer.subscribe([SOURCE])
    return customer


@pytest.fixture(scope="module")
def relay(bus: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Functions]:
    path: Path = tmp_path_factory.mktemp("cloudevents") / "relay.toml"
    path.write_text(RELAY_TOML)
    bus.client("secretsmanager", PARTNER, REGION).create_secret(Name="cloudevents/secret", SecretString=SECRET)
    with functions(bus, path, "cloudevents") as made:
        yield made


def event(number: int, data: Any, **attributes: Any) -> CloudEvent:
    given = {
        "id": f"ö {number}",
        "source": "/orders/acme",
        "type": "com.acme.order.created",
        "subject": "Zoë ☃",
        "time": datetime(2026, 11, 23, 7, 9, 54, tzinfo=UTC),
        "datacontenttype": "application/json",
        "comexampleextension": "1%",
    }
    return CloudEvent({name: value for name, value in (given | attributes).items() if value is not None}, data)


def batch(events: Sequence[CloudEvent]) -> HTTPMessage:
    texts = [JSONFormat().write(one).decode() for one in events]
    return HTTPMessage({"content-type": "application/cloudevents-batch+json"}, f"[{','.join(texts)}]".encode())


MODES = {
    "binary": (to_binary_event(event(1, {"a": ["ü"]})), 1),
    "structured": (to_structured_event(event(1, {"a": ["ü"]})), 1),
    "batched": (batch([event(number, {"a": ["ü"]}) for number in (1, 2, 3)]), 3),
}


def post(relay: Functions, route: str, message: HTTPMessage) -> dict[str, Any]:
    headers = {name.lower(): value for name, value in message.headers.items()}
    if route == "signed":
        headers |= SIGNERS["standard-webhooks"](SECRET, message.body)
    elif route.startswith("bearer"):
        headers |= {"authorization": f"Bearer {SECRET}"}
    return relay.post(f"/{route}", message.body, headers)


@pytest.mark.parametrize(
    ("route", "mode"),
    [
        *((route, mode) for route in ("signed", "bearer", "unsigned") for mode in ("structured", "batched")),
        ("bearer-binary", "binary"),
        ("unsigned-binary", "binary"),
    ],
)
def test_every_mode_ends_on_the_bus_with_its_attributes(
    relay: Functions, customer: Customer, mode: str, route: str
) -> None:
    message, count = MODES[mode]
    answer = post(relay, route, message)
    assert (answer["statusCode"], answer["body"]["accepted"]) == (202, count), answer["body"]
    received = list(customer.received())
    assert [one["detail"]["id"] for one in received] == [f"ö {number}" for number in range(1, count + 1)]
    for one in received:
        assert (one["detail-type"], one["time"]) == ("com.acme.order.created", "2026-11-23T07:09:54Z")
        assert one["resources"] == ["Zoë ☃"]
        assert one["detail"] | {"id": "", "time": ""} == {
            "specversion": "1.0",
            "id": "",
            "source": "/orders/acme",
            "type": "com.acme.order.created",
            "subject": "Zoë ☃",
            "time": "",
            "datacontenttype": "application/json",
            "comexampleextension": "1%",
            "data": {"a": ["ü"]},
        }


@pytest.mark.parametrize("mode", MODES)
def test_without_its_proof_nothing_is_taken(relay: Functions, customer: Customer, mode: str) -> None:
    message, _ = MODES[mode]
    for route in ("signed", "bearer", "bearer-binary"):
        assert relay.post(f"/{route}", message.body, dict(message.headers))["statusCode"] == 401
    assert list(customer.received()) == []


@pytest.mark.parametrize(
    ("data", "content_type", "expected"),
    [
        ("plain", "text/plain", {"data": "plain"}),
        (b"\x00\xff", "application/octet-stream", {"data_base64": "AP8="}),
        ({"a": 1}, "application/vnd.acme+json", {"data": {"a": 1}}),
        (None, None, {}),
    ],
)
def test_data_that_is_not_json_is_kept(
    relay: Functions, customer: Customer, data: Any, content_type: str | None, expected: dict[str, Any]
) -> None:
    binary = to_binary_event(event(1, data, datacontenttype=content_type))
    assert post(relay, "unsigned-binary", binary)["body"]["accepted"] == 1
    [received] = customer.received()
    assert {name: received["detail"][name] for name in received["detail"] if name.startswith("data_")} | (
        {"data": received["detail"]["data"]} if "data" in received["detail"] else {}
    ) == expected


EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "s", "ce-type": "t"}


@pytest.mark.parametrize(
    ("route", "headers", "body", "says"),
    [
        ("unsigned-binary", {}, b"{}", "The CloudEvent has no specversion."),
        ("unsigned-binary", EVENT | {"ce-type": ""}, b"{}", "The CloudEvent has no type."),
        ("unsigned-binary", EVENT | {"ce-specversion": "0.3"}, b"{}", "not of specversion 1.0."),
        ("unsigned-binary", EVENT, b"{", "The body is not JSON"),
        ("unsigned", {}, b"[[]]", "A CloudEvent is not a JSON object."),
        ("unsigned", {}, b"{", "The body is not JSON"),
        ("unsigned", {}, b"{}", "The CloudEvent has no specversion."),
        ("unsigned", {}, b"[1]", "A CloudEvent is not a JSON object."),
        ("unsigned", EVENT, b"{}", 'a route for it has body_format = "cloudevents-binary"'),
    ],
)
def test_what_is_no_cloudevent_is_refused(
    relay: Functions, route: str, headers: dict[str, str], body: bytes, says: str
) -> None:
    answer = relay.post(f"/{route}", body, headers)
    assert answer["statusCode"] == 400
    assert says in answer["body"]["detail"]


def test_an_empty_batch_is_taken_and_makes_no_entry(relay: Functions) -> None:
    answer = relay.post("/unsigned", b"[]", {"content-type": "application/cloudevents-batch+json"})
    assert (answer["statusCode"], answer["body"]["entries"]) == (202, [])


@pytest.mark.parametrize(("origin", "status"), [("sender.example", 200), ("evil.example", 403)])
def test_an_origin_asks_before_it_sends(relay: Functions, origin: str, status: int) -> None:
    answer = relay.post("/signed", b"", {"webhook-request-origin": origin}, method="OPTIONS", parsed=False)
    assert answer["statusCode"] == status
    assert answer["headers"].get("webhook-allowed-origin") == (origin if status == 200 else None)


def test_the_ids_of_a_batch_are_one_delivery_id(relay: Functions, capsys: pytest.CaptureFixture[str]) -> None:
    post(relay, "unsigned", MODES["batched"][0])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    ids = (json.dumps(["/orders/acme", f"ö {number}"], separators=(",", ":")) for number in (1, 2, 3))
    assert {line["webhook_id"] for line in lines if line.get("message") == "entry"} == {" ".join(ids)}
