"""`dedupe = true`: each webhook once, with the real table, and never at the price of losing one."""

import base64
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
import time_machine

from relay.delivery.undelivered import Queue
from relay_local.deploy import Customer
from relay_local.process import PARTNER, LocalAws
from relay_local.samples import SIGNERS
from tests.local_bus import REGION, SECRET, Functions, Inject, functions

SOURCE = "aws.partner/acme.example/once/orders"
RELAY_TOML = f"""
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[[route]]
name = "signed"
path = "/signed"
dedupe = true
retry_for = "0 s"
auth = {{ scheme = "standard-webhooks", secret = "once/secret" }}
event = {{ source = "{SOURCE}", detail_type = "a" }}
[[route]]
name = "github"
path = "/github"
preset = "github"
dedupe = true
auth = {{ secret = "once/secret" }}
event = {{ source = "{SOURCE}" }}
[[route]]
name = "odd"
path = "/odd"
preset = "github"
dedupe = true
auth = {{ secret = "once/secret" }}
event = {{ source = "{SOURCE}", detail_type = "${{sum(headers.x_github_delivery)}}" }}
"""
numbers = itertools.count()


@pytest.fixture(scope="module")
def customer(bus: LocalAws) -> Customer:
    customer = Customer(bus, REGION, queue="once")
    customer.subscribe([SOURCE])
    return customer


@pytest.fixture(scope="module")
def relay(bus: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Functions]:
    path: Path = tmp_path_factory.mktemp("once") / "relay.toml"
    path.write_text(RELAY_TOML)
    bus.client("secretsmanager", PARTNER, REGION).create_secret(Name="once/secret", SecretString=SECRET)
    with functions(bus, path, "once") as made:
        yield made


Post = Callable[[], dict[str, Any]]


@pytest.fixture
def post(relay: Functions) -> Post:
    """Return what posts the same webhook again and again, as a sender does that had no answer."""
    body = json.dumps({"n": next(numbers)}).encode()
    message = SIGNERS["standard-webhooks"](SECRET, body)["webhook-id"]

    def again() -> dict[str, Any]:
        signed = SIGNERS["standard-webhooks"](SECRET, body)
        timestamp = signed["webhook-timestamp"]
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        digest = hmac.digest(key, f"{message}.{timestamp}.".encode() + body, "sha256")
        signature = base64.b64encode(digest).decode()
        headers = {"webhook-id": message, "webhook-timestamp": timestamp, "webhook-signature": f"v1,{signature}"}
        return relay.post("/signed", body, headers)

    return again


def test_a_repeat_gets_the_first_answer_and_no_second_event(post: Post, customer: Customer) -> None:
    first, second = post(), post()
    assert (first["statusCode"], second["statusCode"]) == (202, 202)
    assert second["body"] == first["body"]
    assert "idempotent-replay" not in first["headers"]
    assert second["headers"]["idempotent-replay"] == "true"
    assert len(list(customer.received())) == 1


def test_after_a_day_it_is_a_new_webhook(post: Post, customer: Customer) -> None:
    post()
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=24, minutes=1)):
        assert "idempotent-replay" not in post()["headers"]
    assert len(list(customer.received())) == 2


def test_of_two_at_the_same_moment_one_is_delivered_and_the_other_told_to_come_again(
    post: Post, customer: Customer, faults: Inject, bus: LocalAws
) -> None:
    table = bus.client("dynamodb", PARTNER, REGION)
    faults([{"delay": 1, "requests": 1}])
    before = table.scan(TableName="once-seen")["Count"]
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(post)
        while table.scan(TableName="once-seen")["Count"] == before:
            assert not first.done()
            time.sleep(0.01)
        second = post()
        assert first.result()["statusCode"] == 202
    assert second["statusCode"] == 409
    assert int(second["headers"]["retry-after"]) > 0
    assert len(list(customer.received())) == 1
    assert post()["headers"]["idempotent-replay"] == "true"


