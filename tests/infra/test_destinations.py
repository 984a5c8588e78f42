"""What `[destinations]` adds to the stack, and that it adds nothing without it."""

import json
import re
from dataclasses import replace

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template

from partner_event_relay import stages
from partner_event_relay.relay import Relay
from relay import config
from relay.telemetry import Metric
from tests.infra.conftest import ENVIRONMENT, RELAY_TOML, ROOT, allowed, flat, only, resources, synthesise
from tests.infra.test_permissions import HERE, PUT_AND_KEEP

CALLER = "arn:aws:iam::333333333333:role/backend"
TOML = (
    RELAY_TOML
    + f"""
[[route]]
name = "customers"
path = "/customers"
auth = {{ scheme = "standard-webhooks", secret = "acme/customers" }}
customer = "${{body.customer}}"
event = {{ detail_type = "a" }}
[destinations]
callers = ["{CALLER}"]
[notify]
bus = "default"
"""
)
TABLE, HELD, QUEUE = "<DestinationsStoresTable>", "<DestinationsStoresHeld>", "<DestinationsStoresReleaseQueue>"
SOURCES = {
    f"arn:${{AWS::Partition}}:events:{region}::event-source/aws.partner/acme.example/*"
    for region in ("us-east-1", "eu-west-1")
}
NOTIFY = {"events:PutEvents": {f"arn:${{AWS::Partition}}:events:{HERE}:event-bus/default"}}
CHANGE = {f"dynamodb:{verb}Item": {TABLE} for verb in ("Put", "Update", "Delete")}
MANAGE = {
    "events:CreatePartnerEventSource": SOURCES,
    "events:DeletePartnerEventSource": SOURCES,
    "events:ListPartnerEventSourceAccounts": SOURCES,
    "s3:ListBucket": {HELD},
    "s3:DeleteObject": {f"{HELD}/held/*", f"{HELD}/released/*"},
    "sqs:SendMessage": {QUEUE},
}


@pytest.fixture(scope="module", params=["http", "rest"])
def with_destinations(request: pytest.FixtureRequest) -> Template:
    return synthesise(TOML, front=request.param)


def logs(function: str) -> dict[str, set[str]]:
    return {
        "logs:CreateLogStream": {f"<Destinations{function}Log>"},
        "logs:PutLogEvents": {f"<Destinations{function}Log>"},
    }


def test_without_destinations_there_is_nothing_of_it(template: Template) -> None:
    assert not resources(template, "AWS::DynamoDB::Table")
    assert len(resources(template, "AWS::Lambda::Function")) == 3
    assert not [name for name in template.to_json()["Outputs"] if name in {"ControlUrl", "HeldBucket"}]


@pytest.mark.parametrize("function", ["Ingest", "Redeliver"])
def test_what_delivers_may_read_note_a_refusal_and_hold(
    with_destinations: Template, template: Template, function: str
) -> None:
    before, now = allowed(template, function), allowed(with_destinations, function)
    added = {action: more for action, arns in now.items() if (more := arns - before.get(action, set()))}
    added.pop("secretsmanager:GetSecretValue", None)  # that of the new route
    assert added == {
        "dynamodb:Query": {TABLE},
        "dynamodb:UpdateItem": {TABLE},
        "s3:PutObject": {f"{HELD}/held/*"},
        **({"s3:GetObject": {"<QueuesOverflow>/claims/*"}} if function == "Redeliver" else {}),
    }


def test_the_role_of_the_control_api_allows_exactly_what_it_does(with_destinations: Template) -> None:
    actions = logs("Control") | CHANGE | MANAGE | NOTIFY
    assert allowed(with_destinations, "DestinationsControlRole") == actions | {
        "dynamodb:Query": {TABLE},
        "dynamodb:Scan": {TABLE},
        "events:PutPartnerEvents": {"*"},
    }


def test_the_role_of_the_reconciler_allows_exactly_what_it_does(with_destinations: Template) -> None:
    actions = logs("Reconciler") | CHANGE | MANAGE | NOTIFY
    assert allowed(with_destinations, "DestinationsReconciler") == actions | {
        "dynamodb:Query": {TABLE, f"{TABLE}/index/attention"},
        "dynamodb:Scan": {TABLE},
        "dynamodb:BatchGetItem": {TABLE},
        "events:ListPartnerEventSources": {"*"},
    }


