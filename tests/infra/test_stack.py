"""What `cdk deploy` creates around the functions and the queues: the front, the secrets and the alarms."""

import json
import re

from aws_cdk.assertions import Match, Template

from tests.infra.conftest import RELAY_TOML, ROOT, allowed, flat, only, resources, synthesise
from tools.cost.model import MEASURED

SECRET = "AWS::SecretsManager::Secret"


def test_one_dead_letter_is_an_alarm(template: Template) -> None:
    alarm = only(template, "AWS::CloudWatch::Alarm", "MonitoringDeadLetters")["Properties"]
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert [flat(dimension["Value"]) for dimension in alarm["Dimensions"]] == ["<QueuesDeadLetters>"]
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (60, 1, "notBreaching")


def test_every_alarm_tells_the_topic_and_has_its_page_in_the_runbook(template: Template) -> None:
    runbook = (ROOT / "docs" / "how-to" / "operations.md").read_text("utf-8")
    alarms = resources(template, "AWS::CloudWatch::Alarm").values()
    assert len(alarms) == 20
    for alarm in alarms:
        described = alarm["Properties"]["AlarmDescription"]
        name = described.removesuffix(".").rpartition(", ")[2]
        assert f"docs/how-to/operations.md, {name}." in described
        assert f"\n### {name}\n" in runbook
        assert "MonitoringAlarms" in json.dumps(alarm["Properties"]["AlarmActions"])
        assert alarm["Properties"]["TreatMissingData"] == "notBreaching"


def test_the_topic_is_for_cloudwatch_of_this_account_and_tls(template: Template) -> None:
    statements = only(template, "AWS::SNS::TopicPolicy")["Properties"]["PolicyDocument"]["Statement"]
    by_effect = {statement["Effect"]: statement for statement in statements}
    assert by_effect["Allow"]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert by_effect["Allow"]["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert by_effect["Deny"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_stage_with_a_domain_has_no_other_way_in(template: Template) -> None:
    named = synthesise(
        RELAY_TOML,
        domain="hooks.acme.example",
        certificate_arn="arn:aws:acm:us-east-1:111111111111:certificate/1",
        truststore="s3://acme-truststore/senders.pem",
    )
    assert only(named, "AWS::ApiGatewayV2::Api")["Properties"]["DisableExecuteApiEndpoint"] is True
    domain = only(named, "AWS::ApiGatewayV2::DomainName")["Properties"]
    assert domain["DomainName"] == "hooks.acme.example"
    assert domain["MutualTlsAuthentication"] == {"TruststoreUri": "s3://acme-truststore/senders.pem"}
    [configuration] = domain["DomainNameConfigurations"]
    assert configuration["SecurityPolicy"] == "TLS_1_2"
    assert only(named, "AWS::ApiGatewayV2::ApiMapping")["Properties"]["Stage"] == "$default"
    assert named.find_outputs("UrlGitHub")["UrlGitHub"]["Value"] == "https://hooks.acme.example/github"
    assert "DomainTarget" in named.find_outputs("*")
    assert not only(template, "AWS::ApiGatewayV2::Api")["Properties"].get("DisableExecuteApiEndpoint")


def test_a_rest_api_takes_bytes_and_stands_behind_a_firewall(template: Template) -> None:
    rest = synthesise(RELAY_TOML, front="rest")
    assert only(rest, "AWS::ApiGateway::RestApi")["Properties"]["BinaryMediaTypes"] == ["*/*"]
    stage = only(rest, "AWS::ApiGateway::Stage")["Properties"]
    assert not re.search("header|query|body", stage["AccessLogSetting"]["Format"], re.IGNORECASE)
    assert all(setting["MetricsEnabled"] for setting in stage["MethodSettings"])
    rules = only(rest, "AWS::WAFv2::WebACL")["Properties"]["Rules"]
    assert [rule["Name"] for rule in rules] == [
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesAmazonIpReputationList",
        "RateOfAnAddress",
    ]
    assert all(rule["VisibilityConfig"]["SampledRequestsEnabled"] is False for rule in rules)
    association = only(rest, "AWS::WAFv2::WebACLAssociation")["Properties"]
    assert "FrontApi" in json.dumps(association["ResourceArn"])
    assert not resources(rest, "AWS::ApiGatewayV2::Api")
    assert not resources(template, "AWS::WAFv2::WebACL")
    alarms = resources(rest, "AWS::CloudWatch::Alarm").values()
    assert {"5XXError", "IntegrationLatency"} <= {alarm["Properties"].get("MetricName") for alarm in alarms}


def test_a_stage_may_make_the_secrets_and_encrypt_them_with_a_key_of_its_own(template: Template) -> None:
    key = "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    generated = synthesise(RELAY_TOML, generate_secrets=True, kms_key_arn=key)
    # Not the one of another account, and not the one in Parameter Store.
    secret = only(generated, "AWS::SecretsManager::Secret")
    assert secret["Properties"]["Name"] == "acme/orders"
    assert secret["Properties"]["KmsKeyId"] == key
    assert secret["Properties"]["GenerateSecretString"] == {"ExcludePunctuation": True, "PasswordLength": 32}
    assert secret["DeletionPolicy"] == "Retain"
    assert allowed(generated, "Ingest")["kms:Decrypt"] == {key}
    assert not resources(template, "AWS::SecretsManager::Secret")


def test_an_address_of_the_stage_gets_the_alarms(template: Template) -> None:
    subscribed = synthesise(RELAY_TOML, alarm_email="oncall@acme.example")
    subscription = only(subscribed, "AWS::SNS::Subscription")["Properties"]
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "oncall@acme.example")
    assert not resources(template, "AWS::SNS::Subscription")


