"""The other front: a REST API, which AWS WAF can protect.

An HTTP API costs less than a third: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vs-rest.html
"""

import json
from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from partner_event_relay.capacity import Throttle
from partner_event_relay.front import METRIC_PERIOD, limits
from partner_event_relay.front.access_log import log_fields
from partner_event_relay.front.domain import certificate_of, truststore_of
from partner_event_relay.front.firewall import Firewall
from partner_event_relay.front.integration import grant_invoke, integration_target
from partner_event_relay.stages import Stage
from relay.config.model import Config
from relay.config.route import Route
from relay.errors import NotFound
from relay.http import routing
from relay.pipeline import responses

STAGE_NAME = "live"


class RestApiFront(Construct):
    """A REST API. Every method of a route reaches the function, and so does every other path: errors have one form."""

    def __init__(
        self, scope: Construct, construct_id: str, *, config: Config, function: lambda_.IFunction, stage: Stage
    ) -> None:
        super().__init__(scope, construct_id)
        routes = config.routes if limits.has_own_routes(config, stage) else ()
        if not routes:
            limits.warn_of_shared_throttle(self, len(config.routes))
        self._api = apigateway.RestApi(
            self,
            "Api",
            # Its metrics go by this name: another API of the same name would count in ours.
            rest_api_name=cdk.Stack.of(self).stack_name,
            description="Partner Event Relay",
            default_integration=apigateway.LambdaIntegration(integration_target(self, function)),
            binary_media_types=["*/*"],  # a signature is over bytes, so every body is passed as base64
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            disable_execute_api_endpoint=bool(stage.domain),
            # A REST API logs with a role that is set once for the account and Region, so it outlives the stack.
            cloud_watch_role=stage.cloudwatch_role,
            cloud_watch_role_removal_policy=cdk.RemovalPolicy.RETAIN if stage.cloudwatch_role else None,
            domain_name=self._domain(stage) if stage.domain else None,
            deploy_options=self._stage_options(stage, limits.throttle(config, stage), routes),
        )
        grant_invoke(function, self._api.rest_api_id)
        self._add_methods(routes)
        self._add_not_found()
        self._domain_name = stage.domain
        self._firewall: Firewall | None = None
        if stage.firewall:
            api_stage = self._api.deployment_stage
            self._firewall = Firewall(self, "Firewall", arn=api_stage.stage_arn, config=config, stage=stage)

    @property
    def api_id(self) -> str:
        """Return the id that API Gateway gave the API."""
        return self._api.rest_api_id

    @property
    def stage_name(self) -> str:
        """Return the name of the API's deployed stage."""
        return STAGE_NAME

    @property
    def dns_target(self) -> str:
        """Return the name that the custom domain's DNS record has to point to, or "" without a custom domain."""
        domain = self._api.domain_name
        return domain.domain_name_alias_domain_name if domain else ""

    def url(self, path: str) -> str:
        """Return the URL of a route's path: what is pasted into the sender's webhook settings."""
        return f"https://{self._domain_name}{path}" if self._domain_name else self._api.url_for_path(path or "/")

    def server_errors(self) -> cloudwatch.IMetric:
        """Return the number of 5xx responses in five minutes."""
        return self._api.deployment_stage.metric_server_error(period=METRIC_PERIOD, statistic="Sum")

    def latency(self, statistic: str) -> cloudwatch.IMetric:
        """Return how long the function took to respond, in milliseconds, over five minutes."""
        return self._api.deployment_stage.metric_integration_latency(period=METRIC_PERIOD, statistic=statistic)

    def blocked_requests(self) -> cloudwatch.IMetric | None:
        """Return the number of requests that AWS WAF blocked in five minutes, or None without AWS WAF."""
        return self._firewall.blocked_requests(METRIC_PERIOD) if self._firewall else None

    def _stage_options(self, stage: Stage, throttle: Throttle, routes: Sequence[Route]) -> apigateway.StageOptions:
        access_log = logs.LogGroup(
            self, "AccessLog", retention=stage.log_retention, removal_policy=stage.removal_policy
        )
        fields = log_fields("$context.httpMethod $context.resourcePath") | {"waf": "$context.wafResponseCode"}
        of_route = apigateway.MethodDeploymentOptions(
            metrics_enabled=True,
            throttling_rate_limit=throttle.route_rate,
            throttling_burst_limit=throttle.route_burst,
        )
        # API Gateway accepts a setting for one method of a path, or for everything; not for ANY method of a path.
        methods = {f"{route.path}/{method}": of_route for route in routes for method in sorted(route.methods)}
        return apigateway.StageOptions(
            stage_name=STAGE_NAME,
            metrics_enabled=True,
            tracing_enabled=stage.tracing,
            throttling_rate_limit=throttle.rate,
            throttling_burst_limit=throttle.burst,
            access_log_destination=apigateway.LogGroupLogDestination(access_log),
            access_log_format=apigateway.AccessLogFormat.custom(json.dumps(fields)),
            method_options=methods,
        )

    def _domain(self, stage: Stage) -> apigateway.DomainNameOptions:
        truststore = truststore_of(self, stage)
        return apigateway.DomainNameOptions(
            domain_name=stage.domain,
            certificate=certificate_of(self, stage),
            security_policy=apigateway.SecurityPolicy.TLS_1_2,
            mtls=apigateway.MTLSConfig(bucket=truststore.bucket, key=truststore.key) if truststore else None,
        )

    def _add_methods(self, routes: Sequence[Route]) -> None:
        for route in routes:
            resource = self._api.root.resource_for_path(route.path)
            # The throttled methods; the function refuses the others.
            for method in (*sorted(route.methods), "ANY"):
                resource.add_method(method)
        self._api.root.add_method("ANY")
        if not any(route.path.startswith("/{") for route in routes):  # two parameters cannot be at one place
            self._api.root.add_proxy(any_method=True)

    def _add_not_found(self) -> None:
        """Answer a path that only leads to others (`/orders` of `/orders/{customer}`) as the function would.

        It is a resource without a method, for which API Gateway would say 403, and that a token is missing.
        """
        self._api.add_gateway_response(
            "NoRoute",
            type=apigateway.ResponseType.MISSING_AUTHENTICATION_TOKEN,
            status_code=str(NotFound.status),
            templates={"application/json": responses.problem(NotFound(routing.NO_ROUTE), "$context.requestId")["body"]},
        )
