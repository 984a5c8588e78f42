"""The functions of the stack: how they run, what they read, and how a new version replaces the one before."""

import json
import re

import pytest
from aws_cdk.assertions import Template

from tests.infra.conftest import ENVIRONMENT, RELAY_TOML, allowed, only, resources, synthesise


def test_the_functions_run_python_3_13_on_arm_and_ingest_for_less_than_the_gateway_waits(template: Template) -> None:
    for name in ("Ingest", "Redeliver", "SourceHealth"):
        handler = f"relay.{re.sub('(?<!^)(?=[A-Z])', '_', name).lower()}.handler"
        function = only(template, "AWS::Lambda::Function", name)["Properties"]
        assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
        assert function["Handler"] == handler
    assert only(template, "AWS::Lambda::Function", "Ingest")["Properties"]["Timeout"] < 30


def test_the_functions_environment_is_what_it_reads(template: Template) -> None:
    for name in ("Ingest", "Redeliver", "SourceHealth"):
        environment = only(template, "AWS::Lambda::Function", name)["Properties"]["Environment"]["Variables"]
        queues = {"RETRY_QUEUE_URL", "DEAD_LETTER_QUEUE_URL"}
        expected = ENVIRONMENT - (queues if name == "SourceHealth" else set())
        assert environment.keys() == expected | ({"DELIVERY_QUEUE_URL"} if name == "Redeliver" else set())


@pytest.mark.parametrize(("stage", "days", "policy"), [("dev", 7, "Delete"), ("prod", 90, "Retain")])
def test_what_holds_events_or_logs_outlives_the_stack_in_prod_alone(stage: str, days: int, policy: str) -> None:
    template = synthesise(RELAY_TOML, stage)
    logs = resources(template, "AWS::Logs::LogGroup").values()
    assert {log["Properties"]["RetentionInDays"] for log in logs} == {days}
    retained = [
        *logs,
        *resources(template, "AWS::SQS::Queue").values(),
        *resources(template, "AWS::S3::Bucket").values(),
    ]
    assert len(retained) == 8
    assert {resource["DeletionPolicy"] for resource in retained} == {policy}


def test_whoever_delivers_what_a_new_version_leaves_in_a_queue_is_deployed_before_it(template: Template) -> None:
    aliases = resources(template, "AWS::Lambda::Alias")
    [ingest] = [alias for name, alias in aliases.items() if name.startswith("Ingest")]
    assert any(name.startswith("Redeliver") and name in aliases for name in ingest["DependsOn"])


def test_callers_reach_the_live_version_and_prod_moves_it_by_canary(template: Template) -> None:
    aliases = resources(template, "AWS::Lambda::Alias")
    assert {alias["Properties"]["Name"] for alias in aliases.values()} == {"live"}
    assert len(aliases) == 3
    group = only(template, "AWS::CodeDeploy::DeploymentGroup")["Properties"]
    assert group["DeploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent10Minutes"
    assert len(group["AlarmConfiguration"]["Alarms"]) == 3
    assert group["AutoRollbackConfiguration"]["Events"] == ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
    [updated] = [name for name, alias in aliases.items() if "UpdatePolicy" in alias]
    assert updated.startswith("IngestLive")
    assert not resources(synthesise(RELAY_TOML, "dev"), "AWS::CodeDeploy::DeploymentGroup")
    mapping = only(template, "AWS::Lambda::EventSourceMapping", "RedeliverRetryQueue")
    assert "RedeliverLive" in json.dumps(mapping["Properties"]["FunctionName"])
    integration = only(template, "AWS::ApiGatewayV2::Integration")["Properties"]
    assert "IngestLive" in json.dumps(integration["IntegrationUri"])


@pytest.mark.parametrize(("stage", "from_snapshot"), [("dev", set()), ("prod", {"Ingest"})])
def test_what_senders_wait_for_starts_from_a_snapshot_where_the_region_has_it(
    stage: str, from_snapshot: set[str]
) -> None:
    template = synthesise(RELAY_TOML, stage)
    functions = {
        name: function["Properties"] for name, function in resources(template, "AWS::Lambda::Function").items()
    }
    conditions = {
        name: function["SnapStart"]["Fn::If"] for name, function in functions.items() if "SnapStart" in function
    }
    assert {name.partition("Function")[0] for name in conditions} == from_snapshot
    for condition, yes, no in conditions.values():
        assert (yes, no) == ({"ApplyOn": "PublishedVersions"}, {"Ref": "AWS::NoValue"})
        text = json.dumps(template.to_json()["Conditions"][condition])
        assert all(name in text for name in ('"aws"', "ap-southeast-6", "ap-east-2", "Fn::Not"))


@pytest.mark.parametrize("front", ["http", "rest"])
@pytest.mark.parametrize("tracing", [False, True])
def test_x_ray_is_paid_for_only_where_the_stage_asks_for_it(front: str, tracing: bool) -> None:
    template = synthesise(RELAY_TOML, front=front, tracing=tracing)
    functions = resources(template, "AWS::Lambda::Function").values()
    assert {function["Properties"].get("TracingConfig", {}).get("Mode") for function in functions} == (
        {"Active"} if tracing else {None}
    )
    assert {name for name in allowed(template, "Ingest") if name.startswith("xray:")} == (
        {"xray:PutTraceSegments", "xray:PutTelemetryRecords"} if tracing else set()
    )
    stages = resources(template, "AWS::ApiGateway::Stage").values()
    assert {stage["Properties"]["TracingEnabled"] for stage in stages} <= {tracing}
