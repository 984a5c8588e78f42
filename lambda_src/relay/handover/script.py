"""The lines and JSON documents of the script for the AWS CLI. Pure.

What is not a plain name goes in as JSON: the CLI takes `file://…` and `-…` in a plain argument for something else.
"""

import json
from collections.abc import Mapping
from typing import Any

from relay.handover.plan import Plan, Rule
from relay.handover.quoting import to_shell

RETENTION_SECONDS = 14 * 24 * 3600


def add_rule(plan: Plan, rule: Rule, target: Mapping[str, Any]) -> str:
    """Return the line that makes a rule with one target."""
    on_bus = {"EventBusName": plan.source}
    put = {"Name": rule.name, **on_bus, "Description": rule.description, "EventPattern": json.dumps(rule.pattern)}
    return f"add_rule {to_shell(put)} \\\n  {to_shell({'Rule': rule.name, **on_bus, 'Targets': [target]})}"


def put_alarm(plan: Plan, rule: Rule) -> str:
    """Return the line that makes the alarm of a rule: on a bus of its own its metrics have two dimensions."""
    dimensions = {"EventBusName": plan.source, "RuleName": rule.name}
    return "aws cloudwatch put-metric-alarm --cli-input-json " + to_shell(
        {
            "AlarmName": f"{plan.stem}-{rule.name}-failed",
            "AlarmDescription": "EventBridge could not deliver events to a rule's target; see the dead-letter queue",
            "Namespace": "AWS/Events",
            "MetricName": "FailedInvocations",
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        }
    )


def queue_attributes(plan: Plan, queue_arn: str) -> dict[str, str]:
    """Return the attributes of a queue that takes what any rule of this bus sends."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnLike": {"aws:SourceArn": plan.arn("events", f"rule/{plan.source}/*")}},
    }
    return {"MessageRetentionPeriod": str(RETENTION_SECONDS), "Policy": _policy(statement)}


def event_log_policy(plan: Plan) -> str:
    """Return the resource policy by which EventBridge writes into the log group."""
    return _policy(
        {
            "Effect": "Allow",
            "Principal": {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]},
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": plan.arn("logs", f"log-group:{plan.event_log}:*"),
        }
    )


def _policy(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
