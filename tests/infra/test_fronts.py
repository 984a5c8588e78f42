"""What API Gateway and AWS WAF would refuse when the stack is deployed, or do to webhooks, and no linter knows."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from aws_cdk.assertions import Template

from partner_event_relay.front import limits
from partner_event_relay.stages import PROD, Stage
from relay.auth.canonical import CANONICAL
from relay.auth.signature import SignatureScheme
from relay.config.model import Limits
from relay.errors import NotFound, Rejected
from relay.http import routing
from relay.http.request import Request, parse_event
from relay.pipeline import responses
from relay.templates.template import compile_template
from tests.infra.conftest import RELAY_TOML, flat, only, resources, synthesise
from tests.infra.relays import HEAD, load, routes

REST = replace(PROD, front="rest")


def test_a_setting_is_for_one_method_of_a_path_or_for_everything(rest: Template) -> None:
    settings = only(rest, "AWS::ApiGateway::Stage")["Properties"]["MethodSettings"]
    for setting in settings:
        assert (setting["HttpMethod"] in {"*", "ANY"}) == (setting["ResourcePath"] == "/*")
    throttled = {
        (setting["ResourcePath"], setting["HttpMethod"]): setting["ThrottlingRateLimit"] for setting in settings
    }
    assert throttled == {
        ("/*", "*"): 838,
        ("/~1orders~1{customer}", "POST"): 419,
        ("/~1github", "POST"): 419,
        ("/~1stripe", "POST"): 419,
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
