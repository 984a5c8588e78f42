"""What every API writes about each request, and how AWS wants to be told where."""

import json
from collections.abc import Mapping
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_logs as logs
from constructs import Construct

from partner_event_relay.stages import Stage


def log_fields(route: str) -> dict[str, str]:
    """Return the fields of a line of the access log; `route` is the variable that names the route.

    No header, no query and no path: they may contain secrets.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
    """
    return {
        "request_id": "$context.requestId",
        "ip": "$context.identity.sourceIp",
        "route": route,
        "status": "$context.status",
        "latency_ms": "$context.responseLatency",
        "integration_ms": "$context.integrationLatency",
        "error": "$context.integrationErrorMessage",
    }


def log_requests(api_stage: apigateway.HttpStage, fields: Mapping[str, str], stage: Stage, name: str = "") -> None:
    """Write a line with `fields` for each request of an HTTP API; `name` tells its log group from others of the stack.

    With its prefix CloudWatch Logs needs no entry for each group in the Region's one resource policy.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
    """
    scope = cast("Construct", api_stage.node.scope)
    stack = cdk.Stack.of(scope).stack_name
    group = logs.LogGroup(
        scope,
        "AccessLog",
        log_group_name=f"/aws/vendedlogs/apigateway/{stack}{name}-{unique_suffix(scope)}",
        retention=stage.log_retention,
        removal_policy=stage.removal_policy,
    )
    cfn_stage = cast("apigateway.CfnStage", api_stage.node.default_child)
    # The construct's own `access_log_settings` would write the group's ARN with `:*`: see log_destination.
    cfn_stage.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
        destination_arn=log_destination(group), format=json.dumps(fields, separators=(",", ":"))
    )


def log_destination(group: logs.ILogGroup) -> str:
    """Return the ARN of the group as API Gateway and WAF store it: without the `:*` at the end of the group's own.

    WAF refuses that one, and API Gateway's stage would differ from its template forever (drift detection).
    """
    return cdk.Stack.of(group).format_arn(
        service="logs",
        resource="log-group",
        resource_name=group.log_group_name,
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )


def unique_suffix(scope: Construct) -> str:
    """Return an id of this very stack: for names of retained resources, which a later stack must not take again."""
    return cdk.Fn.select(2, cdk.Fn.split("/", cdk.Stack.of(scope).stack_id))
