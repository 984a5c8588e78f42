"""Two stages share an account and a Region, and nothing else."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import pytest
from aws_cdk.assertions import Annotations, Match, Template

from partner_event_relay import stages
from partner_event_relay.stages import PROD, STAGES, StageError
from relay import config
from relay.auth.secret_ref import SecretRef
from relay.config import stage_names
from tests.infra.conftest import CONTEXT, RELAY_TOML, allowed, only, resources, stack_of, synthesise

CERTIFICATE = "arn:aws:acm:us-east-1:111111111111:certificate/1"
# What gives a resource a name that has to be unique in the account and Region, where a template gives one at all.
NAMES = {
    "AWS::ApiGateway::RestApi": ("Name",),
    "AWS::ApiGatewayV2::Api": ("Name",),
    "AWS::CloudWatch::Alarm": ("AlarmName",),
    "AWS::CloudWatch::Dashboard": ("DashboardName",),
    "AWS::CloudWatch::InsightRule": ("RuleName",),
    "AWS::DynamoDB::Table": ("TableName",),
    "AWS::Events::Rule": ("Name",),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName",),
    "AWS::IAM::Role": ("RoleName",),
    "AWS::Lambda::Function": ("FunctionName",),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::Logs::QueryDefinition": ("Name",),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::SNS::Topic": ("TopicName",),
    "AWS::SQS::Queue": ("QueueName",),
    "AWS::SecretsManager::Secret": ("Name",),
    "AWS::WAFv2::WebACL": ("Name",),
    "AWS::CodeDeploy::Application": ("ApplicationName",),
    "AWS::CodeDeploy::DeploymentGroup": ("DeploymentGroupName",),
}


def names(template: Template) -> Iterator[tuple[str, str]]:
    """Yield the names that the template gives to its resources and exports."""
    for resource in template.to_json()["Resources"].values():
        for key in NAMES.get(resource["Type"], ()):
            if resource_name := resource.get("Properties", {}).get(key):
                yield resource["Type"], json.dumps(resource_name)
    for output in template.to_json()["Outputs"].values():
        if "Export" in output:
            yield "export", json.dumps(output["Export"]["Name"])


@pytest.mark.parametrize("front", ["http", "rest"])
def test_no_name_of_one_stage_is_in_another(front: str) -> None:
    dev, prod = (
        set(names(synthesise(RELAY_TOML, name, front=front, generate_secrets=True))) for name in ("dev", "prod")
    )
    assert dev & prod == set()
    assert {kind for kind, _ in dev} >= {
        "AWS::SecretsManager::Secret",
        "AWS::Logs::LogGroup",
        "AWS::Logs::QueryDefinition",
        "AWS::CloudWatch::InsightRule",
    }


def test_each_stage_has_a_stack_of_its_own_and_production_keeps_the_plain_name() -> None:
    assert [STAGES[name].stack_name for name in ("prod", "dev")] == ["PartnerEventRelay", "PartnerEventRelay-dev"]


@pytest.mark.parametrize("front", ["http", "rest"])
def test_the_metrics_of_the_functions_and_of_the_alarms_are_those_of_the_stage(front: str) -> None:
    for name in ("dev", "prod"):
        template = synthesise(RELAY_TOML, name, front=front)
        expected = {"prod": "Relay", "dev": "Relay-dev"}[name]
        environment = only(template, "AWS::Lambda::Function", "Ingest")["Properties"]["Environment"]["Variables"]
        assert environment["POWERTOOLS_SERVICE_NAME"] == expected
        alarms = [alarm["Properties"] for alarm in resources(template, "AWS::CloudWatch::Alarm").values()]
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
    assert SecretRef.parse(name).in_stage(stage_names.secret_prefix("dev")).text == kept_as
    assert SecretRef.parse(name).in_stage(stage_names.secret_prefix("prod")).text == name


def test_the_function_reads_the_secrets_that_the_stack_lets_it_read(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = synthesise(RELAY_TOML, "dev")
    environment = only(template, "AWS::Lambda::Function", "Ingest")["Properties"]["Environment"]["Variables"]
    (tmp_path / "relay.toml").write_text(RELAY_TOML)
    monkeypatch.setenv("RELAY_SECRET_PREFIX", environment["RELAY_SECRET_PREFIX"])
    secrets = {ref.text for route in config.load(tmp_path / "relay.toml").routes for ref in route.secrets()}
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
    reservations = {
        name: function["Properties"].get("ReservedConcurrentExecutions") for name, function in functions.items()
    }
    assert {value for name, value in reservations.items() if name.startswith("Ingest")} == {reserved or None}
    assert {value for name, value in reservations.items() if not name.startswith("Ingest")} == {None}


@pytest.mark.parametrize("name", sorted(STAGES))
def test_a_new_account_whose_concurrency_is_ten_can_deploy_what_is_shipped(name: str) -> None:
    # Lambda refuses a reservation that leaves less than 100 to the account's other functions.
    assert STAGES[name].reserved_concurrency == 0


@pytest.mark.parametrize(("name", "reserved", "said"), [("prod", 0, True), ("prod", 200, False), ("dev", 0, False)])
def test_a_warning_says_that_production_is_open_to_a_flood(name: str, reserved: int, said: bool) -> None:
    stack = stack_of(RELAY_TOML, name, reserved_concurrency=reserved)
    found = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp(".*without reserved_conc.*"))
    assert bool(found) is said


def test_a_value_in_cdk_json_overrides_the_stages_own_and_no_other() -> None:
    stage = stages.choose("prod", {"dev": {"burst": 7}, "prod": {"alarm_email": "oncall@acme.example"}})
    assert stage == replace(PROD, alarm_email="oncall@acme.example")


def test_a_stage_of_another_name_starts_from_production() -> None:
    stage = stages.choose("staging", {"staging": {"log_days": 30}})
    assert stage == replace(PROD, name="staging", log_days=30)


@pytest.mark.parametrize("name", sorted(STAGES))
def test_cdk_json_as_shipped_overrides_nothing(name: str) -> None:
    assert stages.choose(name, CONTEXT["stages"]) == STAGES[name]


def test_the_front_of_the_context_replaces_the_stages_own() -> None:
    assert stages.choose("prod", {"prod": {"front": "http"}}, front="rest") == replace(PROD, front="rest")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"retian": True}, 'unknown key "retian"'),
        ({"log_days": 8}, "log_days: expected one of 7, 30, 90, 365"),
        ({"domain": "hooks.acme.example"}, "expected domain and certificate_arn together"),
        (
            {"truststore": "s3://acme/senders.pem"},
            "expected domain and certificate_arn together, and truststore only with them",
        ),
        (
            {"front": "url", "domain": "hooks.acme.example", "certificate_arn": CERTIFICATE},
            'front: expected http or rest with a domain, got "url"',
        ),
        ({"front": "alb"}, 'front: expected one of http, rest, url, got "alb"'),
        # A template with any of these can be synthesized, but AWS refuses it or gives it no meaning.
        ({"retain": "false"}, 'retain: expected true or false, got "false"'),
        ({"burst": "200"}, 'burst: expected a whole number, got "200"'),
        ({"burst": True}, "burst: expected a whole number, got true"),
        ({"domain": 1}, "domain: expected text, got 1"),
        ({"rate_per_second": -1}, "rate_per_second: expected at least 0, got -1"),
        ({"burst": -1}, "burst: expected at least 0, got -1"),
        ({"route_rate_per_second": -1}, "route_rate_per_second: expected at least 0"),
        ({"put_quota": 0}, "put_quota: expected at least 1, got 0"),
        ({"concurrency_quota": 0}, "concurrency_quota: expected at least 1, got 0"),
        ({"reserved_concurrency": -1}, "reserved_concurrency: expected at least 0"),
        ({"requests_per_address": 9}, "requests_per_address: expected 0, or 10 to 2000000000"),
        ({"alarm_email": "oncall"}, "alarm_email: expected an email address"),
        ({"kms_key_arn": "alias/relay"}, "kms_key_arn: expected the ARN of a KMS key"),
        (
            {"kms_key_arn": "arn:aws:kms:us-east-1:111111111111:alias/relay"},
            "kms_key_arn: expected the ARN of a KMS key (not of an alias, because a policy cannot name one)",
        ),
        (
            {"domain": "hooks.acme.example", "certificate_arn": "certificate/1"},
            "certificate_arn: expected the ARN of an ACM certificate",
        ),
        (
            {"domain": "hooks.acme.example", "certificate_arn": CERTIFICATE, "truststore": "s3://a"},
            "truststore: expected s3://BUCKET/KEY",
        ),
        ({"domain": "https://acme.example", "certificate_arn": CERTIFICATE}, "domain: expected a host name"),
    ],
)
def test_a_value_that_cannot_be_used_is_a_readable_mistake(values: dict[str, Any], message: str) -> None:
    with pytest.raises(StageError, match=re.escape(f'cdk.json: stage "dev": {message}')) as error:
        stages.choose("dev", {"dev": values})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "overrides", "message"),
    [
        ("test", {}, 'there is no stage "test"; expected one of dev, prod'),
        ("test", {"staging": {}}, 'there is no stage "test"; expected one of dev, prod, staging'),
        ("AWS-test", {"AWS-test": {}}, "expected no name that begins with aws or ssm"),
        ("ssm", {"ssm": {}}, "expected no name that begins with aws or ssm"),
    ],
)
def test_a_stage_name_that_cannot_be_used_is_a_readable_mistake(
    name: str, overrides: dict[str, Any], message: str
) -> None:
    with pytest.raises(StageError, match=re.escape(message)):
        stages.choose(name, overrides)


def test_every_key_of_a_stage_can_be_set_in_cdk_json() -> None:
    values = {
        "retain": False,
        "canary": False,
        "snap_start": False,
        "log_days": 365,
        "rate_per_second": 1,
        "burst": 1,
        "route_rate_per_second": 1,
        "concurrency_quota": 2000,
        "api_rate_quota": 2500,
        "api_burst_quota": 1250,
        "put_quota": 10_000,
        "tracing": True,
        "lambda_reports": True,
        "reserved_concurrency": 200,
        "alarm_email": "on-call+relay@acme.example",
        "generate_secrets": True,
        "kms_key_arn": "arn:aws-us-gov:kms:us-gov-west-1:111111111111:key/mrk-1234abcd12ab34cd56ef1234567890ab",
        "front": "rest",
        "firewall": False,
        "requests_per_address": 10,
        "cloudwatch_role": False,
        "domain": "hooks.acme.example",
        "certificate_arn": CERTIFICATE,
        "truststore": "s3://acme-truststore/senders.pem",
    }
    assert asdict(stages.choose("prod", {"prod": values})) == {"name": "prod", **values}
