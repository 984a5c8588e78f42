"""The alarms of the template, evaluated against what the metrics would be: they go off for what they are there for."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aws_cdk.assertions import Template

from partner_event_relay.functions.function import METRIC_NAMESPACE
from relay.aws.source_memory import Memory
from relay.delivery.undelivered import EntryResult, Queue, Queued
from relay.entry import Accepted, Failed
from relay.errors import Unauthorized, Unavailable
from relay.pipeline.results import Done, MessageResult, Postponed, RejectedRequest, Relayed
from relay.pipeline.waiting import ReceivedMessage, backoff_seconds, oldest_waiting_seconds
from tests.doubles import Context
from tests.infra.alarm_evaluation import Sample, in_alarm, metric
from tests.infra.conftest import RELAY_TOML, flat, only, resources, synthesise

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600
START = datetime(2026, 11, 25, tzinfo=UTC)
SERVICE = "Relay"


def alarm(template: Template, name: str) -> dict[str, Any]:
    return dict(only(template, "AWS::CloudWatch::Alarm", f"Monitoring{name}")["Properties"])


def waiting(outage_seconds: float, jitter: float) -> list[Sample]:
    """Return what the redeliver function emits for one message that was sent when an outage of EventBridge began."""
    samples: list[Sample] = []
    now, count = 0.0, 1
    while now < outage_seconds:
        received = ReceivedMessage("", count, START)
        delay = Postponed(backoff_seconds(count, jitter), "InternalFailure")
        when = START + timedelta(seconds=now)
        age = oldest_waiting_seconds([received], [delay], when)
        assert age is not None
        samples.append((now, age))
        now, count = now + delay.seconds, count + 1
    return samples


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
def test_an_outage_is_an_alarm_within_half_an_hour_and_until_it_is_over(template: Template, jitter: float) -> None:
    series = {metric("OldestWaitingSeconds", service=SERVICE): waiting(6 * HOUR, jitter)}
    states = {now: in_alarm(alarm(template, "Waiting"), series, now) for now in range(5 * MINUTE, 8 * HOUR, 5 * MINUTE)}
    first = min(now for now, state in states.items() if state)
    assert 15 * MINUTE <= first <= 35 * MINUTE
    assert all(state for now, state in states.items() if first <= now <= 6 * HOUR)
    assert not any(state for now, state in states.items() if now >= 6 * HOUR + 30 * MINUTE)


def test_a_minute_of_throttling_is_no_alarm(template: Template) -> None:
    series = {metric("OldestWaitingSeconds", service=SERVICE): waiting(MINUTE, 0.5)}
    assert not any(in_alarm(alarm(template, "Waiting"), series, now) for now in range(5 * MINUTE, 2 * HOUR, 5 * MINUTE))


def test_the_age_is_that_of_the_oldest_message_that_stays() -> None:
    now = START + timedelta(hours=1)
    received = [ReceivedMessage("", 1, START + timedelta(minutes=minutes)) for minutes in (0, 10, 20)]
    verdicts: list[MessageResult] = [
        Done(1),
        Postponed(5, "InternalFailure"),
        Postponed(5, "InternalFailure"),
    ]
    assert oldest_waiting_seconds(received, verdicts, now) == 50 * 60
    assert oldest_waiting_seconds(received[:1], verdicts[:1], now) is None


def of_version(template: Template, name: str, samples: list[Sample]) -> dict[Any, list[Sample]]:
    """Return a metric as Lambda, or the function, emits it for the version that the canary's alarms watch."""
    watched = alarm(template, "CanarySlow")["Dimensions"]
    dimensions = {dimension["Name"]: flat(dimension["Value"]) for dimension in watched}
    if name == "WebhooksFailed":
        dimensions = {"service": SERVICE, "version": dimensions["ExecutedVersion"]}
    return {metric(name, **dimensions): samples}


def every(seconds: float, until: float, value: float) -> list[Sample]:
    return [(index * seconds, value) for index in range(int(until / seconds))]


def first_alarm(template: Template, name: str, series: Any) -> float | None:
    return next(
        (now for now in range(MINUTE, 10 * MINUTE, MINUTE) if in_alarm(alarm(template, name), series, now)), None
    )


def test_a_slow_version_is_taken_back_while_it_is_a_canary(template: Template) -> None:
    slow = of_version(template, "Duration", every(10, 10 * MINUTE, 4500))
    at = first_alarm(template, "CanarySlow", slow)
    assert at is not None
    assert at <= 3 * MINUTE
    assert first_alarm(template, "CanarySlow", of_version(template, "Duration", every(10, 10 * MINUTE, 200))) is None


