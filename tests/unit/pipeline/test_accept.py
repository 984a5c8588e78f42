"""The order of the steps of one webhook: what is proven, remembered and stored before a sender hears 202."""

import ast
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest

from relay.config.model import Config
from relay.delivery.message import Message
from relay.delivery.undelivered import Queue
from relay.entry import Accepted, Entry, Failed, Outcome
from relay.http.request import Request
from relay.mapping.claim_check import ClaimCheckStore
from relay.mapping.parsed_webhook import parse_webhook
from relay.pipeline.accept import accept
from relay.pipeline.idempotency_key import idempotency_key
from relay.pipeline.results import Duplicate, RejectedRequest, Relayed, RequestResult
from relay.pipeline.services import Response, Services
from relay.webhook import Webhook
from relay_local.samples import SIGNERS
from tests import doubles
from tests.conftest import NOW, RELAY_TOML, Load, http_api_event

ROOT = Path(__file__).parents[3]
SECRET, OTHER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
ONCE = RELAY_TOML.replace("[route.event]", "dedupe = true\n[route.event]")
BODY = b'{"type":"order.created"}'


def services(config: Config, **overrides: Any) -> Services:
    return doubles.services(config, read_secret=lambda _: [SECRET], **overrides)


def post(
    services: Services, secret: str = SECRET, body: bytes = BODY, method: str = "POST"
) -> tuple[Response, RequestResult]:
    event = http_api_event("/orders/c42", body, SIGNERS["standard-webhooks"](secret, body), method=method)
    return accept(event, services, datetime.now(UTC), lambda: 29)


def fail_for_good(entries: Sequence[Entry]) -> Sequence[Outcome]:
    return [Failed("InternalFailure", "not now") for _ in entries]


def store_nothing(_queue: Queue, messages: Sequence[Message]) -> list[str | None]:
    return ["the queue is down"] * len(messages)


def test_a_webhook_with_another_signature_reaches_nothing(load: Load) -> None:
    idempotency = doubles.Remembered()
    config = load(ONCE)
    response, _ = post(services(config, idempotency=idempotency, send=doubles.never, store=doubles.never), secret=OTHER)
    assert response["statusCode"] == 401
    assert (idempotency.keys, idempotency.released) == ([], [])


def test_a_forged_copy_of_a_webhook_never_gets_the_response_of_the_genuine_one(load: Load) -> None:
    relay = services(load(ONCE), idempotency=doubles.Remembered(remembers=True))
    headers = SIGNERS["standard-webhooks"](SECRET, BODY)
    statuses = [
        accept(http_api_event("/orders/c42", BODY, sent), relay, datetime.now(UTC), lambda: 29)[0]["statusCode"]
        for sent in (headers, headers | {"webhook-signature": "v1,AAAA"})
    ]
    assert statuses == [202, 401]


def key(config: Config, secret_name: str = "acme/c42") -> str:
    request = Request("POST", "/orders/c42", "", {"webhook-id": "msg_1"}, BODY, "request-1")
    return idempotency_key(parse_webhook(Webhook.unverified(config.routes[0], request, {}, NOW, secret_name)))


def test_the_same_id_under_another_customers_secret_is_another_webhook(load: Load) -> None:
    assert key(load(ONCE), "acme/c42") != key(load(ONCE), "acme/c43")


def test_a_route_without_dedupe_remembers_nothing(load: Load) -> None:
    assert (key(load(RELAY_TOML)), bool(key(load(ONCE)))) == ("", True)


def test_a_duplicate_gets_the_first_response_and_nothing_is_sent_again(load: Load) -> None:
    sent: list[Entry] = []

    def send(entries: Sequence[Entry]) -> Sequence[Outcome]:
        sent.extend(entries)
        return [Accepted(f"id-{len(sent)}") for _ in entries]

    idempotency = doubles.Remembered(remembers=True)
    relay = services(load(ONCE), idempotency=idempotency, send=send)
    headers = SIGNERS["standard-webhooks"](SECRET, BODY)
    event = http_api_event("/orders/c42", BODY, headers)
    first, result = accept(event, relay, datetime.now(UTC), lambda: 29)
    second, duplicate = accept(event, relay, datetime.now(UTC), lambda: 29)
    assert isinstance(result, Relayed)
    assert isinstance(duplicate, Duplicate)
    assert (first["body"], len(sent)) == (second["body"], 1)
    assert (second["headers"]["idempotent-replay"], "idempotent-replay" in first["headers"]) == ("true", False)


