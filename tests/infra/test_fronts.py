"""What API Gateway and AWS WAF would refuse when the stack is deployed, or do to webhooks, and no linter knows."""

import json
import re
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from aws_cdk.assertions import Annotations, Match, Template

from infra.front import limits
from infra.front.firewall import COUNTED_RULES, authentication_headers
from infra.stages import PROD, Stage
from relay import config
from relay.auth.canonical import CANONICAL
from relay.auth.signature import SignatureScheme
from relay.config import presets
from relay.config.model import Config, Limits
from relay.errors import ConfigError, NotFound, Rejected
from relay.http import routing
from relay.http.request import Request, parse_event
from relay.pipeline import responses
from relay.templates.template import compile_template
from tests.infra.conftest import RELAY_TOML, flat, only, resources, stack_of, synthesise

REST = replace(PROD, front="rest")
ONE = """
[[route]]
name = "{name}"
path = "{path}"
preset = "github"
auth = {{ secret = "acme/{name}" }}
event = {{ source = "aws.partner/acme.example/{name}" }}
"""
HEAD = 'partner = "aws.partner/acme.example"\nregions = ["us-east-1"]\n'


def load(text: str) -> Config:
    return config.parse(text, "relay.toml")


def routes(*paths: str) -> Config:
    return load(HEAD + "".join(ONE.format(name=f"r{number}", path=path) for number, path in enumerate(paths)))


@pytest.fixture(scope="module")
def rest() -> Template:
    return synthesise(RELAY_TOML, front="rest")


def test_a_setting_is_for_one_method_of_a_path_or_for_everything(rest: Template) -> None:
    settings = only(rest, "AWS::ApiGateway::Stage")["Properties"]["MethodSettings"]
    for setting in settings:
        assert (setting["HttpMethod"] in {"*", "ANY"}) == (setting["ResourcePath"] == "/*")
    throttled = {
        (setting["ResourcePath"], setting["HttpMethod"]): setting["ThrottlingRateLimit"] for setting in settings
    }
    assert throttled == {
        ("/*", "*"): 500,
        ("/~1orders~1{customer}", "POST"): 250,
        ("/~1github", "POST"): 250,
        ("/~1stripe", "POST"): 250,
    }


def test_every_setting_is_for_a_method_that_exists(rest: Template) -> None:
    methods = [method["Properties"]["HttpMethod"] for method in resources(rest, "AWS::ApiGateway::Method").values()]
    # Each route has its own and one for the methods that the function refuses; so have the root and everything else.
    assert sorted(methods) == ["ANY"] * 5 + ["POST"] * 3


def test_access_logs_need_a_role_of_the_account_that_outlives_the_stack(rest: Template) -> None:
    assert "AccessLogSetting" in only(rest, "AWS::ApiGateway::Stage")["Properties"]
    account = only(rest, "AWS::ApiGateway::Account")
    assert account["DeletionPolicy"] == "Retain"
    role = only(rest, "AWS::IAM::Role", "FrontApiCloudWatchRole")
    assert role["DeletionPolicy"] == "Retain"
    assert only(rest, "AWS::ApiGateway::Stage")["DependsOn"] == list(resources(rest, "AWS::ApiGateway::Account"))


def test_an_account_that_has_the_role_keeps_it() -> None:
    template = synthesise(RELAY_TOML, front="rest", cloudwatch_role=False)
    assert not resources(template, "AWS::ApiGateway::Account")


def test_the_http_api_needs_no_role_of_the_account(template: Template) -> None:
    assert not resources(template, "AWS::ApiGateway::Account")
    group = only(template, "AWS::Logs::LogGroup", "FrontAccessLog")["Properties"]["LogGroupName"]
    assert json.dumps(group).find("/aws/vendedlogs/") > 0


def test_the_metrics_are_those_of_this_api_and_stage(rest: Template) -> None:
    name = only(rest, "AWS::ApiGateway::RestApi")["Properties"]["Name"]
    for alarm in ("ServerErrors", "Slow"):
        properties = only(rest, "AWS::CloudWatch::Alarm", f"Monitoring{alarm}")["Properties"]
        dimensions = {dimension["Name"]: dimension["Value"] for dimension in properties["Dimensions"]}
        assert dimensions.keys() == {"ApiName", "Stage"}
        assert dimensions["ApiName"] == name == "Relay"


