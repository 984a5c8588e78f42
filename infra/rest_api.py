"""The other HTTPS front: a REST API, which AWS WAF can guard; the same handler is behind it.

An HTTP API costs less than a third, and has no WAF: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vs-rest.html
"""

import json
from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from infra.stage import Stage

STAGE = "live"
# For one address, in five minutes.
REQUESTS_OF_AN_ADDRESS = 3000
# Lambda takes 6 MiB; WAF itself looks at the first 64 KB, so the length that the sender claims is what is bounded.
LONGEST_CONTENT_LENGTH = 7  # digits: below 10 MB
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
        self, scope: Construct, construct_id: str, *, paths: Sequence[str], function: lambda_.IFunction, stage: Stage
    ) -> None:
        super().__init__(scope, construct_id)
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
            description="Partner Event Relay",
            default_integration=apigateway.LambdaIntegration(function),
            binary_media_types=["*/*"],  # a signature is over bytes: whatever comes, comes as base64
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            disable_execute_api_endpoint=bool(stage.domain),
            cloud_watch_role=False,
            domain_name=self._domain(stage) if stage.domain else None,
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE,
                metrics_enabled=True,
                tracing_enabled=True,
                throttling_rate_limit=stage.rate_per_second,
                throttling_burst_limit=stage.burst,
                access_log_destination=apigateway.LogGroupLogDestination(self.access_log),
                access_log_format=apigateway.AccessLogFormat.custom(json.dumps(ACCESS_LOG)),
                method_options={f"{path}/*": rate for path in paths},
            ),
        )
        for path in paths:
            self.api.root.resource_for_path(path).add_method("ANY")
        self.api.root.add_method("ANY")
        if not any(path.startswith("/{") for path in paths):  # two parameters cannot stand at one place
            self.api.root.add_proxy(any_method=True)
        if stage.firewall:
            Firewall(self, "Firewall", arn=self.api.deployment_stage.stage_arn)
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
        return f"https://{self.domain_name}{path}" if self.domain_name else self.api.url_for_path(path)

    def server_errors(self) -> cloudwatch.Metric:
        """Answers of 5xx in five minutes."""
        return self.api.metric_server_error(period=cdk.Duration.minutes(5), statistic="Sum")

    def latency(self, statistic: str) -> cloudwatch.Metric:
        """How long the function took to answer."""
        return self.api.metric_integration_latency(period=cdk.Duration.minutes(5), statistic=statistic)

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


class Firewall(Construct):
    """AWS WAF before the API: AWS's rules, a rate for each address, a bound on what is claimed to come.

    https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
    """

    def __init__(self, scope: Construct, construct_id: str, *, arn: str) -> None:
        super().__init__(scope, construct_id)
        rules = [
            # Webhooks are larger than the 8 KB of a form, and quote what people have written.
            _managed(
                "AWSManagedRulesCommonRuleSet", 0, only_counted=["SizeRestrictions_BODY", "CrossSiteScripting_BODY"]
            ),
            _managed("AWSManagedRulesKnownBadInputsRuleSet", 1),
            _managed("AWSManagedRulesAmazonIpReputationList", 2),
            _rule(
                "RateOfAnAddress",
                3,
                waf.CfnWebACL.StatementProperty(
                    rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                        limit=REQUESTS_OF_AN_ADDRESS, aggregate_key_type="IP", evaluation_window_sec=300
                    )
                ),
            ),
            _rule(
                "ContentLength",
                4,
                waf.CfnWebACL.StatementProperty(
                    size_constraint_statement=waf.CfnWebACL.SizeConstraintStatementProperty(
                        field_to_match=waf.CfnWebACL.FieldToMatchProperty(single_header={"Name": "content-length"}),
                        comparison_operator="GT",
                        size=LONGEST_CONTENT_LENGTH,
                        text_transformations=[waf.CfnWebACL.TextTransformationProperty(priority=0, type="NONE")],
                    )
                ),
            ),
        ]
        acl = waf.CfnWebACL(
            self,
            "Acl",
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_seen("PartnerEventRelay"),
            rules=rules,
        )
        waf.CfnWebACLAssociation(self, "Association", resource_arn=arn, web_acl_arn=acl.attr_arn)


def _managed(name: str, priority: int, only_counted: Sequence[str] = ()) -> waf.CfnWebACL.RuleProperty:
    count = waf.CfnWebACL.RuleActionProperty(count={})
    return waf.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
        statement=waf.CfnWebACL.StatementProperty(
            managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS",
                name=name,
                rule_action_overrides=[
                    waf.CfnWebACL.RuleActionOverrideProperty(name=rule, action_to_use=count) for rule in only_counted
                ],
            )
        ),
        visibility_config=_seen(name),
    )


def _rule(name: str, priority: int, statement: waf.CfnWebACL.StatementProperty) -> waf.CfnWebACL.RuleProperty:
    return waf.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        action=waf.CfnWebACL.RuleActionProperty(block={}),
        statement=statement,
        visibility_config=_seen(name),
    )


def _seen(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    # Sampled requests would have headers, and so signatures.
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
