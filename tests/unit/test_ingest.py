"""The handler's edge: whatever fails inside it is answered, logged and counted."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NoReturn

import pytest

from relay.config.model import Config
from relay.pipeline.services import Services
from relay_local.samples import SIGNERS
from tests import doubles
from tests.conftest import NOW, RELAY_TOML, Load, http_api_event
from tests.every_preset import Reached
from tests.handler import handle

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PATH = "/orders/c42"
WITHOUT_ENTRIES = RELAY_TOML.replace("[[route]]", "[log]\nentries = false\n[[route]]", 1)


def failing(config: Config, error: Exception) -> Services:
    def fail(_: Any) -> NoReturn:
        raise error

    return replace(Reached().services(config), read_secret=fail)


def counted(output: str) -> dict[tuple[str, ...], dict[str, float]]:
    """Return the metrics of a request: names and numbers, by the values of their dimensions."""
    lines = [json.loads(line) for line in output.splitlines() if '"_aws"' in line]
    found: dict[tuple[str, ...], dict[str, float]] = {}
    for line in lines:
        for directive in line["_aws"]["CloudWatchMetrics"]:
            for dimensions in directive["Dimensions"]:
                values = tuple(line[name] for name in dimensions if name != "service")
                found[values] = {metric["Name"]: line[metric["Name"]][0] for metric in directive["Metrics"]}
    return found


@pytest.mark.parametrize("error", [RuntimeError("body"), KeyError("body"), RecursionError(), MemoryError()])
def test_a_crash_is_a_problem_that_the_sender_may_try_again(load: Load, error: Exception) -> None:
    answer = handle(http_api_event(PATH, b"{}"), failing(load(RELAY_TOML), error), NOW)
    assert (answer["statusCode"], answer["headers"]) == (500, {"content-type": "application/problem+json"})
    problem = json.loads(answer["body"])
    assert problem["title"] == "Internal Server Error"
    assert problem["request_id"] == "JKJaXmPLvHcESHA="
    assert "body" not in problem["detail"]


def test_a_crash_is_logged_with_its_trace_but_without_its_message(load: Load, caplog: pytest.LogCaptureFixture) -> None:
    handle(http_api_event(PATH, b"{}"), failing(load(RELAY_TOML), ValueError("what was posted")), NOW)
    crashed, rejected = caplog.records
    assert (crashed.levelname, crashed.message, crashed.__dict__["error"]) == ("ERROR", "crashed", "ValueError")
    assert crashed.__dict__["trace"][-1].endswith(" fail")
    assert (rejected.message, rejected.__dict__["status"], rejected.__dict__["reason"]) == (
        "rejected",
        500,
        "ValueError",
    )
    assert "what was posted" not in str([record.__dict__ for record in caplog.records])


def test_a_deep_trace_is_cut_to_its_innermost_frames(load: Load, caplog: pytest.LogCaptureFixture) -> None:
    def dig(_: Any) -> Any:
        return dig(_)

    handle(http_api_event(PATH, b"{}"), replace(Reached().services(load(RELAY_TOML)), read_secret=dig), NOW)
    trace = caplog.records[0].__dict__["trace"]
    assert len(trace) == 32
    assert trace[-1].endswith(" dig")


def test_a_crash_is_counted_as_received_and_as_rejected_with_500(
    load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    handle(http_api_event(PATH, b"{}"), failing(load(RELAY_TOML), ValueError()), NOW)
    metrics = counted(capsys.readouterr().out)
    assert metrics[()] == {"WebhooksReceived": 1, "WebhooksRejected": 1, "WebhooksFailed": 1}
    assert metrics[("500",)] == {"WebhooksReceived": 1, "WebhooksRejected": 1, "WebhooksFailed": 1}


@pytest.mark.parametrize("event", [None, [], "text", {}, {"requestContext": None}])
def test_an_event_that_api_gateway_never_sends_is_answered_400(load: Load, event: Any) -> None:
    assert handle(event, Reached().services(load(RELAY_TOML)), NOW)["statusCode"] == 400


def logged(output: str, message: str) -> list[dict[str, Any]]:
    """Return the lines of the log with this message."""
    return [line for line in map(json.loads, output.splitlines()) if line.get("message") == message]


def test_a_senders_id_is_cut_in_the_log(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    body = b'{"type":"' + b"x" * 100 + b'"}'
    signed = SIGNERS["standard-webhooks"](SECRET, body)
    config = load(
        WITHOUT_ENTRIES.replace("[route.event]", 'delivery_id = "${body.type}${body.type}${body.type}"\n[route.event]')
    )
    services = doubles.services(config, read_secret=lambda _: [SECRET])
    assert handle(http_api_event(PATH, body, signed), services, datetime.now(UTC))["statusCode"] == 202
    [line] = logged(capsys.readouterr().out, "relayed")
    assert len(line["webhook_id"]) == 256


def posted(load: Load, capsys: pytest.CaptureFixture[str], toml: str) -> str:
    """Return what the function writes for one webhook."""
    body = b'{"type":"order.created"}'
    services = doubles.services(load(toml), read_secret=lambda _: [SECRET])
    event = http_api_event(PATH, body, SIGNERS["standard-webhooks"](SECRET, body))
    assert handle(event, services, datetime.now(UTC))["statusCode"] == 202
    return capsys.readouterr().out


def test_each_entry_has_a_line_in_the_log_under_the_requests_id(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    [line] = logged(posted(load, capsys, RELAY_TOML), "entry")
    assert (line["correlation_id"], line["result"]) == ("JKJaXmPLvHcESHA=", "accepted")
    assert datetime.fromisoformat(line["timestamp"]).tzinfo


@pytest.mark.parametrize(("toml", "message"), [(RELAY_TOML, "entry"), (WITHOUT_ENTRIES, "relayed")])
def test_a_webhook_has_a_line_of_its_own_only_where_its_entries_have_none(
    load: Load, capsys: pytest.CaptureFixture[str], toml: str, message: str
) -> None:
    [line] = [line for line in map(json.loads, posted(load, capsys, toml).splitlines()) if "message" in line]
    assert (line["message"], line["route"], line["correlation_id"]) == (message, "orders", "JKJaXmPLvHcESHA=")
    if message == "relayed":
        assert (line["accepted"], line["queued"], line["dead_lettered"], line["error_codes"]) == (1, 0, 0, [])
