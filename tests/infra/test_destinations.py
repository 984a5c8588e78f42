"""What `[destinations]` adds to the stack, and that it adds nothing without it."""

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template

from partner_event_relay import stages
from partner_event_relay.relay import Relay
from relay import config
from tests.infra.conftest import ENVIRONMENT, PUT_AND_KEEP, ROOT, allowed, flat, only, resources, synthesise
from tests.infra.destinations import CALLER, CHANGE, HELD, MANAGE, NOTIFY, QUEUE, TABLE, TOML, logs, with_destinations

__all__ = ["with_destinations"]  # fixture


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
