"""AWS WAF before the REST API: what AWS knows to be bad, a rate for each address, and a log of what it stopped.

A signature proves a webhook, and senders do not repeat what was answered 403. So no rule blocks for what a webhook
quotes, for a sender without a name, or for the reputation of a cloud that it shares with others: those rules count.
 https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from infra import front
from infra.stage import Stage
from relay.config.loader import Config
from relay.templates.template import Template

# The rules that read what a webhook may rightly have: its body, its query, its cookies, and no User-Agent.
COUNTED = {
    "AWSManagedRulesCommonRuleSet": (
        "NoUserAgent_HEADER",
        "SizeRestrictions_BODY",
        "SizeRestrictions_QUERYSTRING",
        "SizeRestrictions_Cookie_HEADER",
        "EC2MetaDataSSRF_BODY",
        "EC2MetaDataSSRF_COOKIE",
        "EC2MetaDataSSRF_QUERYARGUMENTS",
        "GenericLFI_BODY",
        "GenericLFI_QUERYARGUMENTS",
        "GenericRFI_BODY",
        "GenericRFI_QUERYARGUMENTS",
        "RestrictedExtensions_QUERYARGUMENTS",
        "CrossSiteScripting_BODY",
        "CrossSiteScripting_COOKIE",
        "CrossSiteScripting_QUERYARGUMENTS",
    ),
    "AWSManagedRulesKnownBadInputsRuleSet": (
        "JavaDeserializationRCE_BODY",
        "JavaDeserializationRCE_QUERYSTRING",
        "Log4JRCE_BODY",
        "Log4JRCE_QUERYSTRING",
        "ReactJSRCE_BODY",
    ),
    "AWSManagedRulesAmazonIpReputationList": (
        "AWSManagedIPReputationList",
        "AWSManagedReconnaissanceList",
        "AWSManagedIPDDoSList",
    ),
}
# https://docs.aws.amazon.com/waf/latest/APIReference/API_LoggingConfiguration.html, API_FieldToProtect.html
MAX_REDACTED = 100
MAX_HEADER_CHARACTERS = 64
ALWAYS_REDACTED = ("authorization", "cookie")


class Firewall(Construct):
    """The web ACL of the API. WAF reads the first 16 KB of a body, which is enough for rules that only count."""

    def __init__(self, scope: Construct, construct_id: str, *, arn: str, config: Config, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        # Its metrics have the name of the metric or of the web ACL, depending on whom one asks: here they are the same.
        self._name = cdk.Stack.of(self).stack_name
        headers = sorted({*ALWAYS_REDACTED, *authentication_headers(config)})
        rules = [_managed(name, priority, counted) for priority, (name, counted) in enumerate(COUNTED.items())]
        self.acl = waf.CfnWebACL(
            self,
            "Acl",
            name=self._name,
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visibility(self._name),
            rules=[*rules, _rate(len(rules), stage.address_limit)],
            data_protection_config=_protection(headers),
        )
        waf.CfnWebACLAssociation(self, "Association", resource_arn=arn, web_acl_arn=self.acl.attr_arn)
        self._log(headers, stage)

    def blocked(self, period: cdk.Duration) -> cloudwatch.Metric:
        """Return the number of requests that WAF answered 403."""
        # https://docs.aws.amazon.com/waf/latest/developerguide/waf-metrics.html
        return cloudwatch.Metric(
            namespace="AWS/WAFV2",
            metric_name="BlockedRequests",
            dimensions_map={"WebACL": self._name, "Region": cdk.Stack.of(self).region, "Rule": "ALL"},
            period=period,
            statistic="Sum",
        )

    def _log(self, headers: Sequence[str], stage: Stage) -> None:
        if len(headers) >= MAX_REDACTED or not all(map(_can_be_left_out, headers)):
            text = "WAF cannot leave every header that authenticates a sender out of its log: there is none"
            cdk.Annotations.of(self).add_warning_v2("no-waf-log", text)
            return
        # WAF takes no other beginning: https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
        group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"aws-waf-logs-{self._name}-{front.unique_suffix(self)}",
            retention=stage.log_retention,
            removal_policy=stage.removal_policy,
        )
        waf.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=self.acl.attr_arn,
            log_destination_configs=[front.log_destination(group)],
            redacted_fields=[
                *(waf.CfnLoggingConfiguration.FieldToMatchProperty(single_header={"Name": name}) for name in headers),
                waf.CfnLoggingConfiguration.FieldToMatchProperty(query_string={}),
            ],
            logging_filter={
                "DefaultBehavior": "DROP",
                "Filters": [
                    {
                        "Behavior": "KEEP",
                        "Requirement": "MEETS_ANY",
                        "Conditions": [{"ActionCondition": {"Action": action}} for action in ("BLOCK", "COUNT")],
                    }
                ],
            },
        )


def authentication_headers(config: Config) -> set[str]:
    """Return the names of the headers that a sender proves itself with, or hands over a secret in."""
    return {
        name.replace("_", "-")
        for route in config.routes
        for part in (route.auth, *route.handshakes)
        for template in _templates(part)
        for expression in template.expressions()
        for name in re.findall(r"headers\.\"?([A-Za-z0-9_-]+)", expression)
    }


def _templates(part: object) -> Iterator[Template]:
    for field in fields(part):  # type: ignore[arg-type]  # each is a dataclass
        value = getattr(part, field.name)
        yield from (
            one for one in (value.values() if isinstance(value, dict) else [value]) if isinstance(one, Template)
        )


def _managed(name: str, priority: int, counted: Sequence[str]) -> waf.CfnWebACL.RuleProperty:
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
                    waf.CfnWebACL.RuleActionOverrideProperty(name=rule, action_to_use=count) for rule in counted
                ],
            )
        ),
        visibility_config=_visibility(name),
    )


def _rate(priority: int, limit: int) -> waf.CfnWebACL.RuleProperty:
    """Block an address that sends more in five minutes than one route may receive: senders have few addresses."""
    name = "RateOfAnAddress"
    return waf.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        action=waf.CfnWebACL.RuleActionProperty(block={}),
        statement=waf.CfnWebACL.StatementProperty(
            rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                limit=limit, aggregate_key_type="IP", evaluation_window_sec=300
            )
        ),
        visibility_config=_visibility(name),
    )


def _can_be_left_out(header: str) -> bool:
    return len(header) <= MAX_HEADER_CHARACTERS


def _protection(headers: Sequence[str]) -> waf.CfnWebACL.DataProtectionConfigProperty:
    """Leave what proves a webhook, and what is in it, out of all that WAF keeps.

    Redaction is for what a rule looked at; but the details of a rule quote the body that looked like an attack.
    """
    kept_out = [header for header in headers if _can_be_left_out(header)][:MAX_REDACTED]
    fields = [("SINGLE_HEADER", kept_out), ("QUERY_STRING", None), ("BODY", None)]
    return waf.CfnWebACL.DataProtectionConfigProperty(
        data_protections=[
            waf.CfnWebACL.DataProtectProperty(
                action="SUBSTITUTION",
                field=waf.CfnWebACL.FieldToProtectProperty(field_type=kind, field_keys=keys),
            )
            for kind, keys in fields
        ]
    )


def _visibility(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    # Sampled requests would have headers, and so signatures.
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
