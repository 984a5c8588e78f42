"""The stack as a template, synthesised once; nothing is bundled and no AWS credentials are needed."""

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template

from infra import stage
from infra.function import Release
from infra.stack import RelayStack
from relay import config

ROOT = Path(__file__).parents[2]
RELAY_TOML = """
partner = "aws.partner/acme.example"
regions = ["us-east-1", "eu-west-1"]
[[route]]
name = "orders"
path = "/orders/{customer}"
auth = { scheme = "standard-webhooks", secret = "acme/orders" }
event = { source = "aws.partner/acme.example/${path.customer}", detail_type = "a" }
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


STAGES = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]["stages"]


def synthesise(text: str, stage_name: str = "prod", **changes: Any) -> Template:
    """The template of a relay.toml, in a stage of cdk.json with some changes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "relay.toml"
        path.write_text(text)
        relay = config.load(path)
    stack = RelayStack(
        cdk.App(),
        "Relay",
        release=Release(
            relay,
            lambda_.Code.from_asset(str(ROOT / "lambda_src")),
            lambda_.Architecture.ARM_64,
            replace(stage.read(STAGES, stage_name), **changes),
        ),
    )
    return Template.from_stack(stack)


@pytest.fixture(scope="session")
def template() -> Template:
    return synthesise(RELAY_TOML)


def resources(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """The resources of a type, by logical id."""
    return {name: dict(resource) for name, resource in template.find_resources(kind).items()}
