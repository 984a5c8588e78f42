"""Five hundred routes fit into what AWS takes, with either front."""

import json
from typing import Any

import pytest
from aws_cdk.assertions import Annotations, Match, Template

from partner_event_relay import secrets
from relay import config
from relay.config.route import Route
from tests.infra.conftest import RELAY_TOML, flat, only, resources, stack_of, synthesise

MANY = RELAY_TOML.split("[[route]]")[0] + "".join(
    f"""[[route]]
name = "sender-{number:03}"
path = "/senders/sender-{number:03}"
preset = "github"
auth = {{ secret = "acme/senders/sender-{number:03}" }}
event = {{ source = "aws.partner/acme.example/sender-{number:03}" }}
"""
    for number in range(500)
)


@pytest.fixture(scope="module", params=["http", "rest"])
def many(request: pytest.FixtureRequest) -> Template:
    return synthesise(MANY, front=request.param)


def without_tokens(document: Any) -> str:
    """Return a policy as IAM stores it, in the Region with the longest name."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict) and ("Fn::Join" in value or "Ref" in value or "Fn::GetAtt" in value):
            text = flat(value)
            names = {"Partition": "aws-us-gov", "Region": "ap-southeast-1", "AccountId": "1" * 12}
            for name, stands_for in names.items():
                text = text.replace("${AWS::" + name + "}", stands_for)
            return text
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        return [plain(item) for item in value] if isinstance(value, list) else value

    return json.dumps(plain(document), separators=(",", ":"))


def test_the_template_is_within_cloudformations_limits(many: Template) -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    document = many.to_json()
    assert len(document["Resources"]) <= 500
    assert len(document["Outputs"]) <= 200
    assert len(json.dumps(document, separators=(",", ":"))) <= 1_000_000


def test_the_api_is_within_its_quotas(many: Template) -> None:
    routes = resources(many, "AWS::ApiGatewayV2::Route") or resources(many, "AWS::ApiGateway::Resource")
    assert len(routes) <= 300


def test_the_function_has_one_permission_for_the_api(many: Template) -> None:
    permissions = resources(many, "AWS::Lambda::Permission").values()
    granted = [
        permission["Properties"]
        for permission in permissions
        if permission["Properties"]["Principal"] == "apigateway.amazonaws.com"
    ]
    assert len(granted) == 1
    # $default has no path: API/STAGE/$default has two parts, any other has three.
    assert flat(granted[0]["SourceArn"]).endswith("}/*/*")


def test_every_policy_is_within_iams_quotas(many: Template) -> None:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    for policy in resources(many, "AWS::IAM::Policy").values():
        assert len(without_tokens(policy["Properties"]["PolicyDocument"])) <= 10_240
    managed = resources(many, "AWS::IAM::ManagedPolicy").values()
    assert len(managed) <= 10
    readable = "".join(without_tokens(policy["Properties"]["PolicyDocument"]) for policy in managed)
    assert all(len(without_tokens(policy["Properties"]["PolicyDocument"])) <= 6144 for policy in managed)
    assert all(f":secret:acme/senders/sender-{number:03}-??????" in readable for number in range(500))
    assert len(only(many, "AWS::IAM::Role", "IngestRole")["Properties"]["ManagedPolicyArns"]) == len(managed)


def test_the_dashboard_is_within_cloudwatchs_quotas(many: Template) -> None:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html: 500 metrics a graph
    body = json.loads(flat(only(many, "AWS::CloudWatch::Dashboard")["Properties"]["DashboardBody"]))
    assert all(len(widget["properties"].get("metrics", [])) <= 500 for widget in body["widgets"])
    assert "SEARCH(" in json.dumps(body)


def test_that_the_routes_share_a_throttle_is_said() -> None:
    stack = stack_of(MANY)
    Annotations.from_stack(stack).has_warning("*", Match.string_like_regexp(".*500 routes are too many.*"))


@pytest.mark.parametrize("front", ["http", "rest"])
def test_a_hundred_permissions_are_never_made(front: str) -> None:
    routes = 100 if front == "http" else 60
    text = "[[route]]".join(MANY.split("[[route]]")[: routes + 1])
    template = synthesise(text, front=front)
    assert len(resources(template, "AWS::Lambda::Permission")) == 2
    assert len([name for name in template.to_json()["Outputs"] if name.startswith("Url")]) == routes


@pytest.mark.parametrize("routes", [1, 20, 40, 60, 61])
@pytest.mark.parametrize("length", [10, 100, 300])
def test_a_policy_is_within_iams_quotas_however_long_the_names_are(routes: int, length: int) -> None:
    few = MANY.replace("acme/senders/", f"acme/{'x' * length}/")
    template = synthesise("[[route]]".join(few.split("[[route]]")[: routes + 1]))
    for kind, most in (("AWS::IAM::Policy", 10_240), ("AWS::IAM::ManagedPolicy", 6144)):
        for name, policy in resources(template, kind).items():
            assert len(without_tokens(policy["Properties"]["PolicyDocument"])) <= most, name


def routes_with(names: list[str]) -> tuple[Route, ...]:
    """Return routes with these secrets."""
    routes = "[[route]]".join(MANY.split("[[route]]")[: len(names) + 1])
    for number, name in enumerate(names):
        routes = routes.replace(f"acme/senders/sender-{number:03}", name)
    return config.parse(routes, "relay.toml").routes


def test_secrets_that_no_role_can_list_are_a_readable_mistake() -> None:
    names = [f"acme/{'x' * 150}/{number}" for number in range(500)]
    [problem] = secrets.problems(routes_with(names))
    assert problem.startswith("auth.secret: 500 secrets with these names are more than a role's policies can list")
    assert list(secrets.problems(routes_with(names[:50]))) == []
