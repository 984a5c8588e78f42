"""What `cdk deploy` creates."""

import json
import re

import pytest
from aws_cdk.assertions import Match, Template

from relay.pipeline.waiting import backoff_seconds
from tests.infra.conftest import ENVIRONMENT, RELAY_TOML, ROOT, allowed, flat, only, resources, synthesise
from tools.cost.model import MEASURED

SECRET = "AWS::SecretsManager::Secret"


@pytest.mark.parametrize("name", ["QueuesDelivery", "QueuesRetry", "QueuesDeadLetters"])
def test_the_queues_are_encrypted_keep_as_long_as_sqs_can_and_outlive_the_stack(template: Template, name: str) -> None:
    queue = only(template, "AWS::SQS::Queue", name)
    assert queue["Properties"]["SqsManagedSseEnabled"] is True
    assert queue["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert queue["DeletionPolicy"] == "Retain"


def test_the_queues_and_the_bucket_refuse_plain_http(template: Template) -> None:
    policies = {**resources(template, "AWS::SQS::QueuePolicy"), **resources(template, "AWS::S3::BucketPolicy")}
    assert len(policies) == 4
    for policy in policies.values():
        [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Principal"]) == ("Deny", {"AWS": "*"})
        assert statement["Action"] in {"sqs:*", "s3:*"}
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("name", ["QueuesDelivery", "QueuesRetry"])
def test_what_the_redeliver_function_cannot_survive_is_dead_lettered_by_sqs(template: Template, name: str) -> None:
    queue = only(template, "AWS::SQS::Queue", name)["Properties"]
    policy = queue["RedrivePolicy"]
    assert flat(policy["deadLetterTargetArn"]) == "<QueuesDeadLetters>"
    # Far more receives than a day of postponing has, and all of them fit into the retention.
    assert 24 * 3600 / backoff_seconds(100, 0) + 10 < policy["maxReceiveCount"] <= 1000
    assert policy["maxReceiveCount"] * queue["VisibilityTimeout"] < queue["MessageRetentionPeriod"]
    function = only(template, "AWS::Lambda::Function", "Redeliver")["Properties"]
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]


@pytest.mark.parametrize(("name", "batch", "concurrency"), [("Retry", 100, 5), ("Delivery", 20, 10)])
def test_each_queue_feeds_the_redeliver_function_in_bounded_batches_of_its_own(
    template: Template, name: str, batch: int, concurrency: int
) -> None:
    mapping = only(template, "AWS::Lambda::EventSourceMapping", f"Redeliver{name}Queue")["Properties"]
    assert flat(mapping["EventSourceArn"]) == f"<Queues{name}>"
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": concurrency}
    assert mapping["BatchSize"] == batch


def test_only_a_route_that_is_queued_lets_the_ingest_function_send_to_the_delivery_queue(template: Template) -> None:
    queued = synthesise(RELAY_TOML.replace('path = "/github"', 'path = "/github"\ndelivery = "queued"'))
    assert allowed(queued, "Ingest")["sqs:SendMessage"] - allowed(template, "Ingest")["sqs:SendMessage"] == {
        "<QueuesDelivery>"
    }
    environment = only(queued, "AWS::Lambda::Function", "Ingest")["Properties"]["Environment"]["Variables"]
    assert environment.keys() - ENVIRONMENT == {"DELIVERY_QUEUE_URL"}


def test_the_bucket_is_private_encrypted_and_forgets_after_the_queues_have(template: Template) -> None:
    bucket = only(template, "AWS::S3::Bucket")
    assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    [encryption] = bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    [rule] = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule == {"ExpirationInDays": 30, "Status": "Enabled"}
    assert bucket["DeletionPolicy"] == "Retain"


def test_one_dead_letter_is_an_alarm(template: Template) -> None:
    alarm = only(template, "AWS::CloudWatch::Alarm", "MonitoringDeadLetters")["Properties"]
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert [flat(dimension["Value"]) for dimension in alarm["Dimensions"]] == ["<QueuesDeadLetters>"]
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (60, 1, "notBreaching")


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


def test_every_alarm_tells_the_topic_and_has_its_page_in_the_runbook(template: Template) -> None:
    runbook = (ROOT / "docs" / "how-to" / "operations.md").read_text("utf-8")
    alarms = resources(template, "AWS::CloudWatch::Alarm").values()
    assert len(alarms) == 20
    for alarm in alarms:
        described = alarm["Properties"]["AlarmDescription"]
        name = described.removesuffix(".").rpartition(", ")[2]
        assert f"docs/how-to/operations.md, {name}." in described
        assert f"\n### {name}\n" in runbook
        assert "MonitoringAlarms" in json.dumps(alarm["Properties"]["AlarmActions"])
        assert alarm["Properties"]["TreatMissingData"] == "notBreaching"


def test_the_topic_is_for_cloudwatch_of_this_account_and_tls(template: Template) -> None:
    statements = only(template, "AWS::SNS::TopicPolicy")["Properties"]["PolicyDocument"]["Statement"]
    by_effect = {statement["Effect"]: statement for statement in statements}
    assert by_effect["Allow"]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert by_effect["Allow"]["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert by_effect["Deny"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_stage_with_a_domain_has_no_other_way_in(template: Template) -> None:
    named = synthesise(
        RELAY_TOML,
        domain="hooks.acme.example",
        certificate_arn="arn:aws:acm:us-east-1:111111111111:certificate/1",
        truststore="s3://acme-truststore/senders.pem",
    )
    assert only(named, "AWS::ApiGatewayV2::Api")["Properties"]["DisableExecuteApiEndpoint"] is True
    domain = only(named, "AWS::ApiGatewayV2::DomainName")["Properties"]
    assert domain["DomainName"] == "hooks.acme.example"
    assert domain["MutualTlsAuthentication"] == {"TruststoreUri": "s3://acme-truststore/senders.pem"}
    [configuration] = domain["DomainNameConfigurations"]
    assert configuration["SecurityPolicy"] == "TLS_1_2"
    assert only(named, "AWS::ApiGatewayV2::ApiMapping")["Properties"]["Stage"] == "$default"
    assert named.find_outputs("UrlGitHub")["UrlGitHub"]["Value"] == "https://hooks.acme.example/github"
    assert "DomainTarget" in named.find_outputs("*")
    assert not only(template, "AWS::ApiGatewayV2::Api")["Properties"].get("DisableExecuteApiEndpoint")


def test_a_rest_api_takes_bytes_and_stands_behind_a_firewall(template: Template) -> None:
    rest = synthesise(RELAY_TOML, front="rest")
    assert only(rest, "AWS::ApiGateway::RestApi")["Properties"]["BinaryMediaTypes"] == ["*/*"]
    stage = only(rest, "AWS::ApiGateway::Stage")["Properties"]
    assert not re.search("header|query|body", stage["AccessLogSetting"]["Format"], re.IGNORECASE)
    assert all(setting["MetricsEnabled"] for setting in stage["MethodSettings"])
    rules = only(rest, "AWS::WAFv2::WebACL")["Properties"]["Rules"]
    assert [rule["Name"] for rule in rules] == [
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesAmazonIpReputationList",
        "RateOfAnAddress",
    ]
    assert all(rule["VisibilityConfig"]["SampledRequestsEnabled"] is False for rule in rules)
    association = only(rest, "AWS::WAFv2::WebACLAssociation")["Properties"]
    assert "FrontApi" in json.dumps(association["ResourceArn"])
    assert not resources(rest, "AWS::ApiGatewayV2::Api")
    assert not resources(template, "AWS::WAFv2::WebACL")
    alarms = resources(rest, "AWS::CloudWatch::Alarm").values()
    assert {"5XXError", "IntegrationLatency"} <= {alarm["Properties"].get("MetricName") for alarm in alarms}


def test_a_stage_may_make_the_secrets_and_encrypt_them_with_a_key_of_its_own(template: Template) -> None:
    key = "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    generated = synthesise(RELAY_TOML, generate_secrets=True, kms_key_arn=key)
    # Not the one of another account, and not the one in Parameter Store.
    secret = only(generated, "AWS::SecretsManager::Secret")
    assert secret["Properties"]["Name"] == "acme/orders"
    assert secret["Properties"]["KmsKeyId"] == key
    assert secret["Properties"]["GenerateSecretString"] == {"ExcludePunctuation": True, "PasswordLength": 32}
    assert secret["DeletionPolicy"] == "Retain"
    assert allowed(generated, "Ingest")["kms:Decrypt"] == {key}
    assert not resources(template, "AWS::SecretsManager::Secret")


def test_an_address_of_the_stage_gets_the_alarms(template: Template) -> None:
    subscribed = synthesise(RELAY_TOML, alarm_email="oncall@acme.example")
    subscription = only(subscribed, "AWS::SNS::Subscription")["Properties"]
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "oncall@acme.example")
    assert not resources(template, "AWS::SNS::Subscription")


def test_secrets_whose_names_look_alike_are_each_made() -> None:
    names = ["acme/git-hub", "acme-git/hub", "acme/git/hub", "acme-git-hub", "acme//git%hub".replace("%", "_")]
    routes = "".join(
        f"""[[route]]
name = "r{number}x"
path = "/r{number}"
preset = "github"
auth = {{ secret = "{name}" }}
event = {{ source = "aws.partner/acme.example/r{number}" }}
"""
        for number, name in enumerate(names)
    )
    generated = resources(synthesise(RELAY_TOML.split("[[route]]")[0] + routes, generate_secrets=True), SECRET).values()
    assert sorted(secret["Properties"]["Name"] for secret in generated) == sorted(names)


def test_the_api_has_a_route_for_each_path_and_one_for_the_rest(template: Template) -> None:
    routes = resources(template, "AWS::ApiGatewayV2::Route").values()
    keys = {route["Properties"]["RouteKey"] for route in routes}
    assert keys == {"ANY /orders/{customer}", "ANY /github", "ANY /stripe", "$default"}
    template.has_resource_properties("AWS::ApiGatewayV2::Integration", {"PayloadFormatVersion": "2.0"})


def test_the_stage_is_throttled_to_what_the_usual_quotas_carry(template: Template) -> None:
    template.has_resource_properties(
        "AWS::ApiGatewayV2::Stage",
        {
            "StageName": "$default",
            "DefaultRouteSettings": {
                "ThrottlingRateLimit": 838,
                "ThrottlingBurstLimit": 995,
                "DetailedMetricsEnabled": True,
            },
        },
    )
    stage = only(template, "AWS::ApiGatewayV2::Stage")["Properties"]
    assert stage["RouteSettings"].keys() == {"ANY /orders/{customer}", "ANY /github", "ANY /stripe"}
    of_routes = [
        (setting["ThrottlingRateLimit"], setting["ThrottlingBurstLimit"]) for setting in stage["RouteSettings"].values()
    ]
    assert of_routes == [(419, 497)] * 3


def test_the_access_log_is_json_without_anything_that_may_be_secret(template: Template) -> None:
    settings = only(template, "AWS::ApiGatewayV2::Stage")["Properties"]["AccessLogSettings"]
    line = json.loads(settings["Format"])
    assert line["request_id"] == "$context.requestId"
    assert not re.search("header|query|path", settings["Format"], re.IGNORECASE)


def test_each_routes_url_is_an_output(template: Template) -> None:
    outputs = template.find_outputs("*", {"Value": Match.any_value()})
    paths = {name: json.dumps(output["Value"]).rsplit('"', 2)[-2] for name, output in outputs.items() if "Url" in name}
    assert paths["UrlOrders"].endswith("/orders/{customer}")
    assert paths["UrlGitHub"].endswith("/github")
    assert {"RetryQueueUrl", "RetryQueueArn", "DeadLetterQueueUrl", "DeadLetterQueueArn"} <= outputs.keys()


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


def test_the_cost_model_counts_the_alarms_rules_and_pollers_that_there_are(template: Template) -> None:
    alarms = [alarm["Properties"] for alarm in resources(template, "AWS::CloudWatch::Alarm").values()]
    metrics = [sum("MetricStat" in metric for metric in alarm.get("Metrics", [{"MetricStat": {}}])) for alarm in alarms]
    assert sum(metrics) == MEASURED["stack"]["alarm_metrics"]
    assert len(resources(template, "AWS::CloudWatch::InsightRule")) == MEASURED["stack"]["insight_rules"]
    acl = only(synthesise(RELAY_TOML, front="rest"), "AWS::WAFv2::WebACL")
    assert len(acl["Properties"]["Rules"]) == MEASURED["stack"]["waf_rules"]