def test_an_entry_that_no_queue_stores_is_503_and_never_202(load: Load) -> None:
    response, result = post(services(load(RELAY_TOML), send=fail_for_good, store=store_nothing))
    assert response["statusCode"] == 503
    assert isinstance(result, RejectedRequest)


def test_an_entry_that_eventbridge_does_not_accept_is_stored_before_the_sender_hears_202(load: Load) -> None:
    stored: list[Message] = []

    def store(_queue: Queue, messages: Sequence[Message]) -> list[str | None]:
        stored.extend(messages)
        return [None] * len(messages)

    config = load(RELAY_TOML.replace("[route.event]", 'retry_for = "0 s"\n[route.event]'))
    response, _ = post(services(config, send=fail_for_good, store=store))
    assert (response["statusCode"], json.loads(response["body"])["queued"], len(stored)) == (202, 1, 1)


def test_a_webhook_that_cannot_be_mapped_and_not_stored_is_503(load: Load) -> None:
    response, _ = post(services(load(RELAY_TOML), send=doubles.never, store=store_nothing), body=b'{"no":"type"}')
    assert response["statusCode"] == 503


def test_a_detail_that_cannot_be_stored_is_503(load: Load) -> None:
    def fail(_text: str) -> NoReturn:
        raise OSError("S3 is down")

    limit = 'limits = { entry = "100 B" }\n' + RELAY_TOML.replace(
        "[route.event]", 'on_oversize = "claim-check"\n[route.event]'
    )
    claim_checks = ClaimCheckStore(fail, doubles.never, 1)
    relay = services(load(limit), send=doubles.never, store=doubles.never, claim_checks=claim_checks)
    assert post(relay, body=b'{"type":"a","text":"' + b"x" * 200 + b'"}')[0]["statusCode"] == 503


@pytest.mark.parametrize("crashes", [False, True])
def test_what_is_not_accepted_is_released_so_that_the_sender_may_try_again_at_once(load: Load, crashes: bool) -> None:
    def crash(_queue: Queue, _messages: Sequence[Message]) -> NoReturn:
        raise ZeroDivisionError

    idempotency = doubles.Remembered(remembers=True)
    store = crash if crashes else store_nothing
    relay = services(load(ONCE), send=fail_for_good, store=store, idempotency=idempotency)
    if crashes:
        with pytest.raises(ZeroDivisionError):
            post(relay)
    else:
        assert post(relay)[0]["statusCode"] == 503
    assert (idempotency.released, idempotency.responses) == (idempotency.keys, {})
    assert len(idempotency.keys) == 1


def test_a_get_that_is_no_handshake_is_answered_400(load: Load) -> None:
    config = load(
        RELAY_TOML.replace(
            "[route.event]",
            '[[route.handshake]]\nmethod = "GET"\nwhen = "${query.a}"\ntext = "${query.a}"\n[route.event]',
        )
    )
    response, _ = post(services(config, send=doubles.never, store=doubles.never), method="GET")
    assert response["statusCode"] == 400
    assert "neither a POST nor a supported verification handshake" in response["body"]


def test_only_the_module_of_webhooks_constructs_one() -> None:
    """Everybody else proves it by `authenticate`, or says `Webhook.unverified`."""
    outside = [
        (path.name, call.lineno)
        for folder in ("lambda_src/relay", "relayctl", "relay_local/inspector")
        for path in (ROOT / folder).rglob("*.py")
        if path != ROOT / "lambda_src/relay/webhook.py"
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Webhook"
    ]
    assert outside == []
