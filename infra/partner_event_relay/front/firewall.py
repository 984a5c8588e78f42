"""AWS WAF in front of the REST API: AWS's managed rules, a rate limit for each address, and a log of what it blocked.

A webhook is authenticated by its signature, and senders do not repeat what was answered 403. So no rule blocks for
what a webhook quotes, for a missing User-Agent, or for the reputation of a shared cloud: those rules only count.
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

from partner_event_relay.front.access_log import log_destination, unique_suffix
from partner_event_relay.front.limits import WAF_WINDOW_SECONDS, address_limit
from partner_event_relay.stages import Stage
from relay.config.model import Config
from relay.templates.template import Template

# Rules that inspect what a legitimate webhook may contain: its body, query and cookies, and a missing User-Agent.
COUNTED_RULES = {
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
MAX_REDACTED_FIELDS = 100
MAX_REDACTED_HEADER_CHARACTERS = 64
ALWAYS_REDACTED_HEADERS = ("authorization", "cookie")


class Firewall(Construct):
    """The web ACL of the API. WAF inspects the first 16 KB of a body, which is enough for rules that only count."""

    def __init__(self, scope: Construct, construct_id: str, *, arn: str, config: Config, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        # AWS documents its dimension both as the metric's name and as the web ACL's: here they are the same.
        self._name = cdk.Stack.of(self).stack_name
        headers = sorted({*ALWAYS_REDACTED_HEADERS, *authentication_headers(config)})
        rules = [
            _managed_rule(name, priority, counted) for priority, (name, counted) in enumerate(COUNTED_RULES.items())
        ]
        self.acl = waf.CfnWebACL(
            self,
            "Acl",
            name=self._name,
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visibility(self._name),
            rules=[*rules, _rate_rule(len(rules), address_limit(config, stage))],
            data_protection_config=_protection(headers),
        )
        waf.CfnWebACLAssociation(self, "Association", resource_arn=arn, web_acl_arn=self.acl.attr_arn)
        self._add_log(headers, stage)

    def blocked_requests(self, period: cdk.Duration) -> cloudwatch.Metric:
        """Return the number of requests that WAF blocked with 403."""
        # https://docs.aws.amazon.com/waf/latest/developerguide/waf-metrics.html
        return cloudwatch.Metric(
            namespace="AWS/WAFV2",
            metric_name="BlockedRequests",
            dimensions_map={"WebACL": self._name, "Region": cdk.Stack.of(self).region, "Rule": "ALL"},
            period=period,
            statistic="Sum",
        )

    def _add_log(self, headers: Sequence[str], stage: Stage) -> None:
        """Log blocked and counted requests without anything that authenticates a sender; else log nothing."""
        if len(headers) >= MAX_REDACTED_FIELDS or not all(map(_can_redact, headers)):
            text = "AWS WAF cannot redact every header that authenticates a sender, so its log is off"
            cdk.Annotations.of(self).add_warning_v2("no-waf-log", text)
            return
        # WAF requires this prefix: https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
        group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"aws-waf-logs-{self._name}-{unique_suffix(self)}",
            retention=stage.log_retention,
            removal_policy=stage.removal_policy,
        )
        waf.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=self.acl.attr_arn,
            log_destination_configs=[log_destination(group)],
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
    """Return the names of the headers that authenticate a sender, or that a handshake passes a secret in."""
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
        values = value.values() if isinstance(value, dict) else [value]
        yield from (template for template in values if isinstance(template, Template))


def _managed_rule(name: str, priority: int, counted: Sequence[str]) -> waf.CfnWebACL.RuleProperty:
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


def _rate_rule(priority: int, limit: int) -> waf.CfnWebACL.RuleProperty:
    """Block an address that sends more than `limit` requests in five minutes."""
    name = "RateOfAnAddress"
    return waf.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        action=waf.CfnWebACL.RuleActionProperty(block={}),
        statement=waf.CfnWebACL.StatementProperty(
            rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                limit=limit, aggregate_key_type="IP", evaluation_window_sec=WAF_WINDOW_SECONDS
            )
        ),
        visibility_config=_visibility(name),
    )


def _can_redact(header: str) -> bool:
    return len(header) <= MAX_REDACTED_HEADER_CHARACTERS


def _protection(headers: Sequence[str]) -> waf.CfnWebACL.DataProtectionConfigProperty:
    """Replace signatures, queries and bodies in everything that WAF stores.

    Redaction covers the fields of the log, but the match details of a rule quote the body that looked like an attack.
    """
    redacted = [header for header in headers if _can_redact(header)][:MAX_REDACTED_FIELDS]
    protected = [("SINGLE_HEADER", redacted), ("QUERY_STRING", None), ("BODY", None)]
    return waf.CfnWebACL.DataProtectionConfigProperty(
        data_protections=[
            waf.CfnWebACL.DataProtectProperty(
                action="SUBSTITUTION",
                field=waf.CfnWebACL.FieldToProtectProperty(field_type=kind, field_keys=keys),
            )
            for kind, keys in protected
        ]
    )


def _visibility(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    # Sampled requests would show headers, and so signatures.
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
