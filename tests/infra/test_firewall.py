"""AWS WAF in front of a REST API: it blocks no webhook, and keeps none."""

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from aws_cdk.assertions import Template

from partner_event_relay.front.firewall import COUNTED_RULES, authentication_headers
from relay.config import presets
from relay.errors import ConfigError
from tests.infra.conftest import RELAY_TOML, flat, only, resources, synthesise
from tests.infra.relays import HEAD, load

MANAGED = {
    "AWSManagedRulesCommonRuleSet": [
        "NoUserAgent_HEADER",
        "UserAgent_BadBots_HEADER",
        "SizeRestrictions_QUERYSTRING",
        "SizeRestrictions_Cookie_HEADER",
        "SizeRestrictions_BODY",
        "SizeRestrictions_URIPATH",
        "EC2MetaDataSSRF_BODY",
        "EC2MetaDataSSRF_COOKIE",
        "EC2MetaDataSSRF_URIPATH",
        "EC2MetaDataSSRF_QUERYARGUMENTS",
        "GenericLFI_QUERYARGUMENTS",
        "GenericLFI_URIPATH",
        "GenericLFI_BODY",
        "RestrictedExtensions_URIPATH",
        "RestrictedExtensions_QUERYARGUMENTS",
        "GenericRFI_QUERYARGUMENTS",
        "GenericRFI_BODY",
        "GenericRFI_URIPATH",
        "CrossSiteScripting_COOKIE",
        "CrossSiteScripting_QUERYARGUMENTS",
        "CrossSiteScripting_BODY",
        "CrossSiteScripting_URIPATH",
    ],
    "AWSManagedRulesKnownBadInputsRuleSet": [
        "JavaDeserializationRCE_HEADER",
        "JavaDeserializationRCE_BODY",
        "JavaDeserializationRCE_URIPATH",
        "JavaDeserializationRCE_QUERYSTRING",
        "Host_localhost_HEADER",
        "PROPFIND_METHOD",
        "ExploitablePaths_URIPATH",
        "Log4JRCE_HEADER",
        "Log4JRCE_QUERYSTRING",
        "Log4JRCE_BODY",
        "Log4JRCE_URIPATH",
        "ReactJSRCE_BODY",
    ],
    "AWSManagedRulesAmazonIpReputationList": [
        "AWSManagedIPReputationList",
        "AWSManagedReconnaissanceList",
        "AWSManagedIPDDoSList",
    ],
}


LEGITIMATE = (
    "*_BODY",
    "*_QUERYARGUMENTS",
    "*_QUERYSTRING",
    "*_COOKIE",
    "*_Cookie_HEADER",
    "NoUserAgent_*",
    "AWSManaged*",
)


