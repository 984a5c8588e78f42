"""`python -m local.architecture` draws docs/explanation/architecture.md from the stack; a test says it is current."""

import json
import re
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template

from infra import stage
from infra.function import Release
from infra.stack import RelayStack
from local.aws import ROOT
from relay import config

PAGE = ROOT / "docs" / "explanation" / "architecture.md"

# What is drawn, and as what; the rest hangs on one of these.
SHAPES = {
    "AWS::ApiGatewayV2::Api": '{id}(["HTTP API<br/>{name}"])',
    "AWS::Lambda::Function": '{id}["λ {name}"]',
    "AWS::SQS::Queue": "{id}[/queue {name}/]",
    "AWS::S3::Bucket": "{id}[(bucket {name})]",
    "AWS::SNS::Topic": "{id}>topic {name}]",
    "AWS::Events::Rule": "{id}{{{{schedule}}}}",
}
# The policies' actions that are an arrow, and what it is called.
ARROWS = {
    "sqs:SendMessage": "keeps",
    "s3:PutObject": "keeps what is too large",
    "events:PutPartnerEvents": "PutPartnerEvents",
    "events:ListPartnerEventSources": "looks",
    "secretsmanager:GetSecretValue": "reads",
}
OUTSIDE = {
    "events:PutPartnerEvents": ("EventBridge", "partner event sources"),
    "events:ListPartnerEventSources": ("EventBridge", "partner event sources"),
    "secretsmanager:GetSecretValue": ("Secrets", "Secrets Manager"),
}
HEAD = """\
# Architecture

Drawn from the stack's template (stage `prod`, the shipped relay.toml) by `.venv/bin/python -m local.architecture`:
resources, and what their policies and settings let them do.

```mermaid
flowchart LR
  Sender((SaaS)) -- webhook --> {api}
"""


def page() -> str:
    """The page as it should be."""
    resources = _template()["Resources"]
    drawn = {name: one for name, one in resources.items() if one["Type"] in SHAPES}
    [api] = [name for name, one in drawn.items() if one["Type"] == "AWS::ApiGatewayV2::Api"]
    lines = [f"  {SHAPES[one['Type']].format(id=_id(name), name=_name(name))}" for name, one in sorted(drawn.items())]
    lines += [f"  {name}[({text})]" for name, text in sorted(set(OUTSIDE.values()))]
    lines += sorted(_arrows(resources, drawn))
    return HEAD.format(api=_id(api)) + "\n".join(lines) + "\n```\n"


def _template() -> dict[str, Any]:
    stages = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]["stages"]
    release = Release(
        config.load(ROOT / "relay.toml"),
        lambda_.Code.from_asset(str(ROOT / "lambda_src")),
        lambda_.Architecture.ARM_64,
        stage.read(stages, "prod"),
    )
    template = Template.from_stack(RelayStack(cdk.App(), "PartnerEventRelay", release=release)).to_json()
    return dict(template)


def _arrows(resources: dict[str, Any], drawn: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for name, one in resources.items():
        properties = one.get("Properties", {})
        if one["Type"] == "AWS::IAM::Policy":
            found |= _allowed(properties, _function_of(name, drawn), drawn)
        elif one["Type"] == "AWS::Lambda::EventSourceMapping":
            [queue] = _mentioned(properties["EventSourceArn"], drawn)
            found.add(f"  {_id(queue)} --> {_id(_function_of(name, drawn))}")
        elif one["Type"] == "AWS::ApiGatewayV2::Integration":
            [api] = _mentioned(properties["ApiId"], drawn)
            found.add(f"  {_id(api)} --> {_id(_function_of(json.dumps(properties['IntegrationUri']), drawn))}")
        elif one["Type"] == "AWS::Events::Rule":
            found.add(f"  {_id(name)} --> {_id(_function_of(name, drawn))}")
        elif one["Type"] == "AWS::SQS::Queue" and "RedrivePolicy" in properties:
            [dead] = _mentioned(properties["RedrivePolicy"], drawn)
            found.add(f"  {_id(name)} -. last net .-> {_id(dead)}")
        elif one["Type"] == "AWS::CloudWatch::Alarm":
            [topic] = _mentioned(properties["AlarmActions"], drawn)
            found |= {
                f"  {_id(queue)} -. alarms .-> {_id(topic)}"
                for queue in _mentioned(properties.get("Dimensions", []), drawn)
            }
    return found


def _allowed(properties: dict[str, Any], function: str, drawn: dict[str, Any]) -> set[str]:
    found = set()
    for statement in properties["PolicyDocument"]["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        for action in set(actions) & ARROWS.keys():
            targets = [OUTSIDE[action][0]] if action in OUTSIDE else map(_id, _mentioned(statement["Resource"], drawn))
            found |= {f"  {_id(function)} -- {ARROWS[action]} --> {target}" for target in targets}
    return found


def _mentioned(value: Any, drawn: dict[str, Any]) -> list[str]:
    text = json.dumps(value)
    return [name for name in drawn if f'"{name}"' in text]


def _function_of(text: str, drawn: dict[str, Any]) -> str:
    """The function that a resource, or what it mentions, belongs to: they begin alike."""
    functions = [name for name, one in drawn.items() if one["Type"] == "AWS::Lambda::Function"]
    return next(name for name in functions if name.partition("Function")[0] in text)


def _id(name: str) -> str:
    return re.sub("[0-9A-F]{8}$", "", name)


def _name(name: str) -> str:
    words = re.sub("(?<!^)(?=[A-Z])", " ", re.sub("Function$|^Queues|^Front|^Monitoring", "", _id(name)))
    return words.lower()


def write(path: Path = PAGE) -> None:
    """Write the page."""
    path.write_text(page(), "utf-8")


if __name__ == "__main__":
    write()
