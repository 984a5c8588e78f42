"""What every webhook has is counted by the lines that it has in the log, as often as it happened."""

import json

import pytest
from aws_cdk.assertions import Template

from partner_event_relay.functions.function import METRIC_NAMESPACE
from partner_event_relay.monitoring.line_metrics import line_metrics
from relay import telemetry
from relay.delivery.undelivered import EntryResult, NotSent, Queue, Queued, Unsent
from relay.entry import Accepted, Entry, Failed
from relay.pipeline import entry_lines
from relay.pipeline.results import Relayed
from tests.conftest import NOW
from tests.filter_patterns import counted
from tests.infra.conftest import resources

QUEUED = Queued(Queue.RETRY, Failed("ThrottlingException", "slow down", 1))
RESULTS: dict[str, list[EntryResult]] = {
    "accepted": [Accepted("1")],
    "some": [QUEUED, Accepted("2", attempts=2), Accepted("3")],
    "nobody's": [NotSent(Unsent.UNSUBSCRIBED)],
    "nothing": [],
}
EXPECTED = {"accepted": (1, [12]), "some": (2, [12]), "nobody's": (0, []), "nothing": (0, [])}


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("log_entries", [True, False])
def test_each_webhook_and_each_accepted_entry_is_counted_once(
    name: str, *, log_entries: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    results = RESULTS[name]
    planned = [Entry(NOW, "aws.partner/acme.example/a", (), "order", "{}", "us-east-1") for _ in results]
    relayed = Relayed("orders", "msg_1", results, planned, 12)
    telemetry.record_request(relayed, entry_lines.of_webhook(relayed) if log_entries else ())
    lines = [line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "message" in line]
    sums = {one.name: counted(one.pattern, one.value, lines) for one in line_metrics(log_entries=log_entries)}
    assert (sums["WebhooksReceived"], sums["WebhooksRelayed"]) == ([1], [1])
    accepted, latency = EXPECTED[name]
    assert sum(sums["EntriesAccepted"]) == accepted
    assert sums["PutLatency"] == latency
    assert all(line["service"] and line["route"] == "orders" for line in lines)  # the dimensions
    telemetry.metrics.clear_metrics()


def test_where_the_lines_are_left_out_the_function_counts_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(telemetry, "INFO", 0)  # as if the log level were above it
    telemetry.metrics.clear_metrics()
    telemetry.record_request(Relayed("orders", "msg_1", [Accepted("1")], (), 12))
    telemetry.emit_metrics()
    [line] = map(json.loads, capsys.readouterr().out.splitlines())
    counts = {name: line[name] for name in ("WebhooksReceived", "WebhooksRelayed", "EntriesAccepted", "PutLatency")}
    assert counts == {"WebhooksReceived": [1], "WebhooksRelayed": [1], "EntriesAccepted": [1], "PutLatency": [12]}


def test_a_filter_publishes_the_metric_that_alarms_and_graphs_name(template: Template) -> None:
    transformations = [
        transformation
        for each in resources(template, "AWS::Logs::MetricFilter").values()
        for transformation in each["Properties"]["MetricTransformations"]
    ]
    assert {one["MetricNamespace"] for one in transformations} == {METRIC_NAMESPACE}
    found = {(one["MetricName"], *(name["Key"] for name in one["Dimensions"])) for one in transformations}
    names = [one.name for one in line_metrics(log_entries=True)]
    assert found == {(name, "service") for name in names} | {(name, "service", "route") for name in names}


def test_lambda_logs_nothing_of_a_webhook_that_is_answered(template: Template) -> None:
    for function in resources(template, "AWS::Lambda::Function").values():
        logging = function["Properties"]["LoggingConfig"]
        assert (logging["LogFormat"], logging["SystemLogLevel"]) == ("JSON", "WARN")