@pytest.mark.parametrize(("name", "failures"), [("CanaryErrors", "WebhooksFailed"), ("CanaryCrashes", "Errors")])
def test_a_version_that_fails_is_taken_back_while_it_is_a_canary(template: Template, name: str, failures: str) -> None:
    calls = of_version(template, "Invocations", every(5, 10 * MINUTE, 1))
    failing = of_version(template, failures, every(50, 10 * MINUTE, 1))
    at = first_alarm(template, name, calls | failing)
    assert at is not None
    assert at <= 3 * MINUTE


@pytest.mark.parametrize(("name", "failures"), [("CanaryErrors", "WebhooksFailed"), ("CanaryCrashes", "Errors")])
def test_one_failure_of_many_takes_no_version_back(template: Template, name: str, failures: str) -> None:
    calls = of_version(template, "Invocations", every(1, 10 * MINUTE, 1))
    assert first_alarm(template, name, calls | of_version(template, failures, [(90, 1)])) is None


@pytest.mark.parametrize("name", ["CanaryErrors", "CanaryCrashes", "CanarySlow"])
def test_what_the_old_version_did_stops_no_deployment(template: Template, name: str) -> None:
    watched = {dimension["Name"]: flat(dimension["Value"]) for dimension in alarm(template, "CanarySlow")["Dimensions"]}
    function, resource = watched["FunctionName"], watched["Resource"]
    assert resource == f"{function}:live"
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    of_old: list[dict[str, str]] = [
        {"FunctionName": function},
        {"FunctionName": function, "Resource": resource},
        {"FunctionName": function, "Resource": resource, "ExecutedVersion": "41"},
    ]
    old = {
        metric(of, **dimensions): every(1, 10 * MINUTE, 9999)
        for of in ("Errors", "Duration", "Invocations")
        for dimensions in of_old
    } | {
        metric("WebhooksFailed", service=SERVICE): every(1, 10 * MINUTE, 9999),
        metric("WebhooksFailed", service=SERVICE, version="41"): every(1, 10 * MINUTE, 9999),
    }
    assert first_alarm(template, name, old) is None


def test_the_canarys_alarms_are_there_before_the_new_version_gets_a_call(template: Template) -> None:
    alias = only(template, "AWS::Lambda::Alias", "IngestLive")
    group = only(template, "AWS::CodeDeploy::DeploymentGroup")["Properties"]["AlarmConfiguration"]["Alarms"]
    names = {watched_alarm["Name"]["Ref"] for watched_alarm in group}
    assert {name[: -len("12345678")] for name in names} == {
        "MonitoringCanaryErrors",
        "MonitoringCanaryCrashes",
        "MonitoringCanarySlow",
    }
    assert names <= set(alias["DependsOn"])


def test_a_dead_letter_is_an_alarm_at_once_and_while_it_is_there(template: Template) -> None:
    at_once = {metric("EntriesDeadLettered", service=SERVICE): [(30.0, 1.0)]}
    assert in_alarm(alarm(template, "DeadLettered"), at_once, MINUTE)
    late = {
        metric("ApproximateNumberOfMessagesVisible", QueueName="<QueuesDeadLetters>"): every(MINUTE, DAY, 1)[15:],
    }
    assert in_alarm(alarm(template, "DeadLetters"), late, DAY)


def test_a_pending_source_that_expired_is_an_alarm_for_a_day(template: Template) -> None:
    source = "us-east-1 aws.partner/acme.example/c42 222222222222"
    memory, samples = Memory(), []
    for hour in range(72):
        seen = [source] if hour < 24 else []
        memory = memory.updated(seen, ["us-east-1"], START + timedelta(hours=hour))
        # Now and then the hourly look comes some seconds late.
        samples.append((hour * HOUR + (20.0 if hour % 2 else -20.0), float(len(memory.vanished))))
    series = {metric("SourcesVanished", service=SERVICE): samples}
    states = {hour: in_alarm(alarm(template, "SourcesVanished"), series, hour * HOUR) for hour in range(1, 72)}
    assert not any(states[hour] for hour in range(1, 24))
    assert all(states[hour] for hour in range(25, 48))
    assert not any(states[hour] for hour in range(51, 72))


@pytest.mark.parametrize(("state", "name"), [("Pending", "SourcesPending"), ("Deleted", "SourcesDeleted")])
def test_a_look_that_comes_late_turns_no_alarm_off(template: Template, state: str, name: str) -> None:
    samples = [(hour * HOUR + (20.0 if hour % 2 else -20.0), 1.0) for hour in range(1, 24)]
    series = {metric(f"Sources{state}", service=SERVICE): samples}
    assert all(in_alarm(alarm(template, name), series, hour * HOUR) for hour in range(2, 24))


