"""The real handler, with its real adapters, against the local partner bus, SQS and SecretStore Manager."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from relay.aws.secrets import REFUSE_SECONDS, SecretStore
from relay.delivery.undelivered import Queue
from relay.errors import Unauthorized
from relay_local.deploy import CUSTOMER, Customer
from relay_local.process import PARTNER, LocalAws
from relay_local.samples import SIGNERS
from tests.local_bus import REGION, SECRET, Functions, functions

SOURCE = "aws.partner/acme.example/handler/orders"
RELAY_TOML = """
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
limits = { body = "2 kB", entry = "1500 B" }
[[route]]
name = "orders"
path = "/orders/{customer}"
auth = { scheme = "standard-webhooks", secret = "handler/orders" }
event = { source = "aws.partner/acme.example/${body.customer || 'handler'}/orders", detail_type = "${body.type}" }
[[route]]
name = "batch"
path = "/batch"
retry_for = "0 s"
auth = { scheme = "standard-webhooks", secret = "ssm:/handler/batch" }
[route.event]
each = "${body.events}"
source = "aws.partner/acme.example/handler/orders"
detail_type = "${item.type}"
detail = "${item}"
[[route]]
name = "rotated"
path = "/rotated"
auth = { scheme = "standard-webhooks", secret = "handler/rotated" }
event = { source = "aws.partner/acme.example/handler/orders", detail_type = "${body.type}" }
[[route]]
name = "asana"
path = "/asana"
preset = "asana"
enroll = true
auth = { secret = "handler/asana" }
event = { source = "aws.partner/acme.example/handler/pending", detail_type = "${body.events[0].action}" }
[[route]]
name = "unset"
path = "/unset"
auth = { scheme = "standard-webhooks", secret = "handler/not-there" }
event = { source = "aws.partner/acme.example/handler/orders", detail_type = "a" }
[[route]]
name = "empty"
path = "/empty"
auth = { scheme = "standard-webhooks", secret = "handler/rotated-away" }
event = { source = "aws.partner/acme.example/handler/orders", detail_type = "a" }
"""

Post = Callable[..., dict[str, Any]]
Taken = Callable[[], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def customer(bus: LocalAws) -> Customer:
    customer = Customer(bus, REGION, queue="handler")
    customer.subscribe([SOURCE])
    return customer


@pytest.fixture(scope="module")
def relay(bus: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Functions]:
    path: Path = tmp_path_factory.mktemp("handler") / "relay.toml"
    path.write_text(RELAY_TOML)
    secrets_manager = bus.client("secretsmanager", PARTNER, REGION)
    secrets_manager.create_secret(Name="handler/orders", SecretString=json.dumps(["whsec_b2xk", SECRET]))
    secrets_manager.create_secret(Name="handler/rotated", SecretString=SECRET)
    secrets_manager.create_secret(Name="handler/rotated-away", SecretString="[]")
    bus.client("ssm", PARTNER, REGION).put_parameter(Name="/handler/batch", Value=SECRET, Type="SecureString")
    with functions(bus, path, "handler") as made:
        yield made


@pytest.fixture
def post(relay: Functions) -> Post:
    return relay.post


@pytest.fixture
def dead_letters(relay: Functions) -> Taken:
    """Return the messages that are in the dead-letter queue, taken from it."""
    return lambda: relay.taken(Queue.DEAD_LETTERS)


@pytest.fixture
def waiting(relay: Functions) -> Taken:
    """Return the messages that are in the retry queue, taken from it."""
    return lambda: relay.taken(Queue.RETRY)


def test_a_signed_webhook_reaches_the_customer(post: Post, customer: Customer, dead_letters: Any) -> None:
    body = '{"type": "order.created", "name": "Zoë ☃"}'.encode()
    answer = post("/orders/handler", body)
    assert answer["statusCode"] == 202
    [event] = customer.received()
    assert answer["body"] == {
        "accepted": 1, "queued": 0, "dead_lettered": 0, "entries": [{"event_id": event["id"]}],
    }  # fmt: skip
    assert (event["source"], event["detail-type"], event["account"]) == (SOURCE, "order.created", CUSTOMER)
    assert event["detail"] == json.loads(body)
    assert dead_letters() == []


def test_an_entry_that_is_refused_fails_alone_and_is_dead_lettered(
    post: Post, customer: Customer, dead_letters: Any
) -> None:
    events = [{"type": "a"}, {"type": "x" * 129}, {"type": "b"}]
    answer = post("/batch", json.dumps({"events": events}).encode())
    assert (answer["statusCode"], answer["body"]["accepted"], answer["body"]["dead_lettered"]) == (202, 2, 1)
    assert answer["body"]["entries"][1] == {
        "dead_lettered": True,
        "error_code": "InvalidArgument",
        "error_message": "DetailType has 129 characters, not 1 to 128",
    }
    assert [event["detail-type"] for event in customer.received()] == ["a", "b"]
    [letter] = dead_letters()
    assert json.loads(letter["Body"])["entry"]["DetailType"] == "x" * 129
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert attributes == {"Route": "batch", "ErrorCode": "InvalidArgument", "Source": SOURCE}


def test_a_request_that_fails_whole_dead_letters_every_entry(post: Post, faults: Any, dead_letters: Any) -> None:
    faults([{"status": 400, "error_code": "AccessDeniedException", "error_message": "no"}])
    answer = post("/batch", json.dumps({"events": [{"type": str(n)} for n in range(25)]}).encode())
    assert (answer["statusCode"], answer["body"]["dead_lettered"]) == (202, 25)
    letters = [json.loads(letter["Body"]) for letter in dead_letters()]
    assert sorted(int(letter["entry"]["DetailType"]) for letter in letters) == list(range(25))
    assert {letter["error"]["code"] for letter in letters} == {"AccessDeniedException"}


@pytest.mark.parametrize("fault", [{"garbage": "<html>"}, {"garbage": '{"Entries":[]}'}, {"cut": "after"}])
def test_an_answer_that_does_not_account_for_each_entry_is_no_success(
    post: Post, faults: Any, waiting: Taken, customer: Customer, fault: dict[str, Any]
) -> None:
    faults([fault])
    answer = post("/batch", b'{"events":[{"type":"a"}]}')
    [entry] = answer["body"]["entries"]
    assert entry["queued"] is True
    # botocore does not see that an answer was cut off.
    assert entry["error_code"] in {"InvalidResponse", "ConnectionClosedError"}
    assert len(waiting()) == 1
    list(customer.received())


def test_what_is_throttled_is_put_again_within_the_webhooks_time(
    post: Post, faults: Any, waiting: Taken, customer: Customer
) -> None:
    faults([{"requests": 2, "error_code": "ThrottlingException", "entries": [0]}])
    answer = post("/orders/handler", b'{"type":"again"}')
    assert (answer["body"]["accepted"], answer["body"]["queued"]) == (1, 0)
    assert [event["detail-type"] for event in customer.received()] == ["again"]
    assert waiting() == []


def test_an_authentic_webhook_that_cannot_be_mapped_is_dead_lettered_whole(post: Post, dead_letters: Any) -> None:
    answer = post("/orders/handler", b'{"no":"type"}')
    assert answer["statusCode"] == 202
    [entry] = answer["body"]["entries"]
    assert entry["error_code"] == "MappingError"
    assert entry["error_message"].startswith('route "orders", event.detail_type: ${body.type} is null or missing')
    [letter] = dead_letters()
    assert json.loads(letter["Body"])["webhook"]["path"] == "/orders/handler"


@pytest.mark.parametrize(
    ("path", "body", "about", "status"),
    [
        ("/orders/handler", b"{", {}, 400),
        ("/orders/handler", b"", {}, 400),
        ("/orders/handler", b"{}", {"changes": {"body": "not base64!"}}, 400),
        ("/orders/handler", b"{}", {"headers": {}}, 401),
        ("/orders/handler", b"{}", {"headers": SIGNERS["standard-webhooks"](SECRET, b"{ }")}, 401),
        ("/unset", b"{}", {}, 401),
        ("/empty", b"{}", {}, 401),
        ("/nowhere", b"{}", {}, 404),
        ("/orders/handler", b"{}", {"method": "GET"}, 405),
        ("/orders/handler", b'{"x":"' + b"x" * 2000 + b'"}', {}, 413),
        ("/orders/handler", b'{"type":"a","x":"' + b"x" * 1480 + b'"}', {}, 413),
    ],
)
def test_what_is_refused_leaves_nothing_anywhere(
    post: Post, customer: Customer, dead_letters: Any, path: str, body: bytes, about: dict[str, Any], status: int
) -> None:
    answer = post(path, body, **about)
    assert answer["statusCode"] == status
    assert answer["headers"]["content-type"] == "application/problem+json"
    assert (answer["body"]["status"], answer["body"]["request_id"]) == (status, "JKJaXmPLvHcESHA=")
    assert ("allow" in answer["headers"]) == (status == 405)
    assert dead_letters() == []
    assert list(customer.received()) == []


def test_a_rotated_secret_is_accepted_after_five_seconds_whatever_strangers_post(
    relay: Functions, bus: LocalAws, customer: Customer
) -> None:
    now = time.time()
    restarted = relay.restarted(lambda: now)

    def signed(secret: str) -> int:
        body = b'{"type":"rotated"}'
        status: int = restarted.post("/rotated", body, SIGNERS["standard-webhooks"](secret, body))["statusCode"]
        return status

    secrets_manager = bus.client("secretsmanager", PARTNER, REGION)
    first, second, wrong = SECRET, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "whsec_b2Z0ZW4gcm90YXRlZA=="
    assert (signed(first), signed(wrong)) == (202, 401)
    secrets_manager.put_secret_value(SecretId="handler/rotated", SecretString=json.dumps([second, first]))
    assert (signed(wrong), signed(second), signed(first)) == (401, 401, 202)
    now += REFUSE_SECONDS
    assert (signed(second), signed(first)) == (202, 202)
    assert len(list(customer.received())) == 4


def test_a_secret_that_arrives_in_the_handshake_is_stored_and_then_verifies(post: Post, bus: LocalAws) -> None:
    bus.client("secretsmanager", PARTNER, REGION).create_secret(Name="handler/asana")
    secret, body = "b537207f20cbfa02357cf448134da559", b'{"events":[{"action":"added"}]}'
    greeted = post("/asana", b"{}", {"x-hook-secret": secret}, parsed=False)
    assert (greeted["statusCode"], greeted["headers"]["x-hook-secret"]) == (200, secret)
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    assert post("/asana", body, {"x-hook-signature": signature})["statusCode"] == 202
    assert post("/asana", b"{}", {"x-hook-secret": "a" * 32})["statusCode"] == 401


def test_of_two_secrets_that_are_enrolled_at_the_same_moment_the_first_wins(bus: LocalAws, relay: Functions) -> None:
    client = bus.client("secretsmanager", PARTNER, REGION)
    client.create_secret(Name="handler/race")
    call = relay.call
    first = SecretStore(call)

    def slow(*arguments: Any) -> dict[str, Any]:
        if arguments[2] == "PutSecretValue":
            first.enroll("handler/race", "genuine")
        return call(*arguments)

    with pytest.raises(Unauthorized, match="another value"):
        SecretStore(slow).enroll("handler/race", "forged")
    SecretStore(slow).enroll("handler/race", "genuine")
    assert client.get_secret_value(SecretId="handler/race")["SecretString"] == "genuine"


def test_a_format_1_event_is_answered_too(relay: Functions, customer: Customer) -> None:
    body = '{"type":"rest"}'
    signed = SIGNERS["standard-webhooks"](SECRET, body.encode())
    event = {
        "path": "/orders/handler",
        "httpMethod": "POST",
        "headers": signed,
        "requestContext": {"requestId": "r"},
        "body": body,
        "isBase64Encoded": False,
    }
    assert relay.handle(event)["statusCode"] == 202
    assert [event["detail-type"] for event in customer.received()] == ["rest"]