def test_the_role_of_the_releaser_allows_exactly_what_it_does(with_destinations: Template) -> None:
    both = {f"{HELD}/held/*", f"{HELD}/released/*"}
    assert allowed(with_destinations, "DestinationsReleaser") == PUT_AND_KEEP | logs("Releaser") | NOTIFY | {
        **{f"dynamodb:{action}": {TABLE} for action in ("BatchGetItem", "Query", "UpdateItem")},
        "s3:GetObject": both | {"<QueuesOverflow>/claims/*"},
        "s3:PutObject": both | {"<QueuesOverflow>/overflow/*"},
        "s3:DeleteObject": {f"{HELD}/held/*"},
        "s3:ListBucket": {HELD},
        **{
            f"sqs:{action}": {QUEUE}
            for action in ("ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes")
        },
    }


def test_source_health_may_read_which_sources_are_not_its_own(with_destinations: Template) -> None:
    assert allowed(with_destinations, "SourceHealth")["dynamodb:Scan"] == {TABLE}


def test_the_control_api_has_one_route_which_asks_iam(with_destinations: Template) -> None:
    api = only(with_destinations, "AWS::ApiGatewayV2::Route", "DestinationsControlApi")["Properties"]
    assert (api["RouteKey"], api["AuthorizationType"]) == ("ANY /v1/{proxy+}", "AWS_IAM")
    stage = only(with_destinations, "AWS::ApiGatewayV2::Stage", "DestinationsControlApi")["Properties"]
    assert stage["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 100, "ThrottlingRateLimit": 50}


def test_the_roles_of_other_accounts_may_assume_one_role_which_may_only_call_the_control_api(
    with_destinations: Template,
) -> None:
    role = only(with_destinations, "AWS::IAM::Role", "DestinationsControlApiCallers")["Properties"]
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Action"] == "sts:AssumeRole"
    assert flat(trust["Principal"]["AWS"]) == "arn:${AWS::Partition}:iam::333333333333:root"
    assert trust["Condition"] == {"ArnEquals": {"aws:PrincipalArn": [CALLER]}}
    [(action, [resource])] = [
        (action, list(arns)) for action, arns in allowed(with_destinations, "DestinationsControlApiCallers").items()
    ]
    assert action == "execute-api:Invoke"
    assert resource.endswith("/*/*/v1/*")
    assert "ControlRoleArn" in with_destinations.to_json()["Outputs"]


WITH_PAGE = TOML.replace("[notify]", '[destinations.page]\ntitle = "Acme"\n[notify]')
PAGE_KEY = "${DestinationsPageKeySecretC68FB4BB}"


@pytest.fixture(scope="module")
def with_page() -> Template:
    return synthesise(WITH_PAGE)


def test_without_a_page_nothing_of_it_is_deployed(with_destinations: Template, with_page: Template) -> None:
    assert not [name for name in with_destinations.to_json()["Resources"] if "Page" in name]
    assert "PageKeyArn" not in with_destinations.to_json()["Outputs"]
    assert flat(with_page.to_json()["Outputs"]["PageKeyArn"]["Value"]).startswith("${DestinationsPageKey")


def test_the_page_has_routes_that_ask_nobody_and_less_than_the_control_api_has(with_page: Template) -> None:
    routes = [
        route["Properties"]
        for name, route in resources(with_page, "AWS::ApiGatewayV2::Route").items()
        if name.startswith("DestinationsControlApi")
    ]
    assert {route["RouteKey"]: route["AuthorizationType"] for route in routes} == {
        "ANY /v1/{proxy+}": "AWS_IAM",
        "GET /page": "NONE",
        "ANY /page/{proxy+}": "NONE",
    }
    targets = {route["RouteKey"]: flat(route["Target"]) for route in routes}
    assert targets["GET /page"] == targets["ANY /page/{proxy+}"] != targets["ANY /v1/{proxy+}"]
    stage = only(with_page, "AWS::ApiGatewayV2::Stage", "DestinationsControlApi")["Properties"]
    slower = {"ThrottlingBurstLimit": 40, "ThrottlingRateLimit": 20}
    assert stage["RouteSettings"] == {"GET /page": slower, "ANY /page/{proxy+}": slower}
    assert stage["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 100, "ThrottlingRateLimit": 50}
    log = json.dumps(stage["AccessLogSettings"]["Format"])
    assert not re.findall("authorization|header|path|query|authorizer", log, re.IGNORECASE)


def test_the_role_of_the_page_allows_what_a_customer_may_do_and_reads_no_other_secret(with_page: Template) -> None:
    assert allowed(with_page, "DestinationsPageRole") == logs("Page") | CHANGE | MANAGE | NOTIFY | {
        "dynamodb:Query": {TABLE},
        "events:PutPartnerEvents": {"*"},
        "secretsmanager:GetSecretValue": {PAGE_KEY},
    }
    assert allowed(with_page, "DestinationsControlRole")["secretsmanager:GetSecretValue"] == {PAGE_KEY}


def test_nobody_chooses_the_key_of_the_page(with_page: Template) -> None:
    secret = only(with_page, "AWS::SecretsManager::Secret", "DestinationsPageKey")
    assert secret["Properties"]["GenerateSecretString"] == {"ExcludePunctuation": True, "PasswordLength": 64}
    assert "Name" not in secret["Properties"]
    assert secret["DeletionPolicy"] == "Delete"


def test_the_environment_says_where_the_page_and_its_key_are(with_page: Template) -> None:
    own = {"DESTINATIONS_TABLE", "HELD_BUCKET", "RELEASE_QUEUE_URL", "PAGE_KEY_ARN"}
    queues = {"RETRY_QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "OVERFLOW_BUCKET"}
    for function, more in (("Page", set()), ("Control", {"PAGE_URL"})):
        properties = only(with_page, "AWS::Lambda::Function", f"Destinations{function}")["Properties"]
        variables = properties["Environment"]["Variables"]
        assert variables.keys() == (ENVIRONMENT - queues) | own | more
    assert flat(variables["PAGE_URL"]).endswith("/page")


def test_a_flood_of_the_page_uses_a_part_of_the_concurrency_that_is_reserved() -> None:
    stage = replace(stages.STAGES["prod"], reserved_concurrency=100)
    relay = Relay(
        cdk.Stack(cdk.App(), "Relay"),
        "Relay",
        config=config.load(ROOT / "relay.toml"),
        stage=replace(stage, kms_key_arn=KMS_KEY),
        code=lambda_.Code.from_inline("pass"),
        control_code=lambda_.Code.from_inline("pass"),
        architecture=lambda_.Architecture.ARM_64,
    )
    template = Template.from_stack(cdk.Stack.of(relay))
    function = only(template, "AWS::Lambda::Function", "RelayDestinationsPage")["Properties"]
    assert function["ReservedConcurrentExecutions"] == 10
    secret = only(template, "AWS::SecretsManager::Secret", "RelayDestinationsPageKey")["Properties"]
    assert secret["KmsKeyId"] == KMS_KEY
    assert allowed(template, "RelayDestinationsPageRole")["kms:Decrypt"] == {KMS_KEY}


KMS_KEY = "arn:aws:kms:us-east-1:333333333333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def test_without_callers_there_is_no_role_to_assume() -> None:
    alone = synthesise(TOML.replace(f'callers = ["{CALLER}"]\n', ""))
    assert not [name for name in resources(alone, "AWS::IAM::Role") if "Callers" in name]
    assert "ControlRoleArn" not in alone.to_json()["Outputs"]


def test_the_registry_can_be_restored_and_knows_what_needs_attention(with_destinations: Template) -> None:
    table = only(with_destinations, "AWS::DynamoDB::Table")
    properties = table["Properties"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert (properties["BillingMode"], properties["DeletionProtectionEnabled"]) == ("PAY_PER_REQUEST", True)
    [index] = properties["GlobalSecondaryIndexes"]
    assert (index["IndexName"], index["Projection"]) == ("attention", {"ProjectionType": "ALL"})
    assert (table["DeletionPolicy"], properties["TableName"]) == ("Retain", "Relay-destinations")
    assert only(synthesise(TOML, "dev"), "AWS::DynamoDB::Table")["DeletionPolicy"] == "Delete"


@pytest.mark.parametrize(
    ("hold", "days", "overflow"),
    # With "never", what was held before that waits for up to 30 days.
    [("14 days", 16, 30), ("1 h", 3, 30), ("30 days", 32, 37), ("never", 32, 37)],
)
def test_what_is_held_outlives_its_time_by_two_days_and_its_claim_checks_by_a_week(
    hold: str, days: int, overflow: int
) -> None:
    template = synthesise(TOML.replace("[destinations]", f'[destinations]\nhold = "{hold}"'))
    rules = only(template, "AWS::S3::Bucket", "DestinationsStoresHeld")["Properties"]["LifecycleConfiguration"]["Rules"]
    assert {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule} == {
        "held/": days,
        "released/": 3,
    }
    claims = only(template, "AWS::S3::Bucket", "QueuesOverflow")["Properties"]["LifecycleConfiguration"]["Rules"]
    assert [rule["ExpirationInDays"] for rule in claims] == [overflow]


def test_no_part_of_an_unfinished_upload_is_kept(with_destinations: Template) -> None:
    bucket = only(with_destinations, "AWS::S3::Bucket", "DestinationsStoresHeld")["Properties"]
    rules = bucket["LifecycleConfiguration"]["Rules"]
    [rule] = [rule for rule in rules if "AbortIncompleteMultipartUpload" in rule]
    assert rule == {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}, "Status": "Enabled"}


def test_one_function_at_a_time_releases_a_destination_and_the_queue_hides_longer_than_it_runs(
    with_destinations: Template,
) -> None:
    queue = only(with_destinations, "AWS::SQS::Queue", "DestinationsStoresReleaseQueue")["Properties"]
    assert queue["FifoQueue"] is True
    assert "ContentBasedDeduplication" not in queue
    function = only(with_destinations, "AWS::Lambda::Function", "DestinationsReleaser")["Properties"]
    assert queue["VisibilityTimeout"] > function["Timeout"]
    mapping = only(with_destinations, "AWS::Lambda::EventSourceMapping", "DestinationsReleaseRequests")["Properties"]
    assert (mapping["BatchSize"], mapping["FunctionResponseTypes"]) == (1, ["ReportBatchItemFailures"])


def test_the_reconciler_runs_every_minute_and_a_failed_run_is_not_repeated(with_destinations: Template) -> None:
    rule = only(with_destinations, "AWS::Events::Rule", "Destinations")["Properties"]
    assert (rule["ScheduleExpression"], rule["Targets"][0]["RetryPolicy"]) == (
        "rate(1 minute)",
        {"MaximumRetryAttempts": 0},
    )
    config = only(with_destinations, "AWS::Lambda::EventInvokeConfig", "Destinations")["Properties"]
    assert config["MaximumRetryAttempts"] == 0


@pytest.mark.parametrize("function", ["Control", "Reconciler", "Releaser"])
def test_the_functions_environment_is_what_it_reads(with_destinations: Template, function: str) -> None:
    properties = only(with_destinations, "AWS::Lambda::Function", f"Destinations{function}")["Properties"]
    own = {"DESTINATIONS_TABLE", "HELD_BUCKET", "RELEASE_QUEUE_URL"}
    queues = {"RETRY_QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "OVERFLOW_BUCKET"}
    expected = ENVIRONMENT | own if function == "Releaser" else (ENVIRONMENT - queues) | own
    assert properties["Environment"]["Variables"].keys() == expected


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


def test_destinations_without_the_package_of_the_control_api_are_no_stack() -> None:
    with pytest.raises(ValueError, match="control_code"):
        Relay(
            cdk.Stack(cdk.App(), "Relay"),
            "Relay",
            config=config.load(ROOT / "relay.toml"),
            stage=stages.STAGES["dev"],
            code=lambda_.Code.from_inline("pass"),
            architecture=lambda_.Architecture.ARM_64,
        )