@pytest.mark.parametrize("kind", ["http", "rest"])
def test_an_access_log_goes_where_the_service_will_say_that_it_goes(kind: str) -> None:
    template = synthesise(RELAY_TOML, front=kind)
    stage = only(template, {"http": "AWS::ApiGatewayV2::Stage", "rest": "AWS::ApiGateway::Stage"}[kind])["Properties"]
    destination = (stage.get("AccessLogSettings") or stage["AccessLogSetting"])["DestinationArn"]
    assert "log-group:" in flat(destination)  # and so no `Fn::GetAtt`, whose ARN ends with `:*`
    assert not flat(destination).endswith("*")


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        (("/t/{queue}", "/t/{team}/urgent"), "expected the parameter {queue}, which another route has"),
        (("/{a}", "/{b}/c"), "expected the parameter {a}"),
        (("/a~b",), 'expected no "~"'),
    ],
)
def test_a_path_that_a_rest_api_refuses_is_refused_before_it_is_deployed(paths: tuple[str, ...], says: str) -> None:
    assert [problem for problem in limits.problems(routes(*paths), REST) if says in problem]
    assert list(limits.problems(routes(*paths), PROD)) == []


@pytest.mark.parametrize("path", ["/ping", "/sping"])
@pytest.mark.parametrize("stage", [PROD, REST])
def test_a_path_that_is_reserved_for_api_gateway_is_refused(path: str, stage: Stage) -> None:
    [problem] = limits.problems(routes("/a", path), stage)
    assert problem == f'route "r1": path: "{path}" is reserved for the health check of API Gateway; expected another'
    assert list(limits.problems(routes("/a/ping", "/pings", "/{ping}"), stage)) == []


def test_what_no_resource_has_is_answered_as_the_function_answers_it(rest: Template) -> None:
    """A path between two resources (`/orders` of `/orders/{customer}`) is 403 without it, about a missing token."""
    answer = only(rest, "AWS::ApiGateway::GatewayResponse")["Properties"]
    assert (answer["ResponseType"], answer["StatusCode"]) == ("MISSING_AUTHENTICATION_TOKEN", "404")
    [text] = answer["ResponseTemplates"].values()
    function = json.loads(responses.problem(NotFound(routing.NO_ROUTE), "$context.requestId")["body"])
    assert json.loads(text) == function


def test_parameters_of_one_name_or_of_different_parents_are_fine() -> None:
    assert list(limits.problems(routes("/t/{team}", "/t/{team}/urgent", "/u/{user}", "/t/all"), REST)) == []


SIGNED_URL = (
    HEAD
    + 'public_url = "https://hooks.acme.example"\n[[route]]\nname = "a"\npath = "/a"\n'
    + (
        'preset = "{preset}"\nauth = {{ secret = "acme/a" }}\n'
        'event = {{ source = "aws.partner/acme.example/a", detail_type = "a" }}\n'
    )
)


@pytest.mark.parametrize("preset", ["twilio", "mandrill", "contentful"])
def test_a_sender_that_signs_its_url_is_refused_where_the_query_is_not_as_it_was_sent(preset: str) -> None:
    relay = load(SIGNED_URL.format(preset=preset))
    [problem] = limits.problems(relay, REST)
    assert re.match(r'route "a": its sender signs the URL with its query', problem)
    assert list(limits.problems(relay, PROD)) == []


QUERIES = ["a=x%20y", "a=x+y", "flag", "b=2&a=1&b=1", "a=%7Eb", "a=/b"]


@pytest.mark.parametrize("name", sorted(CANONICAL))
def test_what_is_not_refused_is_signed_alike_whatever_a_rest_api_does_to_the_query(name: str) -> None:
    """The list of what needs the query as it was sent leaves nothing out."""

    def signed(query: str) -> bytes:
        request = Request("POST", "/a", query, {"content-type": "application/x-www-form-urlencoded"}, b"", "")
        try:
            return CANONICAL[name](request, f"https://hooks.acme.example/a?{query}")
        except Rejected:
            return b""

    def rebuilt(query: str) -> str:
        values: dict[str, list[str]] = {}
        for key, value in Request("POST", "", query, {}, b"", "").parameters.items():
            values[key] = value.split(",")
        event: dict[str, Any] = {
            "httpMethod": "POST",
            "path": "/a",
            "headers": {},
            "multiValueQueryStringParameters": values,
        }
        return parse_event(event, 10).query

    content = compile_template(f"${{canonical.{name}}}", ["canonical"])
    scheme = SignatureScheme(None, compile_template("${headers.s}", ["headers"]), content)
    if not scheme.signs_query_as_sent:
        assert [query for query in QUERIES if signed(query) != signed(rebuilt(query))] == []