def test_no_rule_blocks_what_a_webhook_may_rightly_have(rest: Template) -> None:
    rules = only(rest, "AWS::WAFv2::WebACL")["Properties"]["Rules"]
    overrides = {
        rule["Name"]: [
            override["Name"]
            for override in rule["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]
            if override["ActionToUse"] == {"Count": {}}
        ]
        for rule in rules
        if "ManagedRuleGroupStatement" in rule["Statement"]
    }
    expected = {
        group: {name for name in names if any(fnmatchcase(name, pattern) for pattern in LEGITIMATE)}
        for group, names in MANAGED.items()
    }
    assert {group: set(names) for group, names in overrides.items()} == expected
    assert overrides == {group: list(names) for group, names in COUNTED_RULES.items()}


@pytest.mark.parametrize(
    ("changes", "limit"), [({"route_rate_per_second": 250}, 75_000), ({"requests_per_address": 900}, 900)]
)
def test_an_address_may_send_what_one_route_may_receive_unless_the_stage_says_otherwise(
    changes: dict[str, Any], limit: int
) -> None:
    rules = only(synthesise(RELAY_TOML, front="rest", **changes), "AWS::WAFv2::WebACL")["Properties"]["Rules"]
    [rule] = [rule["Statement"]["RateBasedStatement"] for rule in rules if rule["Name"] == "RateOfAnAddress"]
    assert (rule["Limit"], rule["EvaluationWindowSec"], rule["AggregateKeyType"]) == (limit, 300, "IP")


def test_what_waf_stopped_is_an_alarm_and_in_a_log_without_signatures(rest: Template) -> None:
    alarm = only(rest, "AWS::CloudWatch::Alarm", "MonitoringBlocked")["Properties"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/WAFV2", "BlockedRequests")
    acl = only(rest, "AWS::WAFv2::WebACL")["Properties"]
    dimensions = {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]}
    assert dimensions == {"WebACL": "Relay", "Region": {"Ref": "AWS::Region"}, "Rule": "ALL"}
    assert acl["Name"] == acl["VisibilityConfig"]["MetricName"] == "Relay"
    logging = only(rest, "AWS::WAFv2::LoggingConfiguration")["Properties"]
    redacted = {field["SingleHeader"]["Name"] for field in logging["RedactedFields"] if "SingleHeader" in field}
    assert redacted >= {"authorization", "cookie", "webhook-signature", "x-hub-signature-256", "stripe-signature"}
    assert {"QueryString": {}} in logging["RedactedFields"]
    assert logging["LoggingFilter"]["DefaultBehavior"] == "DROP"
    [destination] = logging["LogDestinationConfigs"]
    assert not flat(destination).endswith("*")
    group = only(rest, "AWS::Logs::LogGroup", "FrontFirewallLog")["Properties"]["LogGroupName"]
    assert json.dumps(group).startswith('{"Fn::Join": ["", ["aws-waf-logs-Relay-"')


def test_no_webhook_and_no_proof_of_one_is_in_what_waf_keeps(rest: Template) -> None:
    """Redaction is for what a rule looked at; a rule's details quote a body that looks like an attack."""
    protected = only(rest, "AWS::WAFv2::WebACL")["Properties"]["DataProtectionConfig"]["DataProtections"]
    assert all(protection["Action"] == "SUBSTITUTION" for protection in protected)
    assert not any(
        protection.keys() & {"ExcludeRuleMatchDetails", "ExcludeRateBasedDetails"} for protection in protected
    )
    fields = {protection["Field"]["FieldType"]: protection["Field"].get("FieldKeys") for protection in protected}
    logging = only(rest, "AWS::WAFv2::LoggingConfiguration")["Properties"]["RedactedFields"]
    headers = [field["SingleHeader"]["Name"] for field in logging if "SingleHeader" in field]
    # Neither of the last two takes keys: https://docs.aws.amazon.com/waf/latest/APIReference/API_FieldToProtect.html
    assert fields == {"SINGLE_HEADER": headers, "QUERY_STRING": None, "BODY": None}


@pytest.mark.parametrize(("header", "logged"), [("x_" + "a" * 62, 1), ("x_" + "a" * 63, 0)])
def test_a_header_that_waf_cannot_leave_out_of_its_log_leaves_no_log(header: str, logged: int) -> None:
    auth = f'auth = {{ scheme = "api-key", secret = "acme/a", token = "${{headers.\\"{header}\\"}}" }}'
    text = RELAY_TOML.replace('preset = "github"\nauth = { secret = "ssm:/acme/github" }', auth)
    assert text != RELAY_TOML
    template = synthesise(
        text.replace('aws.partner/acme.example/github" }', 'aws.partner/acme.example/g", detail_type = "a" }'),
        front="rest",
    )
    assert len(resources(template, "AWS::WAFv2::LoggingConfiguration")) == logged
    protected = only(template, "AWS::WAFv2::WebACL")["Properties"]["DataProtectionConfig"]["DataProtections"]
    keys = [key for protection in protected for key in protection["Field"].get("FieldKeys", [])]
    assert all(len(key) <= 64 for key in keys)


@pytest.mark.parametrize("name", sorted(presets.load()))
def test_every_header_that_a_preset_proves_itself_with_is_redacted(name: str) -> None:
    auth = presets.load()[name].get("auth", {})
    used = set(re.findall(r"headers\.\"?([a-z0-9_-]+)", json.dumps(auth)))
    text = Path(presets.PATH).read_text("utf-8")
    assert all(header in text for header in used)
    keys = {"public_key_id", "public_key", "jwks_url", "issuer", "audience", "email", "topics", "webhook_id"}
    if used and not keys & {*auth, *auth.get("requires", [])} and auth.get("scheme") in {"hmac", "api-key"}:
        public = 'public_url = "https://a.example"\n'
        route = f'[[route]]\nname = "a"\npath = "/a"\npreset = "{name}"\n'
        rest_of = 'auth = { secret = "a" }\nevent = { source = "aws.partner/acme.example/a", detail_type = "a" }\n'
        try:
            relay = load(HEAD + public + route + rest_of)
        except ConfigError:
            return  # asks for more than a secret
        assert {header.replace("_", "-") for header in used} <= authentication_headers(relay)
