"""The HTTPS front: an HTTP API with a route for each one of relay.toml."""

import json
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra import front
from infra.stage import Stage
from relay.config.loader import Config

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
# No header and no query: they may have secrets in them.
ACCESS_LOG = {
    "request_id": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "ip": "$context.identity.sourceIp",
    "route": "$context.routeKey",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "latency_ms": "$context.responseLatency",
    "integration_ms": "$context.integrationLatency",
    "error": "$context.integrationErrorMessage",
}


class Api(Construct):
    """Every method of a route reaches the function, and so does every other path: errors have one form."""

    def __init__(
        self, scope: Construct, construct_id: str, *, config: Config, function: lambda_.IFunction, stage: Stage
    ) -> None:
        super().__init__(scope, construct_id)
        own = front.has_own_routes(config, stage)
        paths = [route.path for route in config.routes] if own else []
        if not own:
            front.warn_of_shared_throttle(self, len(config.routes))
        integration = integrations.HttpLambdaIntegration(
            "Ingest",
            front.without_permissions(self, function),
            payload_format_version=apigateway.PayloadFormatVersion.VERSION_2_0,
        )
        self.api = apigateway.HttpApi(
            self,
            "Api",
            api_name=cdk.Stack.of(self).stack_name,
            create_default_stage=False,
            default_integration=integration,
            description="Partner Event Relay",
            # With a domain of its own there is no way around its certificate, and around mutual TLS.
            disable_execute_api_endpoint=True if stage.domain else None,
        )
        front.permit(function, self.api.api_id)
        routes = [
            route
            for path in paths
            for route in self.api.add_routes(path=path, methods=[apigateway.HttpMethod.ANY], integration=integration)
        ]
        self.access_log = logs.LogGroup(
            self,
            "AccessLog",
            # With this prefix CloudWatch Logs needs no entry for each group in the Region's one resource policy.
            # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
            log_group_name=f"/aws/vendedlogs/apigateway/{cdk.Stack.of(self).stack_name}-{front.unique_suffix(self)}",
            retention=stage.log_retention,
            removal_policy=stage.removal_policy,
        )
        self.stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=self.api,
            stage_name="$default",
            auto_deploy=True,
            detailed_metrics_enabled=True,
            throttle=apigateway.ThrottleSettings(rate_limit=stage.rate_per_second, burst_limit=stage.burst),
        )
        template_element = cast("apigateway.CfnStage", self.stage.node.default_child)
        template_element.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=front.log_destination(self.access_log), format=json.dumps(ACCESS_LOG)
        )
        # One sender's flood leaves room for the others.
        rate = {
            "ThrottlingRateLimit": stage.route_rate_per_second,
            "ThrottlingBurstLimit": stage.route_rate_per_second,
            "DetailedMetricsEnabled": True,
        }
        template_element.route_settings = {f"ANY {path}": rate for path in paths} or None
        for route in routes:
            self.stage.node.add_dependency(route)
        self.domain = Domain(self, "Domain", api=self.api, stage=stage) if stage.domain else None
        cdk.Validations.of(self).acknowledge(
            cdk.Acknowledgment(
                id="AwsSolutions::AwsSolutions-APIG4",
                reason="Webhooks carry their sender's signature; the function verifies it before anything else.",
            ),
        )

    @property
    def api_id(self) -> str:
        """API Gateway's id."""
        return self.api.api_id

    @property
    def stage_name(self) -> str:
        """The stage that is deployed."""
        return self.stage.stage_name

    @property
    def target(self) -> str:
        """What the domain's DNS points to; only with a domain."""
        return self.domain.target if self.domain else ""

    def server_errors(self) -> cloudwatch.Metric:
        """Answers of 5xx in five minutes: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html."""
        return self.api.metric("5xx", period=cdk.Duration.minutes(5), statistic="Sum")

    def latency(self, statistic: str) -> cloudwatch.Metric:
        """How long the function took to answer."""
        return self.api.metric("IntegrationLatency", period=cdk.Duration.minutes(5), statistic=statistic)

    def url(self, path: str) -> str:
        """What is pasted into the SaaS's webhook settings."""
        return f"https://{self.domain.name}{path}" if self.domain else f"{self.api.api_endpoint}{path}"


class Domain(Construct):
    """The name that senders use. DNS is the operator's: an alias or CNAME to `target`.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html
    """

    def __init__(self, scope: Construct, construct_id: str, *, api: apigateway.HttpApi, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        mtls = None
        if stage.truststore:
            bucket, _, key = stage.truststore.removeprefix("s3://").partition("/")
            mtls = apigateway.MTLSConfig(bucket=s3.Bucket.from_bucket_name(self, "Truststore", bucket), key=key)
        domain = apigateway.DomainName(
            self,
            "Name",
            domain_name=stage.domain,
            certificate=acm.Certificate.from_certificate_arn(self, "Certificate", stage.certificate_arn),
            security_policy=apigateway.SecurityPolicy.TLS_1_2,
            mtls=mtls,
        )
        mapping = apigateway.CfnApiMapping(
            self, "Mapping", api_id=api.api_id, domain_name=domain.name, stage="$default"
        )
        mapping.node.add_dependency(scope.node.find_child("Stage"))
        self.name = stage.domain
        self.target = domain.regional_domain_name