@pytest.mark.filterwarnings("ignore:No application metrics")
def test_a_crash_in_the_middle_delays_the_webhook_and_does_not_lose_it(
    relay: Functions, post: Post, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(BaseException):
        """As if the process had been killed: nothing is cleaned up."""

    def crash(_entries: object) -> NoReturn:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(relay, "services", replace(relay.services, send=crash))
        with pytest.raises(Crash):
            post()
    assert post()["statusCode"] == 409
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=30)):
        assert post()["statusCode"] == 202
    assert len(list(customer.received())) == 1


def test_what_could_not_be_stored_is_taken_the_next_time(
    post: Post, bus: LocalAws, customer: Customer, faults: Inject, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults([{"status": 500}])
    with monkeypatch.context() as gone:
        for variable in ("RETRY_QUEUE_URL", "DEAD_LETTER_QUEUE_URL"):
            gone.setenv(variable, f"{bus.url}/{PARTNER}/gone")
        assert post()["statusCode"] == 503
    faults([])
    answer = post()
    assert (answer["statusCode"], answer["body"]["accepted"]) == (202, 1)
    assert "idempotent-replay" not in answer["headers"]
    assert len(list(customer.received())) == 1


def test_without_the_table_webhooks_are_taken_and_may_be_taken_twice(
    post: Post, bus: LocalAws, relay: Functions, customer: Customer, faults: Inject
) -> None:
    table = bus.client("dynamodb", PARTNER, REGION)
    description = table.describe_table(TableName="once-seen")["Table"]
    table.delete_table(TableName="once-seen")
    try:
        assert [post()["statusCode"], post()["statusCode"]] == [202, 202]
        faults([{"status": 500}])
        assert post()["body"]["queued"] == 1
    finally:
        table.create_table(
            TableName="once-seen",
            KeySchema=description["KeySchema"],
            AttributeDefinitions=description["AttributeDefinitions"],
            BillingMode="PAY_PER_REQUEST",
        )
    assert len(list(customer.received())) == 2
    assert len(relay.taken(Queue.RETRY)) == 1


def github(relay: Functions, body: bytes, delivery: str = "", event: str = "push") -> dict[str, Any]:
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-hub-signature-256": signature, "x-github-event": event}
    return relay.post("/github", body, headers | ({"x-github-delivery": delivery} if delivery else {}))


def test_an_id_that_is_not_signed_counts_only_together_with_the_body_and_the_type(
    relay: Functions, customer: Customer
) -> None:
    first = github(relay, b'{"n":1}', "d-1")
    others = [github(relay, b'{"n":2}', "d-1"), github(relay, b'{"n":1}', "d-1", "pull_request")]
    assert all("idempotent-replay" not in answer["headers"] for answer in [first, *others])
    assert github(relay, b'{"n":1}', "d-1")["headers"]["idempotent-replay"] == "true"
    assert len(list(customer.received())) == 3


def test_a_webhook_without_an_id_is_always_taken(relay: Functions, customer: Customer) -> None:
    assert "idempotent-replay" not in github(relay, b'{"n":3}')["headers"] | github(relay, b'{"n":3}')["headers"]
    assert len(list(customer.received())) == 2


def test_a_type_that_cannot_be_made_of_the_headers_is_no_error(relay: Functions, customer: Customer) -> None:
    first, second = (relay_odd(relay) for _ in range(2))
    assert (first["statusCode"], second["statusCode"]) == (202, 202)
    assert second["headers"]["idempotent-replay"] == "true"
    assert list(customer.received()) == []
    relay.taken(Queue.DEAD_LETTERS)


def relay_odd(relay: Functions) -> dict[str, Any]:
    """Return a webhook whose detail-type fails: JMESPath adds no text to a header."""
    body = b'{"n":"odd"}'
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return relay.post("/odd", body, {"x-hub-signature-256": signature, "x-github-delivery": "odd"})
