"""What each function may do, and nothing else."""

import pytest
from aws_cdk.assertions import Template

from tests.infra.conftest import ENVIRONMENT, HERE, PUT_AND_KEEP, RELAY_TOML, allowed, only, resources, synthesise

ENROLLING = 'preset = "asana"\nenroll = true\nauth = { secret = "acme/asana" }'


def test_the_role_of_ingest_allows_exactly_what_it_does(template: Template) -> None:
    assert allowed(template, "Ingest") == PUT_AND_KEEP | {
        "logs:CreateLogStream": {"<IngestLog>"},
        "logs:PutLogEvents": {"<IngestLog>"},
        "secretsmanager:GetSecretValue": {
            f"arn:${{AWS::Partition}}:secretsmanager:{HERE}:secret:acme/orders-??????",
            "arn:aws:secretsmanager:us-east-1:333333333333:secret:stripe-AbCdEf",
        },
        "ssm:GetParameter": {f"arn:${{AWS::Partition}}:ssm:{HERE}:parameter/acme/github"},
    }


def test_the_role_of_redeliver_reads_two_queues_and_no_secret(template: Template) -> None:
    assert allowed(template, "Redeliver") == PUT_AND_KEEP | {
        "logs:CreateLogStream": {"<RedeliverLog>"},
        "logs:PutLogEvents": {"<RedeliverLog>"},
        "s3:GetObject": {"<QueuesOverflow>/overflow/*"},
        "sqs:ReceiveMessage": {"<QueuesRetry>", "<QueuesDelivery>"},
        "sqs:DeleteMessage": {"<QueuesRetry>", "<QueuesDelivery>"},
        "sqs:ChangeMessageVisibility": {"<QueuesRetry>", "<QueuesDelivery>"},
        "sqs:GetQueueAttributes": {"<QueuesRetry>", "<QueuesDelivery>"},
    }


@pytest.mark.parametrize("function", ["Ingest", "Redeliver"])
def test_events_may_be_put_only_in_the_regions_of_relay_toml(template: Template, function: str) -> None:
    statements = only(template, "AWS::IAM::Policy", function)["Properties"]["PolicyDocument"]["Statement"]
    [put] = [statement for statement in statements if statement["Action"] == "events:PutPartnerEvents"]
    assert put["Condition"] == {"StringEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}}


def test_a_secret_may_be_written_only_while_enrolment_is_open(template: Template) -> None:
    enrolling = RELAY_TOML.replace('preset = "github"\nauth = { secret = "ssm:/acme/github" }', ENROLLING)
    assert enrolling != RELAY_TOML
    assert "secretsmanager:PutSecretValue" not in allowed(template, "Ingest")
    key = "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    actions = allowed(synthesise(enrolling, kms_key_arn=key), "Ingest")
    [arn] = actions["secretsmanager:PutSecretValue"]
    assert arn.endswith(":secret:acme/asana-??????")
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    assert actions["kms:Decrypt"] == actions["kms:GenerateDataKey"] == {key}
    assert "kms:GenerateDataKey" not in allowed(synthesise(RELAY_TOML, kms_key_arn=key), "Ingest")


def test_a_route_that_wants_each_webhook_once_has_a_table_that_forgets(template: Template) -> None:
    once = synthesise(RELAY_TOML.replace('path = "/github"', 'path = "/github"\ndedupe = true'))
    table = only(once, "AWS::DynamoDB::Table")["Properties"]
    assert table["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiration", "Enabled": True}
    rows = {action for action in allowed(once, "Ingest") if action.startswith("dynamodb:")}
    assert rows == {f"dynamodb:{verb}Item" for verb in ("Get", "Put", "Update", "Delete")}
    assert not [action for action in allowed(once, "Redeliver") if action.startswith("dynamodb:")]
    environment = only(once, "AWS::Lambda::Function", "Ingest")["Properties"]["Environment"]["Variables"]
    assert environment.keys() - ENVIRONMENT == {"DEDUPE_TABLE"}
    assert not resources(template, "AWS::DynamoDB::Table")


def test_a_secret_for_each_customer_lets_the_function_read_exactly_that_prefix() -> None:
    text = RELAY_TOML.replace('secret = "acme/orders"', 'secret = "acme/customers/${path.customer}"')
    each = synthesise(text.replace("${body.customer}", "${path.customer}"))
    secrets = allowed(each, "Ingest")["secretsmanager:GetSecretValue"]
    assert f"arn:${{AWS::Partition}}:secretsmanager:{HERE}:secret:acme/customers/*" in secrets


def test_a_route_with_a_bus_may_put_events_to_that_bus_alone(template: Template) -> None:
    ordinary = synthesise(
        RELAY_TOML.replace('path = "/github"', 'path = "/github"\nbus = "orders"').replace(
            'source = "aws.partner/acme.example/github"', 'source = "acme.github"'
        )
    )
    for name in ("Ingest", "Redeliver"):
        assert allowed(ordinary, name)["events:PutEvents"] == {
            f"arn:${{AWS::Partition}}:events:{region}:${{AWS::AccountId}}:event-bus/orders"
            for region in ("us-east-1", "eu-west-1")
        }
        assert "events:PutEvents" not in allowed(template, name)


def test_a_route_with_claims_may_keep_and_sign_them_and_no_other(template: Template) -> None:
    claims = synthesise(RELAY_TOML.replace('path = "/github"', 'path = "/github"\non_oversize = "claim-check"'))
    for name in ("Ingest", "Redeliver"):
        assert "<QueuesOverflow>/claims/*" in allowed(claims, name)["s3:GetObject"]
        assert "<QueuesOverflow>/claims/*" in allowed(claims, name)["s3:PutObject"]
        assert "<QueuesOverflow>/claims/*" not in allowed(template, name)["s3:PutObject"]


def test_the_role_of_source_health_only_looks_and_remembers(template: Template) -> None:
    assert allowed(template, "SourceHealth") == {
        "logs:CreateLogStream": {"<SourceHealthLog>"},
        "logs:PutLogEvents": {"<SourceHealthLog>"},
        "s3:GetObject": {"<QueuesOverflow>/sources/last-look.json"},
        "s3:PutObject": {"<QueuesOverflow>/sources/last-look.json"},
        "s3:ListBucket": {"<QueuesOverflow>"},
        "events:ListPartnerEventSources": {"*"},
        "events:ListPartnerEventSourceAccounts": {
            f"arn:${{AWS::Partition}}:events:{region}::event-source/aws.partner/acme.example/*"
            for region in ("us-east-1", "eu-west-1")
        },
    }


def test_no_managed_policy_and_no_other_role() -> None:
    roles = resources(synthesise(RELAY_TOML, "dev"), "AWS::IAM::Role")
    assert len(roles) == 3
    for role in roles.values():
        assert role["Properties"].keys() == {"AssumeRolePolicyDocument", "Tags"}
        [statement] = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
