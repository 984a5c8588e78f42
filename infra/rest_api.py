"""The other HTTPS front: a REST API, which AWS WAF can guard; the same handler is behind it.

An HTTP API costs less than a third, and has no WAF: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vs-rest.html
"""

import json

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra import front
from infra.firewall import Firewall
from infra.stage import Stage
from relay.config.loader import Config
from relay.errors import NotFound
from relay.http import routing
from relay.pipeline import responses

STAGE = "live"
ACCESS_LOG = {
    "request_id": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "ip": "$context.identity.sourceIp",
    "route": "$context.httpMethod $context.resourcePath",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "latency_ms": "$context.responseLatency",
    "integration_ms": "$context.integrationLatency",
    "error": "$context.integrationErrorMessage",
    "waf": "$context.wafResponseCode",
}


class RestApi(Construct):
    """Every method of a route reaches the function, and so does every other path: errors have one form."""

    def __init__(
        self, scope: Construct, construct_id: str, *, config: Config, function: lambda_.IFunction, stage: Stage
    ) -> None:
        super().__init__(scope, construct_id)
        routes = config.routes if front.has_own_routes(config, stage) else ()
        if not routes:
            front.warn_of_shared_throttle(self, len(config.routes))
        self.access_log = logs.LogGroup(
            self, "AccessLog", retention=stage.log_retention, removal_policy=stage.removal_policy
        )
        rate = apigateway.MethodDeploymentOptions(
            metrics_enabled=True,
            throttling_rate_limit=stage.route_rate_per_second,
            throttling_burst_limit=stage.route_rate_per_second,
        )
        self.api = apigateway.RestApi(
            self,
            "Api",
            # Its metrics go by this name: those of another API called "Api" would be ours.
            rest_api_name=cdk.Stack.of(self).stack_name,
            description="Partner Event Relay",
            default_integration=apigateway.LambdaIntegration(front.without_permissions(self, function)),
            binary_media_types=["*/*"],  # a signature is over bytes: whatever comes, comes as base64
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            disable_execute_api_endpoint=bool(stage.domain),
            # A REST API logs with a role that is set once for the account and Region, so it outlives the stack.
            cloud_watch_role=stage.cloudwatch_role,
            cloud_watch_role_removal_policy=cdk.RemovalPolicy.RETAIN if stage.cloudwatch_role else None,
            domain_name=self._domain(stage) if stage.domain else None,
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE,
                metrics_enabled=True,
                tracing_enabled=True,
                throttling_rate_limit=stage.rate_per_second,
                throttling_burst_limit=stage.burst,
                access_log_destination=apigateway.LogGroupLogDestination(self.access_log),
                access_log_format=apigateway.AccessLogFormat.custom(json.dumps(ACCESS_LOG)),
                # A method of a path, or all of all: API Gateway refuses `*` and ANY for the method alone.
                method_options={f"{route.path}/{method}": rate for route in routes for method in sorted(route.methods)},
            ),
        )
        front.permit(function, self.api.rest_api_id)
        for route in routes:
            resource = self.api.root.resource_for_path(route.path)
            # The methods that are throttled; the others are the function's to refuse.
            for method in (*sorted(route.methods), "ANY"):
                resource.add_method(method)
        self.api.root.add_method("ANY")
        if not any(route.path.startswith("/{") for route in routes):  # two parameters cannot stand at one place
            self.api.root.add_proxy(any_method=True)
        # A path that only leads to others (`/orders` of `/orders/{customer}`) is a resource, so nothing else gets it.
        # API Gateway would say 403, and that a token is missing; this is what the function says of other paths.
        self.api.add_gateway_response(
            "NoRoute",
            type=apigateway.ResponseType.MISSING_AUTHENTICATION_TOKEN,
            status_code=str(NotFound.status),
            templates={"application/json": responses.problem(NotFound(routing.NO_ROUTE), "$context.requestId")["body"]},
        )
        self.firewall: Firewall | None = None
        if stage.firewall:
            self.firewall = Firewall(
                self, "Firewall", arn=self.api.deployment_stage.stage_arn, config=config, stage=stage
            )
        self.domain_name = stage.domain
        cdk.Validations.of(self).acknowledge(
            cdk.Acknowledgment(
                id="AwsSolutions::AwsSolutions-APIG2",
                reason="What a body has to be is for the function to say: it answers 400, in one form.",
            ),
            cdk.Acknowledgment(
                id="AwsSolutions::AwsSolutions-APIG4",
                reason="Webhooks carry their sender's signature; the function verifies it before anything else.",
            ),
            cdk.Acknowledgment(
                id="AwsSolutions::AwsSolutions-APIG6",
                reason="The access log has a line for each request; execution logs would have bodies and signatures.",
            ),
            cdk.Acknowledgment(id="AwsSolutions::AwsSolutions-COG4", reason="Senders have no users; they sign."),
            cdk.Acknowledgment(
                id="AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
                "AmazonAPIGatewayPushToCloudWatchLogs]",
                reason="AWS's own policy for exactly this: API Gateway writes logs.",
            ),
        )

    @property
    def api_id(self) -> str:
        """API Gateway's id."""
        return self.api.rest_api_id

    @property
    def stage_name(self) -> str:
        """The stage that is deployed."""
        return STAGE

    @property
    def target(self) -> str:
        """What the domain's DNS points to; only with a domain."""
        domain = self.api.domain_name
        return domain.domain_name_alias_domain_name if domain else ""

    def url(self, path: str) -> str:
        """What is pasted into the SaaS's webhook settings."""
        return f"https://{self.domain_name}{path}" if self.domain_name else self.api.url_for_path(path or "/")

    def server_errors(self) -> cloudwatch.Metric:
        """Answers of 5xx in five minutes."""
        return self.api.deployment_stage.metric_server_error(period=cdk.Duration.minutes(5), statistic="Sum")

    def latency(self, statistic: str) -> cloudwatch.Metric:
        """How long the function took to answer."""
        return self.api.deployment_stage.metric_integration_latency(period=cdk.Duration.minutes(5), statistic=statistic)

    def _domain(self, stage: Stage) -> apigateway.DomainNameOptions:
        mtls = None
        if stage.truststore:
            bucket, _, key = stage.truststore.removeprefix("s3://").partition("/")
            mtls = apigateway.MTLSConfig(bucket=s3.Bucket.from_bucket_name(self, "Truststore", bucket), key=key)
        return apigateway.DomainNameOptions(
            domain_name=stage.domain,
            certificate=acm.Certificate.from_certificate_arn(self, "Certificate", stage.certificate_arn),
            security_policy=apigateway.SecurityPolicy.TLS_1_2,
            mtls=mtls,
        )
