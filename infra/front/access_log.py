"""What both APIs write about each request, and how AWS wants to be told where."""

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from constructs import Construct


def log_fields(route: str) -> dict[str, str]:
    """Return the fields of a line of the access log; `route` is the variable that names the route.

    No header, no query and no path: they may contain secrets.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
    """
    return {
        "request_id": "$context.requestId",
        "time": "$context.requestTimeEpoch",
        "ip": "$context.identity.sourceIp",
        "route": route,
        "status": "$context.status",
        "bytes": "$context.responseLength",
        "latency_ms": "$context.responseLatency",
        "integration_ms": "$context.integrationLatency",
        "error": "$context.integrationErrorMessage",
    }


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
