"""What the API in front of the function cannot do for a relay.toml: found before anything is deployed."""

from collections.abc import Iterator, Sequence

import aws_cdk as cdk
from constructs import Construct

from partner_event_relay import capacity
from partner_event_relay.capacity import Throttle
from partner_event_relay.stages import REST, URL, Stage
from relay.config.model import Config
from relay.config.route import Route
from relay.config.units import SIZES, format_quantity

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html: 300 routes, with $default.
MAX_HTTP_ROUTES = 250
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html:
# 300 resources. CloudFormation has 500 of its own for a stack, and each method of each path is one.
MAX_REST_RESOURCES = 300
# A REST API passes every body as base64, and Lambda accepts an event of 6 MiB: 4,718,592 bytes minus the headers.
MAX_REST_BODY_BYTES = 4_500_000
WAF_WINDOW_SECONDS = 300
# Lambda leaves no less than this to functions without a reservation.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
UNRESERVED = 100
# The health check of API Gateway: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
RESERVED_PATHS = ("/ping", "/sping")


def problems(config: Config, stage: Stage) -> Iterator[str]:
    """Yield a sentence for each thing in relay.toml that this stage's API would refuse, or could not do."""
    for route in config.routes:
        if route.path in RESERVED_PATHS and stage.front != URL:
            yield (
                f'route "{route.name}": path: "{route.path}" is reserved for the health check of API Gateway;'
                " expected another"
            )
    if stage.front != REST:
        return
    front = f'front "{REST}"'
    if config.limits.body > MAX_REST_BODY_BYTES:
        most, body = (format_quantity(value, SIZES) for value in (MAX_REST_BODY_BYTES, config.limits.body))
        yield f'limits.body: expected at most "{most}" with {front}, got "{body}"'
    for route in config.routes:
        if route.auth.signs_query_as_sent:
            # A REST API passes the query decoded, in an order that is not documented.
            yield (
                f'route "{route.name}": its sender signs the URL with its query, which a REST API does not pass on'
                f' as it was sent; expected the stage to have front "http", not {front}'
            )
    if has_own_routes(config, stage):
        yield from _refused_paths(config.routes, front)


def _refused_paths(routes: Sequence[Route], front: str) -> Iterator[str]:
    """Yield a sentence for each path that API Gateway would only refuse during the deployment."""
    parameters: dict[tuple[str, ...], str] = {}
    for route in routes:
        segments = route.path.split("/")[1:]
        if "~" in route.path:
            yield f'route "{route.name}": path: expected no "~" with {front}, got "{route.path}"'
        for index, segment in enumerate(segments):
            if segment.startswith("{"):
                first = parameters.setdefault(tuple(segments[:index]), segment)
                if first != segment:
                    yield (
                        f'route "{route.name}": path: expected the parameter {first}, which another route has at this'
                        f" place, got {segment}: {front} takes one name for each"
                    )


def has_own_routes(config: Config, stage: Stage) -> bool:
    """Return whether each route of relay.toml has a route in the API, with its own throttle and metrics.

    With too many, the API has one route for all of them, and they share the stage's throttle.
    """
    if stage.front != REST:
        return len(config.routes) <= MAX_HTTP_ROUTES
    paths = [route.path.split("/")[1:] for route in config.routes]
    resources = {tuple(segments[: index + 1]) for segments in paths for index in range(len(segments))}
    methods = sum(len(route.methods) + 1 for route in config.routes)
    return len(resources) + methods <= MAX_REST_RESOURCES


def throttle(config: Config, stage: Stage) -> Throttle:
    """Return API Gateway's throttle: what the stage says, or what the account's quotas carry."""
    return capacity.throttle(
        stage.quotas,
        stage.reserved_concurrency,
        _retry_seconds(config),
        len(config.routes),
        rate=stage.rate_per_second,
        burst=stage.burst,
        route_rate=stage.route_rate_per_second,
    )


def address_limit(config: Config, stage: Stage) -> int:
    """Return the number of requests that WAF lets through from one address in five minutes: what one route may get."""
    return stage.requests_per_address or WAF_WINDOW_SECONDS * throttle(config, stage).route_rate


def overloaded(config: Config, stage: Stage) -> Iterator[str]:
    """Yield a sentence for each quota that does not carry the rate that the stage lets through, or its reservation."""
    rate = throttle(config, stage).rate
    parts = capacity.carried(stage.quotas, stage.reserved_concurrency, _retry_seconds(config))
    for key, carried in parts.items():
        if rate > carried and stage.front != URL:
            yield (
                f"rate_per_second lets through {rate} webhooks a second,"
                f" {key} = {getattr(stage, key)} carries {carried}:"
                " ask AWS for more and state it, or lower the rate (docs/explanation/burst.md)"
            )
    if stage.reserved_concurrency > max(0, stage.concurrency_quota - UNRESERVED):
        yield (
            f"reserved_concurrency = {stage.reserved_concurrency} leaves less than {UNRESERVED} of concurrency_quota ="
            f" {stage.concurrency_quota} to the other functions, which Lambda refuses"
        )


def _retry_seconds(config: Config) -> float:
    return max(route.retry_for for route in config.routes)


def warn_of_shared_throttle(scope: Construct, routes: int) -> None:
    """Warn that the routes are too many to have a route each in the API."""
    text = f"{routes} routes are too many for routes of their own in the API: they share its throttle and metrics"
    cdk.Annotations.of(scope).add_warning_v2("shared-throttle", text)
