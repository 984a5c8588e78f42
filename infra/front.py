"""What both HTTPS fronts have in common, and what a front asks of relay.toml."""

from collections.abc import Iterator

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import secrets
from infra.stage import REST, Stage
from relay.config.loader import Config
from relay.config.route import Route
from relay.config.units import SIZES, format_quantity

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html: 300 routes, $default among them.
MAX_HTTP_ROUTES = 250
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html:
# 300 resources; and CloudFormation takes 500 of its own, to which each method of each resource counts.
MAX_REST_PARTS = 300
# A REST API hands every body over as base64, and Lambda takes an event of 6 MiB: 4,718,592 bytes less the headers.
MAX_REST_BODY_BYTES = 4_500_000
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html: its health check.
RESERVED_PATHS = ("/ping", "/sping")


def problems(config: Config, stage: Stage) -> Iterator[str]:
    """Yield a sentence for each thing in relay.toml that this stage's front would refuse, or could not do."""
    yield from secrets.problems(sorted(set().union(*(route.secrets() for route in config.routes))))
    for route in config.routes:
        if route.path in RESERVED_PATHS:
            yield (
                f'route "{route.name}": path: "{route.path}" is reserved for the health check of API Gateway;'
                " expected another"
            )
    if stage.front != REST:
        return
    here = f'front "{REST}"'
    if config.limits.body > MAX_REST_BODY_BYTES:
        most, body = (format_quantity(value, SIZES) for value in (MAX_REST_BODY_BYTES, config.limits.body))
        yield f'limits.body: expected at most "{most}" with {here}, got "{body}"'
    for route in config.routes:
        if route.auth.signs_query_as_sent:
            yield (
                f'route "{route.name}": its sender signs the URL with its query, which a REST API does not hand over'
                f' as it was sent; expected the stage to have front "http", not {here}'
            )
    if has_own_routes(config, stage):
        yield from _refused_paths(config.routes, here)


def _refused_paths(routes: tuple[Route, ...], here: str) -> Iterator[str]:
    """API Gateway says so only when the stack is deployed; a change set does not."""
    parameters: dict[tuple[str, ...], str] = {}
    for route in routes:
        segments = route.path.split("/")[1:]
        if "~" in route.path:
            yield f'route "{route.name}": path: expected no "~" with {here}, got "{route.path}"'
        for index, segment in enumerate(segments):
            if segment.startswith("{"):
                known = parameters.setdefault(tuple(segments[:index]), segment)
                if known != segment:
                    yield (
                        f'route "{route.name}": path: expected the parameter {known}, which another route has at this'
                        f" place, got {segment}: {here} takes one name for each"
                    )


def has_own_routes(config: Config, stage: Stage) -> bool:
    """Return whether each route of relay.toml has one in the API: with its own throttle and metrics.

    With too many, the API has one route for all of them, and they share the stage's throttle.
    """
    if stage.front != REST:
        return len(config.routes) <= MAX_HTTP_ROUTES
    segments = [route.path.split("/")[1:] for route in config.routes]
    resources = {tuple(one[: index + 1]) for one in segments for index in range(len(one))}
    return len(resources) + sum(len(route.methods) + 1 for route in config.routes) <= MAX_REST_PARTS


def without_permissions(scope: Construct, function: lambda_.IFunction) -> lambda_.IFunction:
    """Return `function` for an integration, which would give it a permission for each route.

    Lambda's resource policy ends at 20 KB, which is about fifty of them.
    """
    return lambda_.Function.from_function_attributes(
        scope, "Integrated", function_arn=function.function_arn, skip_permissions=True
    )


def permit(function: lambda_.IFunction, api_id: str) -> None:
    """Let the API call `function`, for every stage, method and path: $default has no path in its ARN."""
    source = cdk.Stack.of(function).format_arn(service="execute-api", resource=api_id, resource_name="*/*")
    function.add_permission("Api", principal=iam.ServicePrincipal("apigateway.amazonaws.com"), source_arn=source)


def warn_of_shared_throttle(scope: Construct, routes: int) -> None:
    """Say that the routes are too many to have one each."""
    text = (
        f"{routes} routes are too many for routes of their own in the API: they share the stage's throttle and metrics"
    )
    cdk.Annotations.of(scope).add_warning_v2("shared-throttle", text)


def log_destination(group: logs.ILogGroup) -> str:
    """Return the ARN of the group as API Gateway and WAF store it: without the `:*` that its own ARN has.

    WAF refuses the other one; with it, API Gateway's stage differs from its template for ever (drift detection).
    """
    return cdk.Stack.of(group).format_arn(
        service="logs",
        resource="log-group",
        resource_name=group.log_group_name,
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )


def unique_suffix(scope: Construct) -> str:
    """Return what is this stack's alone, for names of what outlives it: the next stack of its name takes another."""
    return cdk.Fn.select(2, cdk.Fn.split("/", cdk.Stack.of(scope).stack_id))
