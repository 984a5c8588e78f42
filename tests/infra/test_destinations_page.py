"""What the customers' page adds to the stack: its routes, its role and its key."""

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
from tests.infra.conftest import ENVIRONMENT, ROOT, allowed, flat, only, resources, synthesise
from tests.infra.destinations import CHANGE, MANAGE, NOTIFY, TABLE, TOML, logs, with_destinations

__all__ = ["with_destinations"]  # fixture


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
