"""The receiver: a rule on the default bus and the queue it fills, in a stack of their own."""

from typing import Any

from tools.first_hour import run as runs
from tools.first_hour.place import Place
from tools.first_hour.run import Run


def queue_of_events(run: Run, **target: str) -> dict[str, Any]:
    """Return a queue, and a rule on the default bus that fills it with the run's own events and no others.

    `target` is what else the rule's target has, such as an `InputPath`.
    """
    queue = {"Fn::GetAtt": ["Queue", "Arn"]}
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["Rule", "Arn"]}}},
    }
    return {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"SqsManagedSseEnabled": True}},
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {"source": [run.source]},
                "Targets": [{"Id": "queue", "Arn": queue, **target}],
            },
        },
        "Policy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": policy(allow)},
        },
    }


def policy(statement: dict[str, Any]) -> dict[str, Any]:
    """Return the policy document of one statement."""
    return {"Version": "2012-10-17", "Statement": [statement]}


def template(run: Run) -> dict[str, Any]:
    """Return the CloudFormation template."""
    return {
        "Description": f"Receives the events of the first hour {run.id}; delete it with the run's other stacks.",
        "Resources": queue_of_events(run),
        "Outputs": {"QueueUrl": {"Value": {"Ref": "Queue"}}},
    }


def create(place: Place) -> None:
    """Create the stack, unless it is there. Raise NotOursError, and botocore's WaiterError."""
    place.create_stack(runs.RECEIVER, template(place.run))
