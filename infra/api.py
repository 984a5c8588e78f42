"""The HTTPS front: an HTTP API with a route for each one of relay.toml."""

from collections.abc import Iterable

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

# For all senders together; far below an account's own 10,000 a second.
RATE_PER_SECOND = 500
BURST = 1000


class Api(Construct):
    """Every method of a route reaches the function, and so does every other path: errors have one form."""

    def __init__(
        self, scope: Construct, construct_id: str, *, paths: Iterable[str], function: lambda_.IFunction
    ) -> None:
        super().__init__(scope, construct_id)
        integration = integrations.HttpLambdaIntegration(
            "Ingest", function, payload_format_version=apigateway.PayloadFormatVersion.VERSION_2_0
        )
        self.api = apigateway.HttpApi(
            self, "Api", create_default_stage=False, default_integration=integration, description="Partner Event Relay"
        )
        for path in paths:
            self.api.add_routes(path=path, methods=[apigateway.HttpMethod.ANY], integration=integration)
        self.stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=self.api,
            stage_name="$default",
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(rate_limit=RATE_PER_SECOND, burst_limit=BURST),
        )

        cdk.Validations.of(self).acknowledge(
            cdk.Acknowledgment(
                id="AwsSolutions::AwsSolutions-APIG4",
                reason="Webhooks carry their sender's signature; the function verifies it before anything else.",
            ),
            cdk.Acknowledgment(
                id="AwsSolutions::AwsSolutions-APIG1",
                reason="The function logs one line for each request, with API Gateway's request id.",
            ),
        )

    def url(self, path: str) -> str:
        """What is pasted into the SaaS's webhook settings."""
        return f"{self.api.api_endpoint}{path}"
