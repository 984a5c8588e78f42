"""The front without an API: what its URL brings, and what it does not."""

import json
from dataclasses import replace

import pytest
from aws_cdk.assertions import Annotations, Match, Template

from partner_event_relay.front import limits
from partner_event_relay.stages import PROD
from tests.infra.conftest import RELAY_TOML, flat, only, resources, stack_of, synthesise
from tests.infra.relays import routes


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
