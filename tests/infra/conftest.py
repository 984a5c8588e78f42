"""The stack as a template, synthesised once; nothing is bundled and no AWS credentials are needed."""

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template

from partner_event_relay import stages
from partner_event_relay.relay import Relay
from relay import config

ROOT = Path(__file__).parents[2]
RELAY_TOML = """
partner = "aws.partner/acme.example"
regions = ["us-east-1", "eu-west-1"]
[[route]]
name = "orders"
path = "/orders/{customer}"
auth = { scheme = "standard-webhooks", secret = "acme/orders" }
event = { source = "aws.partner/acme.example/${body.customer}", detail_type = "a" }
[[route]]
name = "git-hub"
path = "/github"
preset = "github"
auth = { secret = "ssm:/acme/github" }
event = { source = "aws.partner/acme.example/github" }
[[route]]
name = "stripe"
path = "/stripe"
preset = "stripe"
auth = { secret = "arn:aws:secretsmanager:us-east-1:333333333333:secret:stripe-AbCdEf" }
event = { source = "aws.partner/acme.example/stripe" }
"""


# The environment variables of all functions.
ENVIRONMENT = {
    "RETRY_QUEUE_URL",
    "DEAD_LETTER_QUEUE_URL",
    "OVERFLOW_BUCKET",
    "POWERTOOLS_SERVICE_NAME",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_LOG_LEVEL",
}
HERE = "${AWS::Region}:${AWS::AccountId}"  # in an ARN
# What every function that delivers may do.
PUT_AND_KEEP = {
    "sqs:SendMessage": {"<QueuesRetry>", "<QueuesDeadLetters>"},
    "s3:PutObject": {"<QueuesOverflow>/overflow/*"},
    "events:PutPartnerEvents": {"*"},
}
CONTEXT = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]  # what the CDK command line adds


def stack_of(text: str, stage_name: str = "prod", **changes: Any) -> cdk.Stack:
    """Return the stack of a relay.toml, in a stage with some changes."""
    stage = replace(stages.STAGES[stage_name], **changes)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "relay.toml"
        path.write_text(text)
        relay = config.load(path).with_secret_prefix(stage.secret_prefix)
    code = lambda_.Code.from_asset(str(ROOT / "lambda_src"), exclude=["**/__pycache__"])
    stack = cdk.Stack(cdk.App(context=CONTEXT), "Relay" if stage_name == "prod" else f"Relay-{stage_name}")
    Relay(
        stack,
        "Default",
        config=relay,
        stage=stage,
        code=code,
        control_code=code,
        architecture=lambda_.Architecture.ARM_64,
    )
    return stack


@cache  # many tests look at the same template, and none changes it
def synthesise(text: str, stage_name: str = "prod", **changes: Any) -> Template:
    """Return the template of a relay.toml, in a stage with some changes."""
    return Template.from_stack(stack_of(text, stage_name, **changes))


@pytest.fixture(scope="session")
def template() -> Template:
    return synthesise(RELAY_TOML)


@pytest.fixture(scope="session")
def rest() -> Template:
    return synthesise(RELAY_TOML, front="rest")


def resources(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """Return the resources of a type, by logical id."""
    return {name: dict(resource) for name, resource in template.find_resources(kind).items()}


def only(template: Template, kind: str, named: str = "") -> dict[str, Any]:
    """Return the only resource of this type whose logical id begins with `named`."""
    [resource] = [resource for name, resource in resources(template, kind).items() if name.startswith(named)]
    return resource


def flat(value: Any) -> str:
    """Return an ARN of intrinsic functions as text: `${AWS::Region}` for a pseudo-parameter, `<Id>` for a resource."""
    if isinstance(value, dict) and "Fn::Join" in value:
        return "".join(flat(part) for part in value["Fn::Join"][1])
    if isinstance(value, dict) and "Fn::GetAtt" in value:
        return "<" + re.sub(r"[0-9A-F]{8}$", "", value["Fn::GetAtt"][0]) + ">"
    return "${" + value["Ref"] + "}" if isinstance(value, dict) else str(value)


def allowed(template: Template, function: str) -> dict[str, set[str]]:
    """Return the resources of each action that the role of a function allows."""
    permissions: dict[str, set[str]] = {}
    for statement in only(template, "AWS::IAM::Policy", function)["Properties"]["PolicyDocument"]["Statement"]:
        assert statement["Effect"] == "Allow"
        actions, arns = statement["Action"], statement["Resource"]
        for action in actions if isinstance(actions, list) else [actions]:
            permissions.setdefault(action, set()).update(
                flat(arn) for arn in (arns if isinstance(arns, list) else [arns])
            )
    return permissions
