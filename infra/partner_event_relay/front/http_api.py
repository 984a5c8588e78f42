"""The default front: an HTTP API with a route for each route of relay.toml."""

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from partner_event_relay.capacity import Throttle
from partner_event_relay.front import METRIC_PERIOD, limits
from partner_event_relay.front.access_log import log_fields, log_requests
from partner_event_relay.front.domain import certificate_of, truststore_of
from partner_event_relay.front.integration import grant_invoke, integration_target
from partner_event_relay.stages import Stage
from relay.config.model import Config

STAGE_NAME = "$default"


class HttpApiFront(Construct):
    """An HTTP API. Every method of a route reaches the function, and so does every other path: errors have one form."""

    def __init__(
        self, scope: Construct, construct_id: str, *, config: Config, function: lambda_.IFunction, stage: Stage
    ) -> None:
        super().__init__(scope, construct_id)
        paths = [route.path for route in config.routes] if limits.has_own_routes(config, stage) else []
        if not paths:
            limits.warn_of_shared_throttle(self, len(config.routes))
        integration = integrations.HttpLambdaIntegration(
            "Ingest",
            integration_target(self, function),
            payload_format_version=apigateway.PayloadFormatVersion.VERSION_2_0,
        )
        self._api = apigateway.HttpApi(
            self,
            "Api",
            api_name=cdk.Stack.of(self).stack_name,
            create_default_stage=False,
            default_integration=integration,
            description="Partner Event Relay",
            # With a custom domain there must be no way around its certificate, nor around mutual TLS.
            disable_execute_api_endpoint=True if stage.domain else None,
        )
        grant_invoke(function, self._api.api_id)
        routes = [
            route
            for path in paths
            for route in self._api.add_routes(path=path, methods=[apigateway.HttpMethod.ANY], integration=integration)
        ]
        self._stage = self._add_stage(stage, limits.throttle(config, stage), paths)
        for route in routes:
            self._stage.node.add_dependency(route)
        self._domain = HttpApiDomain(self, "Domain", api_stage=self._stage, stage=stage) if stage.domain else None

    @property
    def api_id(self) -> str:
        """Return the id that API Gateway gave the API."""
        return self._api.api_id

    @property
    def stage_name(self) -> str:
        """Return the name of the API's deployed stage."""
        return self._stage.stage_name

    @property
    def dns_target(self) -> str:
        """Return the name that the custom domain's DNS record has to point to, or "" without a custom domain."""
        return self._domain.dns_target if self._domain else ""

    def url(self, path: str) -> str:
        """Return the URL of a route's path: what is pasted into the sender's webhook settings."""
        return f"https://{self._domain.name}{path}" if self._domain else f"{self._api.api_endpoint}{path}"

    def server_errors(self) -> cloudwatch.IMetric:
        """Return the number of 5xx responses in five minutes.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
        """
        return self._api.metric("5xx", period=METRIC_PERIOD, statistic="Sum")

    def latency(self, statistic: str) -> cloudwatch.IMetric:
        """Return how long the function took to respond, in milliseconds, over five minutes."""
        return self._api.metric("IntegrationLatency", period=METRIC_PERIOD, statistic=statistic)

    def blocked_requests(self) -> cloudwatch.IMetric | None:
        """Return None: an HTTP API cannot have AWS WAF."""
        return None

    def _add_stage(self, stage: Stage, throttle: Throttle, paths: list[str]) -> apigateway.HttpStage:
        api_stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=self._api,
            stage_name=STAGE_NAME,
            auto_deploy=True,
            detailed_metrics_enabled=True,
            throttle=apigateway.ThrottleSettings(rate_limit=throttle.rate, burst_limit=throttle.burst),
        )
        log_requests(api_stage, log_fields("$context.routeKey"), stage)
        # One sender's flood leaves room for the others.
        of_route = {
            "ThrottlingRateLimit": throttle.route_rate,
            "ThrottlingBurstLimit": throttle.route_burst,
            "DetailedMetricsEnabled": True,
        }
        cfn_stage = cast("apigateway.CfnStage", api_stage.node.default_child)
        cfn_stage.route_settings = {f"ANY {path}": of_route for path in paths} or None
        return api_stage


class HttpApiDomain(Construct):
    """The custom domain of an HTTP API."""

    def __init__(self, scope: Construct, construct_id: str, *, api_stage: apigateway.HttpStage, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        truststore = truststore_of(self, stage)
        domain = apigateway.DomainName(
            self,
            "Name",
            domain_name=stage.domain,
            certificate=certificate_of(self, stage),
            security_policy=apigateway.SecurityPolicy.TLS_1_2,
            mtls=apigateway.MTLSConfig(bucket=truststore.bucket, key=truststore.key) if truststore else None,
        )
        mapping = apigateway.CfnApiMapping(
            self, "Mapping", api_id=api_stage.api.api_id, domain_name=domain.name, stage=STAGE_NAME
        )
        mapping.node.add_dependency(api_stage)
        self.name = stage.domain
        self.dns_target = domain.regional_domain_name
