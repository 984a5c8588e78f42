"""The control API: an HTTP API of its own, for callers with AWS credentials, and the customers' page beside it."""

from collections.abc import Sequence
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from partner_event_relay.front.access_log import log_fields, log_requests
from partner_event_relay.front.integration import grant_invoke, integration_target
from partner_event_relay.stages import Stage

STAGE_NAME = "$default"
PATH = "/v1/{proxy+}"
RATE_PER_SECOND, BURST = 50, 100
PAGE_PATH = "/page"
PAGE_ROUTES = (("GET", PAGE_PATH), ("ANY", f"{PAGE_PATH}/{{proxy+}}"))
PAGE_RATE_PER_SECOND, PAGE_BURST = 20, 40


class ControlApi(Construct):
    """An HTTP API whose only route asks IAM; what has no route is answered 404 by API Gateway.

    With `page`, the function of the customers' page, there are routes for it that ask nobody: the function does.

    An HTTP API has no resource policy, so other accounts' roles (`callers`) may assume a role that may call it.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.IFunction,
        page: lambda_.IFunction | None,
        callers: Sequence[str],
        stage: Stage,
    ) -> None:
        super().__init__(scope, construct_id)
        self._api = apigateway.HttpApi(
            self,
            "Api",
            api_name=f"{cdk.Stack.of(self).stack_name}-control",
            create_default_stage=False,
            description="Partner Event Relay: control API",
        )
        routes = self._api.add_routes(
            path=PATH,
            methods=[apigateway.HttpMethod.ANY],
            integration=self._integration("Control", self, function),
            authorizer=authorizers.HttpIamAuthorizer(),
        )
        if page:
            routes += self._add_page_routes(page)
        api_stage = self._add_stage(stage, has_page=page is not None)
        for route in routes:
            api_stage.node.add_dependency(route)
        self.api_id = self._api.api_id
        self.url = self._api.api_endpoint
        self.role = self._add_role(callers) if callers else None

    @property
    def invoke_arn(self) -> str:
        """Return the ARN of every operation: what callers need `execute-api:Invoke` for."""
        return cdk.Stack.of(self).format_arn(service="execute-api", resource=self._api.api_id, resource_name="*/*/v1/*")

    def _integration(
        self, name: str, scope: Construct, function: lambda_.IFunction
    ) -> integrations.HttpLambdaIntegration:
        grant_invoke(function, self._api.api_id)
        return integrations.HttpLambdaIntegration(
            name,
            integration_target(scope, function),
            payload_format_version=apigateway.PayloadFormatVersion.VERSION_2_0,
        )

    def _add_page_routes(self, page: lambda_.IFunction) -> list[apigateway.HttpRoute]:
        integration = self._integration("Page", Construct(self, "Page"), page)
        return [
            route
            for method, path in PAGE_ROUTES
            for route in self._api.add_routes(
                path=path, methods=[apigateway.HttpMethod[method]], integration=integration
            )
        ]

    def _add_stage(self, stage: Stage, *, has_page: bool) -> apigateway.HttpStage:
        api_stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=self._api,
            stage_name=STAGE_NAME,
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(rate_limit=RATE_PER_SECOND, burst_limit=BURST),
        )
        fields = {**log_fields("$context.routeKey"), "caller": "$context.identity.userArn"}
        log_requests(api_stage, fields, stage, "-control")
        if has_page:
            # A flood of what anybody may send leaves room for the control API.
            throttle = {"ThrottlingRateLimit": PAGE_RATE_PER_SECOND, "ThrottlingBurstLimit": PAGE_BURST}
            cfn_stage = cast("apigateway.CfnStage", api_stage.node.default_child)
            cfn_stage.route_settings = {f"{method} {path}": throttle for method, path in PAGE_ROUTES}
        return api_stage

    def _add_role(self, callers: Sequence[str]) -> iam.Role:
        # The account is trusted, and the condition names the roles: IAM refuses a principal that does not exist yet,
        # and one that was deleted and created again would be another.
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
        accounts = sorted({caller.split(":")[4] for caller in callers})
        principals = [iam.AccountPrincipal(account) for account in accounts]
        trusted = iam.CompositePrincipal(*principals).with_conditions(
            {"ArnEquals": {"aws:PrincipalArn": list(callers)}}
        )
        role = iam.Role(self, "Callers", assumed_by=trusted)
        role.add_to_policy(iam.PolicyStatement(actions=["execute-api:Invoke"], resources=[self.invoke_arn]))
        return role
