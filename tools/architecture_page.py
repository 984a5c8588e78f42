"""Draw the diagrams of docs/explanation/architecture.md from the stack: `python -m tools.architecture_page`.

A test says when the page is out of date.
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template

from partner_event_relay.relay import Relay
from partner_event_relay.stages import PROD
from relay import config
from relay.config.model import Config

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "architecture.md"

# The shape of each type of resource; other types are not drawn.
SHAPES = {
    "AWS::ApiGatewayV2::Api": '{id}(["HTTP API<br/>{name}"])',
    "AWS::Lambda::Function": '{id}["λ {name}"]',
    "AWS::SQS::Queue": "{id}[/queue {name}/]",
    "AWS::S3::Bucket": "{id}[(bucket {name})]",
    "AWS::KinesisFirehose::DeliveryStream": "{id}[/Firehose {name}/]",
    "AWS::SNS::Topic": "{id}>topic {name}]",
    "AWS::Events::Rule": "{id}{{{{schedule}}}}",
    "AWS::DynamoDB::Table": "{id}[(DynamoDB {name})]",
}
# The actions of policies that become arrows, and the label of each arrow.
ARROWS = {
    "sqs:SendMessage": "stores",
    "s3:PutObject": "writes",
    "events:PutPartnerEvents": "PutPartnerEvents",
    "events:ListPartnerEventSources": "lists sources",
    "secretsmanager:GetSecretValue": "reads",
    "firehose:PutRecord": "archives",
    "dynamodb:Query": "reads",
    "dynamodb:BatchGetItem": "reads",
    "events:CreatePartnerEventSource": "creates sources",
}
OUTSIDE = {
    "events:PutPartnerEvents": ("EventBridge", "partner event sources"),
    "events:ListPartnerEventSources": ("EventBridge", "partner event sources"),
    "events:CreatePartnerEventSource": ("EventBridge", "partner event sources"),
    "secretsmanager:GetSecretValue": ("Secrets", "Secrets Manager"),
}
DESTINATIONS = "Destinations"  # begins the ids of what only `[destinations]` deploys
WRITERS = ("IngestFunction", "RedeliverFunction")  # what reads the registry and holds entries


def page() -> str:
    """Return the page with today's diagrams: without `[destinations]`, and what that adds."""
    shipped = config.load(ROOT / "relay.toml")
    relay = _template(replace(shipped, destinations=None))["Resources"]
    with_destinations = _template(shipped)["Resources"]
    diagrams = iter(
        (
            _diagram(relay, "  Sender((SaaS)) -- webhook --> FrontApi", lambda _: True),
            _diagram(
                with_destinations,
                "  Backend((SaaS)) -- signed request --> DestinationsControlApi",
                lambda name: name.startswith((DESTINATIONS, *WRITERS)),
            ),
        )
    )
    return re.sub("```mermaid.*?```", lambda _: next(diagrams), PAGE.read_text("utf-8"), flags=re.DOTALL)


def _diagram(resources: dict[str, Any], first: str, is_drawn: Callable[[str], bool]) -> str:
    """Return the diagram of some resources, in which `first` is the arrow that everything begins with."""
    drawn = {name: resource for name, resource in resources.items() if resource["Type"] in SHAPES and is_drawn(name)}
    arrows = sorted(_arrows({name: each for name, each in resources.items() if _is_of(name, each, is_drawn)}, drawn))
    lines = [
        f"  {SHAPES[resource['Type']].format(id=_id(name), name=_name(name))}"
        for name, resource in sorted(drawn.items())
    ]
    lines += [
        f"  {name}[({text})]"
        for name, text in sorted(set(OUTSIDE.values()))
        if f"> {name}\n" in "\n".join([*arrows, ""])
    ]
    return "\n".join(["```mermaid", "flowchart LR", first, *lines, *arrows, "```"])


def _is_of(name: str, resource: dict[str, Any], is_drawn: Callable[[str], bool]) -> bool:
    """Return whether a resource may become an arrow of a diagram: alarms do where the topic is drawn."""
    return is_drawn("MonitoringAlarms" if resource["Type"] == "AWS::CloudWatch::Alarm" else name) or is_drawn(
        name.replace("Role", "Function")
    )


def _template(relay: Config) -> dict[str, Any]:
    code = lambda_.Code.from_asset(str(ROOT / "lambda_src"), exclude=["**/__pycache__"])
    stack = cdk.Stack(cdk.App(), "PartnerEventRelay")
    Relay(
        stack,
        "Default",
        config=relay,
        stage=PROD,
        code=code,
        control_code=code,
        architecture=lambda_.Architecture.ARM_64,
    )
    template = Template.from_stack(stack).to_json()
    return dict(template)


def _arrows(resources: dict[str, Any], drawn: dict[str, Any]) -> set[str]:
    arrows: set[str] = set()
    for name, resource in resources.items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind == "AWS::IAM::Policy":
            if function := _function_of(name, drawn):
                arrows |= _policy_arrows(properties, function, drawn)
        elif kind == "AWS::Lambda::EventSourceMapping":
            [queue] = _references(properties["EventSourceArn"], drawn)
            arrows.add(f"  {_id(queue)} --> {_id(_function_of(json.dumps(properties['FunctionName']), drawn))}")
        elif kind == "AWS::ApiGatewayV2::Integration":
            [api] = _references(properties["ApiId"], drawn)
            arrows.add(f"  {_id(api)} --> {_id(_function_of(json.dumps(properties['IntegrationUri']), drawn))}")
        elif kind == "AWS::Events::Rule":
            arrows.add(f"  {_id(name)} --> {_id(_function_of(json.dumps(properties['Targets']), drawn))}")
        elif kind == "AWS::KinesisFirehose::DeliveryStream":
            arrows |= {f"  {_id(name)} --> {_id(bucket)}" for bucket in _references(properties, drawn)}
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
    """Return the function whose name `text` contains the beginning of: its policy, rule or event source mapping.

    Return an empty text for the policy of something else.
    """
    functions = [name for name, resource in drawn.items() if resource["Type"] == "AWS::Lambda::Function"]
    return next((name for name in functions if name.partition("Function")[0] in text), "")


def _id(name: str) -> str:
    return re.sub("[0-9A-F]{8}$", "", name)


def _name(name: str) -> str:
    words = re.sub(
        "(?<!^)(?=[A-Z])", " ", re.sub("Function$|^Queues|^Front|^Monitoring|^Destinations(Stores)?", "", _id(name))
    )
    return words.lower()


def write(path: Path = PAGE) -> None:
    """Write the page."""
    path.write_text(page(), "utf-8")


if __name__ == "__main__":
    write()