def test_secrets_whose_names_look_alike_are_each_made() -> None:
    names = ["acme/git-hub", "acme-git/hub", "acme/git/hub", "acme-git-hub", "acme//git%hub".replace("%", "_")]
    routes = "".join(
        f"""[[route]]
name = "r{number}x"
path = "/r{number}"
preset = "github"
auth = {{ secret = "{name}" }}
event = {{ source = "aws.partner/acme.example/r{number}" }}
"""
        for number, name in enumerate(names)
    )
    generated = resources(synthesise(RELAY_TOML.split("[[route]]")[0] + routes, generate_secrets=True), SECRET).values()
    assert sorted(secret["Properties"]["Name"] for secret in generated) == sorted(names)


def test_the_api_has_a_route_for_each_path_and_one_for_the_rest(template: Template) -> None:
    routes = resources(template, "AWS::ApiGatewayV2::Route").values()
    keys = {route["Properties"]["RouteKey"] for route in routes}
    assert keys == {"ANY /orders/{customer}", "ANY /github", "ANY /stripe", "$default"}
    template.has_resource_properties("AWS::ApiGatewayV2::Integration", {"PayloadFormatVersion": "2.0"})


def test_the_stage_is_throttled_to_what_the_usual_quotas_carry(template: Template) -> None:
    template.has_resource_properties(
        "AWS::ApiGatewayV2::Stage",
        {
            "StageName": "$default",
            "DefaultRouteSettings": {
                "ThrottlingRateLimit": 838,
                "ThrottlingBurstLimit": 995,
                "DetailedMetricsEnabled": True,
            },
        },
    )
    stage = only(template, "AWS::ApiGatewayV2::Stage")["Properties"]
    assert stage["RouteSettings"].keys() == {"ANY /orders/{customer}", "ANY /github", "ANY /stripe"}
    of_routes = [
        (setting["ThrottlingRateLimit"], setting["ThrottlingBurstLimit"]) for setting in stage["RouteSettings"].values()
    ]
    assert of_routes == [(419, 497)] * 3


def test_the_access_log_is_json_without_anything_that_may_be_secret(template: Template) -> None:
    settings = only(template, "AWS::ApiGatewayV2::Stage")["Properties"]["AccessLogSettings"]
    line = json.loads(settings["Format"])
    assert line["request_id"] == "$context.requestId"
    assert not re.search("header|query|path", settings["Format"], re.IGNORECASE)


def test_each_routes_url_is_an_output(template: Template) -> None:
    outputs = template.find_outputs("*", {"Value": Match.any_value()})
    paths = {name: json.dumps(output["Value"]).rsplit('"', 2)[-2] for name, output in outputs.items() if "Url" in name}
    assert paths["UrlOrders"].endswith("/orders/{customer}")
    assert paths["UrlGitHub"].endswith("/github")
    assert {"RetryQueueUrl", "RetryQueueArn", "DeadLetterQueueUrl", "DeadLetterQueueArn"} <= outputs.keys()


def test_the_cost_model_counts_the_alarms_rules_and_pollers_that_there_are(template: Template) -> None:
    alarms = [alarm["Properties"] for alarm in resources(template, "AWS::CloudWatch::Alarm").values()]
    metrics = [sum("MetricStat" in metric for metric in alarm.get("Metrics", [{"MetricStat": {}}])) for alarm in alarms]
    assert sum(metrics) == MEASURED["stack"]["alarm_metrics"]
    assert len(resources(template, "AWS::CloudWatch::InsightRule")) == MEASURED["stack"]["insight_rules"]
    acl = only(synthesise(RELAY_TOML, front="rest"), "AWS::WAFv2::WebACL")
    assert len(acl["Properties"]["Rules"]) == MEASURED["stack"]["waf_rules"]
