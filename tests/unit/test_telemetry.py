"""The metrics that alarms watch, as the functions write them for CloudWatch."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from relay.delivery.undelivered import EntryResult, Queue, Queued
from relay.entry import Accepted, Failed
from relay.errors import Unauthorized, Unavailable
from relay.pipeline.results import Done, Postponed, RejectedRequest, Relayed
from tests.doubles import Context

Emitted = Callable[[Callable[[Any], None]], dict[str, Any]]


@pytest.fixture
def emitted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Emitted:
    """Return the line that a handler writes for CloudWatch, if it does no more than this."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "PartnerEventRelay")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "Relay")

    def emit(what: Callable[[Any], None]) -> dict[str, Any]:
        from relay import telemetry  # noqa: PLC0415  # reads the environment when it is imported

        telemetry.metrics.namespace = "PartnerEventRelay"
        telemetry.metrics.log_metrics(lambda _event, _context: what(telemetry))({}, Context())
        lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')]
        return dict(json.loads(lines[-1]))

    return emit


def dimensions(line: dict[str, Any]) -> set[frozenset[str]]:
    return {frozenset(names) for one in line["_aws"]["CloudWatchMetrics"] for names in one["Dimensions"]}


def test_what_is_answered_5xx_is_counted_by_version(emitted: Emitted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_VERSION", "42")
    line = emitted(
        lambda telemetry: telemetry.record_request(
            RejectedRequest("orders", Unavailable("Not now.", reason="throttled"))
        )
    )
    assert (line["WebhooksFailed"], line["version"]) == ([1.0], "42")
    assert frozenset({"service", "version"}) in dimensions(line)


def test_what_is_answered_4xx_says_nothing_against_a_version(emitted: Emitted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_VERSION", "42")
    line = emitted(
        lambda telemetry: telemetry.record_request(RejectedRequest("orders", Unauthorized("signature mismatch")))
    )
    assert "WebhooksFailed" not in line
    assert "version" not in line


def test_entries_that_failed_over_are_counted(emitted: Emitted) -> None:
    queued = Queued(Queue.RETRY, Failed("InternalFailure", ""))
    for regions, number in ((["eu-west-1", "", "eu-west-1"], [2.0]), ([""], None)):
        results: list[EntryResult] = [*(Accepted("id", region=region) for region in regions), queued]
        relayed = Relayed("orders", "msg_1", results)
        line = emitted(lambda telemetry, relayed=relayed: telemetry.record_request(relayed))  # type: ignore[misc]  # mypy infers no default
        assert line.get("EntriesFailedOver") == number


@pytest.mark.parametrize(("code", "has_time"), [("CircuitOpen", False), ("InternalFailure", True)])
def test_the_time_of_a_put_is_not_told_of_what_was_not_put(
    emitted: Emitted, capsys: pytest.CaptureFixture[str], code: str, has_time: bool
) -> None:
    lines: list[dict[str, Any]] = []

    def record(telemetry: Any) -> None:
        telemetry.record_request(Relayed("orders", "msg_1", [Queued(Queue.RETRY, Failed(code, ""))]))
        lines.extend(json.loads(line) for line in capsys.readouterr().out.splitlines())

    emitted(record)
    assert [("put_ms" in line) for line in lines] == [has_time]


def test_the_age_of_what_stays_is_emitted_and_nothing_if_nothing_does(emitted: Emitted) -> None:
    line = emitted(lambda telemetry: telemetry.record_batch([Postponed(5, "InternalFailure")], 1234.4))
    assert line["OldestWaitingSeconds"] == [1234.0]
    assert dimensions(line) == {frozenset({"service"})}
    settled = emitted(lambda telemetry: telemetry.record_batch([Done(accepted=1)], None))
    assert "OldestWaitingSeconds" not in settled


def test_a_source_that_vanished_is_counted(emitted: Emitted) -> None:
    from relay import source_telemetry  # noqa: PLC0415  # as above

    line = emitted(lambda _: source_telemetry.record_source_states(["ACTIVE"], [], ["us-east-1 aws.partner/a/b 2"]))
    assert (line["SourcesActive"], line["SourcesVanished"]) == ([1.0], [1.0])