def test_a_body_that_no_rest_api_can_hand_over_is_no_limit() -> None:
    relay = replace(routes("/a"), limits=Limits(body=4_500_001))
    assert list(limits.problems(relay, REST)) == [
        'limits.body: expected at most "4500 kB" with front "rest", got "4500001 B"'
    ]
    assert 4_500_000 * 4 / 3 < 6 * 1024 * 1024 - 128 * 1024


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


@pytest.mark.parametrize(("changes", "limit"), [({}, 75_000), ({"requests_per_address": 900}, 900)])
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


@pytest.mark.parametrize(("header", "logged"), [("x-" + "a" * 62, 1), ("x-" + "a" * 63, 0)])
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


@pytest.fixture(scope="module")
def function_url() -> Template:
    return synthesise(RELAY_TOML, front="url", reserved_concurrency=100)


def test_anybody_may_call_the_live_version_by_its_url_and_by_nothing_else(function_url: Template) -> None:
    url = only(function_url, "AWS::Lambda::Url")["Properties"]
    assert (url["AuthType"], url["Qualifier"]) == ("NONE", "live")
    assert flat(url["TargetFunctionArn"]) == "<IngestFunction>"
    permissions = [each["Properties"] for each in resources(function_url, "AWS::Lambda::Permission").values()]
    # Both are needed: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    public = {each["Action"]: each for each in permissions if each["Principal"] == "*"}
    assert public.keys() == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}
    assert public["lambda:InvokeFunctionUrl"]["FunctionUrlAuthType"] == "NONE"
    assert public["lambda:InvokeFunction"]["InvokedViaFunctionUrl"] is True
    assert all("IngestLive" in each["FunctionName"]["Ref"] for each in public.values())


def test_a_function_url_brings_no_api_no_access_log_and_no_firewall(function_url: Template) -> None:
    kinds = {resource["Type"] for resource in function_url.to_json()["Resources"].values()}
    assert not {kind for kind in kinds if kind.startswith(("AWS::ApiGateway", "AWS::WAF"))}
    outputs = function_url.to_json()["Outputs"]
    assert {"ApiUrl", "UrlStripe"} <= outputs.keys()
    assert not {"ApiId", "ApiStage", "DomainTarget"} & outputs.keys()
    assert json.dumps(outputs["UrlStripe"]["Value"]).endswith('"/stripe"]]}')


def test_the_alarms_of_a_function_url_watch_what_lambda_tells_of_it(function_url: Template) -> None:
    errors = only(function_url, "AWS::CloudWatch::Alarm", "MonitoringServerErrors")["Properties"]
    assert (errors["Namespace"], errors["MetricName"]) == ("AWS/Lambda", "Url5xxCount")
    [dimension] = errors["Dimensions"]
    assert (dimension["Name"], flat(dimension["Value"])[:16]) == ("FunctionName", "${IngestFunction")
    slow = only(function_url, "AWS::CloudWatch::Alarm", "MonitoringSlow")["Properties"]
    assert (slow["MetricName"], slow["ExtendedStatistic"]) == ("Duration", "p99")


@pytest.mark.parametrize(("reserved", "warned"), [(0, 1), (100, 0)])
def test_a_function_url_that_nothing_throttles_is_warned_of(reserved: int, warned: int) -> None:
    stack = stack_of(RELAY_TOML, "dev", front="url", reserved_concurrency=reserved)
    found = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp(".*nothing throttles.*"))
    assert len(found) == warned


def test_the_paths_that_api_gateway_reserves_are_free_at_a_function_url() -> None:
    assert list(limits.problems(routes("/ping", "/a~b"), replace(PROD, front="url"))) == []
