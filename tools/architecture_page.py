"""Draw the diagram of docs/explanation/architecture.md from the stack: `python -m tools.architecture_page`.

A test says when the page is out of date.
"""

import json
import re
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template

from infra.stack import RelayStack
from infra.stages import PROD
from relay import config

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "architecture.md"

# The shape of each type of resource; other types are not drawn.
SHAPES = {
    "AWS::ApiGatewayV2::Api": '{id}(["HTTP API<br/>{name}"])',
    "AWS::Lambda::Function": '{id}["λ {name}"]',
    "AWS::SQS::Queue": "{id}[/queue {name}/]",
    "AWS::S3::Bucket": "{id}[(bucket {name})]",
    "AWS::SNS::Topic": "{id}>topic {name}]",
    "AWS::Events::Rule": "{id}{{{{schedule}}}}",
}
# The actions of policies that become arrows, and the label of each arrow.
ARROWS = {
    "sqs:SendMessage": "stores",
    "s3:PutObject": "writes",
    "events:PutPartnerEvents": "PutPartnerEvents",
    "events:ListPartnerEventSources": "lists sources",
    "secretsmanager:GetSecretValue": "reads",
}
OUTSIDE = {
    "events:PutPartnerEvents": ("EventBridge", "partner event sources"),
    "events:ListPartnerEventSources": ("EventBridge", "partner event sources"),
    "secretsmanager:GetSecretValue": ("Secrets", "Secrets Manager"),
}
HEAD = """\
```mermaid
flowchart LR
  Sender((SaaS)) -- webhook --> {api}
"""


def page() -> str:
    """Return the page with today's diagram; the text around it is written by hand."""
    resources = _template()["Resources"]
    drawn = {name: resource for name, resource in resources.items() if resource["Type"] in SHAPES}
    [api] = [name for name, resource in drawn.items() if resource["Type"] == "AWS::ApiGatewayV2::Api"]
    lines = [
        f"  {SHAPES[resource['Type']].format(id=_id(name), name=_name(name))}"
        for name, resource in sorted(drawn.items())
    ]
    lines += [f"  {name}[({text})]" for name, text in sorted(set(OUTSIDE.values()))]
    lines += sorted(_arrows(resources, drawn))
    diagram = HEAD.format(api=_id(api)) + "\n".join(lines) + "\n```"
    return re.sub("```mermaid.*?```", lambda _: diagram, PAGE.read_text("utf-8"), flags=re.DOTALL)


def _template() -> dict[str, Any]:
    stack = RelayStack(
        cdk.App(),
        "PartnerEventRelay",
        config=config.load(ROOT / "relay.toml"),
        stage=PROD,
        code=lambda_.Code.from_asset(str(ROOT / "lambda_src"), exclude=["**/__pycache__"]),
        architecture=lambda_.Architecture.ARM_64,
    )
    template = Template.from_stack(stack).to_json()
    return dict(template)


def _arrows(resources: dict[str, Any], drawn: dict[str, Any]) -> set[str]:
    arrows: set[str] = set()
    for name, resource in resources.items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind == "AWS::IAM::Policy":
            arrows |= _policy_arrows(properties, _function_of(name, drawn), drawn)
        elif kind == "AWS::Lambda::EventSourceMapping":
            [queue] = _references(properties["EventSourceArn"], drawn)
            arrows.add(f"  {_id(queue)} --> {_id(_function_of(name, drawn))}")
        elif kind == "AWS::ApiGatewayV2::Integration":
            [api] = _references(properties["ApiId"], drawn)
            arrows.add(f"  {_id(api)} --> {_id(_function_of(json.dumps(properties['IntegrationUri']), drawn))}")
        elif kind == "AWS::Events::Rule":
            arrows.add(f"  {_id(name)} --> {_id(_function_of(name, drawn))}")
        elif kind == "AWS::SQS::Queue" and "RedrivePolicy" in properties:
            [dead] = _references(properties["RedrivePolicy"], drawn)
            arrows.add(f"  {_id(name)} -. after 300 receives .-> {_id(dead)}")
        elif kind == "AWS::CloudWatch::Alarm":
            [topic] = _references(properties["AlarmActions"], drawn)
            arrows |= {
                f"  {_id(queue)} -. alarms .-> {_id(topic)}"
                for queue in _references(properties.get("Dimensions", []), drawn)
            }
    return arrows


def _policy_arrows(properties: dict[str, Any], function: str, drawn: dict[str, Any]) -> set[str]:
    arrows = set()
    for statement in properties["PolicyDocument"]["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        for action in set(actions) & ARROWS.keys():
            targets = [OUTSIDE[action][0]] if action in OUTSIDE else map(_id, _references(statement["Resource"], drawn))
            arrows |= {f"  {_id(function)} -- {ARROWS[action]} --> {target}" for target in targets}
    return arrows


def _references(value: Any, drawn: dict[str, Any]) -> list[str]:
    """Return the drawn resources that `value` refers to."""
    text = json.dumps(value)
    return [name for name in drawn if f'"{name}"' in text]


def _function_of(text: str, drawn: dict[str, Any]) -> str:
    """Return the function whose name `text` contains the beginning of: its policy, rule or event source mapping."""
    functions = [name for name, resource in drawn.items() if resource["Type"] == "AWS::Lambda::Function"]
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
