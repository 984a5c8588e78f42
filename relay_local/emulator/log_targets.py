"""Rules that write into a log group: as on AWS only if a resource policy of CloudWatch Logs lets EventBridge.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-cloudwatchlogs-permissions
"""

import json
import time
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")
SERVICES = ("events.amazonaws.com", "delivery.logs.amazonaws.com")


def write_events_as_aws_does(eventbridge: Any, logs: Any) -> None:
    """Let the emulator, which knows no such target, write the event. What AWS drops for want of a policy is dropped."""
    invoke = eventbridge._invoke_target

    def invoke_target(target: dict[str, Any], event: dict[str, Any], rule: Any, view: Any = None) -> None:
        arn = str(target.get("Arn", ""))
        if not arn.startswith("arn:aws:logs:"):
            invoke(target, event, rule, view)
            return
        group = arn.partition(":log-group:")[2]
        policies = [policy["policyDocument"] for policy in logs._resource_policies.values()]
        if group not in logs._log_groups or not may_write(policies, arn):
            return
        stream = {"logGroupName": group, "logStreamName": event["EventId"]}
        delivered = (view or eventbridge._pattern_event_view(event)).event_with_detail()
        logs._create_log_stream(stream)
        message = {"timestamp": int(time.time() * 1000), "message": json.dumps(delivered)}
        logs._put_log_events({**stream, "logEvents": [message]})

    eventbridge._invoke_target = invoke_target


def may_write(policies: Iterable[str], log_group_arn: str) -> bool:
    """Return whether the policies, which have no conditions here, let EventBridge make a stream and write into it."""
    statements = [statement for policy in policies for statement in json.loads(policy)["Statement"]]
    return all(
        any(
            statement["Effect"] == "Allow"
            and "Condition" not in statement
            and {*SERVICES} <= {*_list(statement["Principal"].get("Service", []))}
            and action in _list(statement["Action"])
            and any(fnmatchcase(f"{log_group_arn}:log-stream:x", pattern) for pattern in _list(statement["Resource"]))
            for statement in statements
        )
        for action in ACTIONS
    )


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
