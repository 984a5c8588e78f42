"""The alarms of `[destinations]`, and the outputs that tools need."""

from aws_cdk.assertions import Template

from relay.telemetry import Metric
from tests.infra.conftest import ROOT, flat, only, resources
from tests.infra.destinations import with_destinations

__all__ = ["with_destinations"]  # fixture


def test_every_alarm_has_its_page_in_the_runbook_and_a_metric_that_is_written(with_destinations: Template) -> None:
    runbook = (ROOT / "docs/how-to/operations.md").read_text("utf-8")
    alarms = resources(with_destinations, "AWS::CloudWatch::Alarm")
    for alarm in alarms.values():
        section = alarm["Properties"]["AlarmDescription"].rpartition(", ")[2].rstrip(".")
        assert f"\n### {section}\n" in runbook
        if alarm["Properties"].get("Namespace") == "PartnerEventRelay":
            assert alarm["Properties"]["MetricName"] in {*Metric}
            assert [dimension["Name"] for dimension in alarm["Properties"]["Dimensions"]] in (
                ["service"],
                ["service", "status"],
            )


def test_silence_of_the_reconciler_is_an_alarm(with_destinations: Template) -> None:
    alarm = only(with_destinations, "AWS::CloudWatch::Alarm", "MonitoringReconcilerSilent")["Properties"]
    assert (alarm["ComparisonOperator"], alarm["Threshold"], alarm["TreatMissingData"], alarm["Period"]) == (
        "LessThanThreshold",
        1,
        "breaching",
        300,
    )


def test_the_outputs_name_what_tools_need(with_destinations: Template) -> None:
    outputs = with_destinations.to_json()["Outputs"]
    assert flat(outputs["DestinationsTable"]["Value"]).startswith("${DestinationsStoresTable")
    assert flat(outputs["HeldBucket"]["Value"]).startswith("${DestinationsStoresHeld")
    assert "ControlUrl" in outputs
