"""The receiver: a rule on the default bus and the queue it fills, in a stack of their own."""

import json
from typing import Any

from tools.first_hour import run as runs
from tools.first_hour.place import Place
from tools.first_hour.run import Run


def template(run: Run) -> dict[str, Any]:
    """Return the CloudFormation template. The rule takes the run's own events and no others."""
    queue_arn = {"Fn::GetAtt": ["Queue", "Arn"]}
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["Rule", "Arn"]}}},
    }
    return {
        "Description": f"Receives the events of the first hour {run.id}; delete it with the run's other stacks.",
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"SqsManagedSseEnabled": True}},
            "Rule": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "EventPattern": {"source": [run.source]},
                    "Targets": [{"Id": "queue", "Arn": queue_arn}],
                },
            },
            "Policy": {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {
                    "Queues": [{"Ref": "Queue"}],
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": [allow]},
                },
            },
        },
        "Outputs": {"QueueUrl": {"Value": {"Ref": "Queue"}}},
    }


def create(place: Place) -> None:
    """Create the stack, unless it is there. Raise NotOursError, and botocore's WaiterError."""
    if place.stack(runs.RECEIVER):
        return
    cloudformation = place.client("cloudformation")
    name = place.run.stack_name(runs.RECEIVER)
    tags = [{"Key": runs.TAG, "Value": place.run.id}]
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template(place.run)), Tags=tags)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 2})
