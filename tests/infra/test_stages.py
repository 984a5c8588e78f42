"""Two stages share an account and a Region, and nothing else."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from aws_cdk.assertions import Annotations, Match, Template

from infra.stage import Stage, read
from relay import config
from relay.auth.secret_ref import in_stage
from relay.config import stage_names
from tests.infra.conftest import RELAY_TOML, STAGES, allowed, only, resources, stack_of, synthesise

# What gives a resource a name that has to be unique in the account and Region, where a template gives one at all.
NAMES = {
    "AWS::ApiGateway::RestApi": ("Name",),
    "AWS::ApiGatewayV2::Api": ("Name",),
    "AWS::CloudWatch::Alarm": ("AlarmName",),
    "AWS::CloudWatch::Dashboard": ("DashboardName",),
    "AWS::DynamoDB::Table": ("TableName",),
    "AWS::Events::Rule": ("Name",),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName",),
    "AWS::IAM::Role": ("RoleName",),
    "AWS::Lambda::Function": ("FunctionName",),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::SNS::Topic": ("TopicName",),
    "AWS::SQS::Queue": ("QueueName",),
    "AWS::SecretsManager::Secret": ("Name",),
    "AWS::WAFv2::WebACL": ("Name",),
    "AWS::CodeDeploy::Application": ("ApplicationName",),
    "AWS::CodeDeploy::DeploymentGroup": ("DeploymentGroupName",),
}


def names(template: Template) -> Iterator[tuple[str, str]]:
    """The names that the template gives to its resources and exports."""
    for one in template.to_json()["Resources"].values():
        for key in NAMES.get(one["Type"], ()):
            if given := one.get("Properties", {}).get(key):
                yield one["Type"], json.dumps(given)
    for output in template.to_json()["Outputs"].values():
        if "Export" in output:
            yield "export", json.dumps(output["Export"]["Name"])


def stage(name: str) -> Stage:
    return read(STAGES, name)


@pytest.mark.parametrize("front", ["http", "rest"])
def test_no_name_of_one_stage_is_in_another(front: str) -> None:
    dev, prod = (set(names(synthesise(RELAY_TOML, one, front=front, generate_secrets=True))) for one in ("dev", "prod"))
    assert dev & prod == set()
    assert {kind for kind, _ in dev} >= {"AWS::SecretsManager::Secret", "AWS::Logs::LogGroup"}


def test_each_stage_has_a_stack_of_its_own_and_production_keeps_the_plain_name() -> None:
    assert [stage(name).stack_name for name in ("prod", "dev")] == ["PartnerEventRelay", "PartnerEventRelay-dev"]


@pytest.mark.parametrize("front", ["http", "rest"])
def test_the_metrics_of_the_functions_and_of_the_alarms_are_those_of_the_stage(front: str) -> None:
    for name in ("dev", "prod"):
        template = synthesise(RELAY_TOML, name, front=front)
        expected = {"prod": "Relay", "dev": "Relay-dev"}[name]
        environment = only(template, "AWS::Lambda::Function", "Ingest")["Properties"]["Environment"]["Variables"]
        assert environment["POWERTOOLS_SERVICE_NAME"] == expected
        alarms = [one["Properties"] for one in resources(template, "AWS::CloudWatch::Alarm").values()]
        named = {
            dimension["Value"]
            for alarm in alarms
            for dimension in alarm.get("Dimensions", [])
            if dimension["Name"] in {"service", "ApiName", "WebACL"}
        }
        assert named == {expected}


@pytest.mark.parametrize(
    ("name", "kept_as"),
    [
        ("acme/orders", "dev/acme/orders"),
        ("acme/${path.customer}", "dev/acme/${path.customer}"),
        ("ssm:/acme/github", "ssm:/dev/acme/github"),
        ("arn:aws:secretsmanager:us-east-1:333333333333:secret:a-AbCdEf",) * 2,
    ],
)
def test_a_stage_keeps_its_secrets_under_its_own_name(name: str, kept_as: str) -> None:
    assert in_stage(name, stage_names.secret_prefix("dev")) == kept_as
    assert in_stage(name, stage_names.secret_prefix("prod")) == name


def test_the_function_reads_the_secrets_that_the_stack_lets_it_read(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = synthesise(RELAY_TOML, "dev")
    environment = only(template, "AWS::Lambda::Function", "Ingest")["Properties"]["Environment"]["Variables"]
    (tmp_path / "relay.toml").write_text(RELAY_TOML)
    monkeypatch.setenv("RELAY_SECRET_PREFIX", environment["RELAY_SECRET_PREFIX"])
    secrets = {name for route in config.load(tmp_path / "relay.toml").routes for name in route.secrets()}
    assert secrets >= {"dev/acme/orders", "ssm:/dev/acme/github"}
    readable = allowed(template, "Ingest")["secretsmanager:GetSecretValue"]
    assert any(":secret:dev/acme/orders-??????" in arn for arn in readable)
    assert not any(":secret:acme/orders" in arn for arn in readable)


def test_production_reads_plain_names(template: Template) -> None:
    environment = only(template, "AWS::Lambda::Function", "Ingest")["Properties"]["Environment"]["Variables"]
    assert "RELAY_SECRET_PREFIX" not in environment


@pytest.mark.parametrize("reserved", [0, 200])
def test_a_flood_of_webhooks_takes_no_more_than_is_reserved_for_them(reserved: int) -> None:
    functions = resources(synthesise(RELAY_TOML, reserved_concurrency=reserved), "AWS::Lambda::Function")
    found = {name: one["Properties"].get("ReservedConcurrentExecutions") for name, one in functions.items()}
    assert {value for name, value in found.items() if name.startswith("Ingest")} == {reserved or None}
    assert {value for name, value in found.items() if not name.startswith("Ingest")} == {None}


@pytest.mark.parametrize("name", sorted(STAGES))
def test_a_new_account_whose_concurrency_is_ten_can_deploy_what_is_shipped(name: str) -> None:
    # Lambda refuses a reservation that leaves less than 100 to the account's other functions.
    assert stage(name).reserved_concurrency == 0


@pytest.mark.parametrize(("name", "reserved", "said"), [("prod", 0, True), ("prod", 200, False), ("dev", 0, False)])
def test_that_production_is_open_to_a_flood_is_said(name: str, reserved: int, said: bool) -> None:
    stack = stack_of(RELAY_TOML, name, reserved_concurrency=reserved)
    found = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp(".*set reserved_concurrency.*"))
    assert bool(found) is said
