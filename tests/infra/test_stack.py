"""What `cdk deploy` creates."""

import json
import re
from typing import Any

from aws_cdk.assertions import Match, Template

from tests.infra.conftest import RELAY_TOML, resources, synthesise

ENROLLING = 'preset = "asana"\nenrol = true\nauth = { secret = "acme/asana" }'


def only(template: Template, kind: str) -> dict[str, Any]:
    [resource] = resources(template, kind).values()
    return resource


def flat(value: Any) -> str:
    """An ARN of intrinsic functions as one text: `${AWS::Region}` for a pseudo-parameter, `<Id>` for a resource."""
    if isinstance(value, dict) and "Fn::Join" in value:
        return "".join(flat(part) for part in value["Fn::Join"][1])
    if isinstance(value, dict) and "Fn::GetAtt" in value:
        return "<" + re.sub(r"[0-9A-F]{8}$", "", value["Fn::GetAtt"][0]) + ">"
    return "${" + value["Ref"] + "}" if isinstance(value, dict) else str(value)


def test_the_role_allows_exactly_what_the_function_does(template: Template) -> None:
    statements = only(template, "AWS::IAM::Policy")["Properties"]["PolicyDocument"]["Statement"]
    allowed = {}
    for statement in statements:
        assert statement["Effect"] == "Allow"
        actions, arns = statement["Action"], statement["Resource"]
        for action in actions if isinstance(actions, list) else [actions]:
            allowed[action] = {flat(arn) for arn in (arns if isinstance(arns, list) else [arns])}
    here = "${AWS::Region}:${AWS::AccountId}"
    assert allowed == {
        "logs:CreateLogStream": {"<IngestLog>"},
        "logs:PutLogEvents": {"<IngestLog>"},
        "sqs:SendMessage": {"<DeadLettersQueue>"},
        "events:PutPartnerEvents": {"*"},
        "secretsmanager:GetSecretValue": {
            f"arn:${{AWS::Partition}}:secretsmanager:{here}:secret:acme/orders-??????",
            "arn:aws:secretsmanager:us-east-1:333333333333:secret:stripe-AbCdEf",
        },
        "ssm:GetParameter": {f"arn:${{AWS::Partition}}:ssm:{here}:parameter/acme/github"},
    }
    [put] = [statement for statement in statements if statement["Action"] == "events:PutPartnerEvents"]
    assert put["Condition"] == {"StringEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}}


def test_a_secret_may_be_written_only_while_enrolment_is_open(template: Template) -> None:
    def may_write(one: Template) -> list[str]:
        statements = only(one, "AWS::IAM::Policy")["Properties"]["PolicyDocument"]["Statement"]
        return [flat(s["Resource"]) for s in statements if s["Action"] == "secretsmanager:PutSecretValue"]

    enrolling = RELAY_TOML.replace('preset = "github"\nauth = { secret = "ssm:/acme/github" }', ENROLLING)
    assert enrolling != RELAY_TOML
    assert may_write(template) == []
    [arn] = may_write(synthesise(enrolling))
    assert arn.endswith(":secret:acme/asana-??????")


def test_no_managed_policy_and_no_other_role(template: Template) -> None:
    role = only(template, "AWS::IAM::Role")["Properties"]
    assert role.keys() == {"AssumeRolePolicyDocument"}
    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_the_dead_letter_queue_is_encrypted_kept_fourteen_days_and_outlives_the_stack(template: Template) -> None:
    queue = only(template, "AWS::SQS::Queue")
    assert queue["Properties"] == {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 14 * 24 * 3600}
    assert queue["DeletionPolicy"] == "Retain"


def test_the_dead_letter_queue_refuses_plain_http(template: Template) -> None:
    [statement] = only(template, "AWS::SQS::QueuePolicy")["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"], statement["Principal"]) == ("Deny", "sqs:*", {"AWS": "*"})
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_one_dead_letter_is_an_alarm(template: Template) -> None:
    alarm = only(template, "AWS::CloudWatch::Alarm")["Properties"]
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": [queue_id(template), "QueueName"]}}]
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (60, 1, "notBreaching")


def queue_id(template: Template) -> str:
    return next(iter(resources(template, "AWS::SQS::Queue")))


def test_the_function_runs_python_3_13_on_arm_for_less_than_the_gateway_waits(template: Template) -> None:
    function = only(template, "AWS::Lambda::Function")["Properties"]
    assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
    assert function["Handler"] == "relay.ingest.handler"
    assert function["Timeout"] < 30


def test_the_functions_environment_is_what_it_reads(template: Template) -> None:
    environment = only(template, "AWS::Lambda::Function")["Properties"]["Environment"]["Variables"]
    assert environment.keys() == {
        "DEAD_LETTER_QUEUE_URL",
        "POWERTOOLS_SERVICE_NAME",
        "POWERTOOLS_METRICS_NAMESPACE",
        "POWERTOOLS_LOG_LEVEL",
    }


def test_the_log_is_kept_for_a_month(template: Template) -> None:
    template.has_resource_properties("AWS::Logs::LogGroup", {"RetentionInDays": 30})


def test_the_api_has_a_route_for_each_path_and_one_for_the_rest(template: Template) -> None:
    routes = resources(template, "AWS::ApiGatewayV2::Route").values()
    keys = {route["Properties"]["RouteKey"] for route in routes}
    assert keys == {"ANY /orders/{customer}", "ANY /github", "ANY /stripe", "$default"}
    template.has_resource_properties("AWS::ApiGatewayV2::Integration", {"PayloadFormatVersion": "2.0"})


def test_the_stage_is_throttled(template: Template) -> None:
    template.has_resource_properties(
        "AWS::ApiGatewayV2::Stage",
        {"StageName": "$default", "DefaultRouteSettings": {"ThrottlingRateLimit": 500, "ThrottlingBurstLimit": 1000}},
    )


def test_each_routes_url_is_an_output(template: Template) -> None:
    outputs = template.find_outputs("*", {"Value": Match.any_value()})
    paths = {name: json.dumps(output["Value"]).rsplit('"', 2)[-2] for name, output in outputs.items() if "Url" in name}
    assert paths["UrlOrders"].endswith("/orders/{customer}")
    assert paths["UrlGitHub"].endswith("/github")
    assert "DeadLetterQueueUrl" in outputs