Kind = tuple[str, frozenset[str]]  # a metric's name and the names of its dimensions


@pytest.fixture
def emitted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> set[Kind]:
    """Every metric that the functions write, with each set of dimensions it has."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", METRIC_NAMESPACE)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", SERVICE)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_VERSION", "42")
    from relay import source_telemetry, telemetry  # noqa: PLC0415  # they read the environment when they are imported

    telemetry.metrics.namespace = METRIC_NAMESPACE
    failed = Failed("InternalFailure", "")
    results: list[EntryResult] = [
        Accepted("1"),
        Queued(Queue.DELIVERY, Failed("Queued", "")),
        Queued(Queue.RETRY, failed),
        Queued(Queue.DEAD_LETTERS, failed),
    ]
    emissions: list[Callable[[], None]] = [
        lambda: telemetry.record_request(Relayed("orders", "1", results)),
        lambda: telemetry.record_request(RejectedRequest("orders", Unauthorized("signature mismatch"))),
        lambda: telemetry.record_request(RejectedRequest("orders", Unavailable("Not now.", reason="throttled"))),
        lambda: telemetry.record_batch([Postponed(5, "InternalFailure"), Done(1, 1)], 900.0),
        lambda: source_telemetry.record_source_states(["ACTIVE", "PENDING"], [], []),
    ]
    for emission in emissions:
        telemetry.metrics.log_metrics(lambda _event, _context, write=emission: write())({}, Context())
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')]
    assert {directive["Namespace"] for line in lines for directive in line["_aws"]["CloudWatchMetrics"]} == {
        METRIC_NAMESPACE
    }
    assert all(isinstance(line[name], str) for line in lines for _, names in _kinds(line) for name in names)
    return {kind for line in lines for kind in _kinds(line)}


def _kinds(line: dict[str, Any]) -> list[Kind]:
    return [
        (definition["Name"], frozenset(names))
        for directive in line["_aws"]["CloudWatchMetrics"]
        for definition in directive["Metrics"]
        for names in directive["Dimensions"]
    ]


def _filtered(template: Template) -> Iterator[Kind]:
    """Yield the metrics that CloudWatch Logs makes of the functions' lines."""
    for each in resources(template, "AWS::Logs::MetricFilter").values():
        for one in each["Properties"]["MetricTransformations"]:
            yield one["MetricName"], frozenset(name["Key"] for name in one["Dimensions"])


def test_every_alarm_and_graph_is_of_a_metric_with_exactly_the_dimensions_that_it_is_written_with(
    template: Template, emitted: set[Kind]
) -> None:
    """CloudWatch knows no part of a set: a metric with a dimension more, or one less, is another, and has no data."""
    watched: set[Kind] = set()
    for resource in resources(template, "AWS::CloudWatch::Alarm").values():
        parts = [
            part["MetricStat"]["Metric"] for part in resource["Properties"].get("Metrics", []) if "MetricStat" in part
        ]
        for part in parts or [resource["Properties"]]:
            if part["Namespace"] == METRIC_NAMESPACE:
                watched.add((part["MetricName"], frozenset(name["Name"] for name in part["Dimensions"])))
    assert ("WebhooksFailed", frozenset({"service", "version"})) in watched
    assert len(watched) == 8
    body = json.loads(flat(only(template, "AWS::CloudWatch::Dashboard")["Properties"]["DashboardBody"]))
    for widget in body["widgets"]:
        for namespace, name, *dimensions in widget["properties"].get("metrics", []):
            if namespace == METRIC_NAMESPACE:
                names = [text for text in dimensions if isinstance(text, str)][::2]
                watched.add((name, frozenset(names)))
    assert len(watched) == 15
    assert watched - emitted - set(_filtered(template)) == set()


def test_failover_is_an_alarm_for_who_has_it(template: Template) -> None:
    text = RELAY_TOML.replace("[[route]]", '[[route]]\nfailover_region = "eu-west-1"', 1)
    failing_over = synthesise(re.sub(r"regions = .*", 'regions = ["us-east-1", "eu-west-1"]', text))
    series = {metric("EntriesFailedOver", service=SERVICE): [(30.0, 1.0)]}
    assert in_alarm(alarm(failing_over, "FailedOver"), series, MINUTE)
    assert not any("FailedOver" in name for name in resources(template, "AWS::CloudWatch::Alarm"))
