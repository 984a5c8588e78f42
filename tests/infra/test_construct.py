"""The construct in somebody's own CDK app, as docs/how-to/install.md shows it. Nothing is bundled here."""

import json
import re
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Match, Template

from partner_event_relay import PartnerEventRelay, RelayError
from relay.telemetry import Metric
from tests.infra.conftest import CONTEXT, RELAY_TOML

PAGE = Path(__file__).parents[2] / "docs/how-to/install.md"
WITHOUT_BUNDLING = CONTEXT | {"aws:cdk:bundling-stacks": [], "target": "local"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a relay.toml."""
    (tmp_path / "relay.toml").write_text(RELAY_TOML)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def relay_of(stack: cdk.Stack, **options: Any) -> PartnerEventRelay:
    return PartnerEventRelay(stack, "Relay", **options)


def new_stack(**context: Any) -> cdk.Stack:
    return cdk.Stack(cdk.App(context=WITHOUT_BUNDLING | context), "Webhooks")


def test_the_pages_example_grants_subscribes_and_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDK_CONTEXT_JSON", json.dumps(WITHOUT_BUNDLING))
    [example] = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)
    template = Template.from_stack(names["stack"])
    template.has_resource_properties("AWS::SNS::Subscription", {"Endpoint": "oncall@acme.example"})
    template.has_resource_properties(
        "AWS::CloudWatch::Alarm",
        {"MetricName": "EntriesDeadLettered", "Dimensions": [{"Name": "service", "Value": "Webhooks"}], "Threshold": 1},
    )
    [policy] = template.find_resources(
        "AWS::IAM::Policy", {"Properties": {"Roles": [{"Ref": Match.string_like_regexp("^Backend")}]}}
    ).values()
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
    assert "sqs:StartMessageMoveTask" in statement["Action"]
    assert len(statement["Resource"]) == 2


def test_the_page_lists_what_the_construct_has_and_each_metric_is_one_that_the_relay_writes() -> None:
    relay = relay_of(new_stack())
    table = PAGE.read_text("utf-8").split("| `stage` |")[1].split("\n\n")[0]
    listed = {
        name for cell in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)", cell)
    }
    assert listed == {name for name in vars(PartnerEventRelay) if not name.startswith("_")}
    metrics = [getattr(relay, name)().metric_name for name in listed if name.startswith("metric_")]
    assert sorted(set(metrics)) == sorted(metrics)
    assert set(metrics) <= set(Metric)
    resources = [relay.ingest_function.function_arn, relay.overflow_bucket.bucket_arn, relay.alarm_topic.topic_arn]
    assert all(cdk.Token.is_unresolved(arn) for arn in resources)
    assert relay.archive_bucket is None


def test_the_outputs_have_the_names_that_relayctl_looks_for_whatever_the_construct_is_called() -> None:
    stack = new_stack()
    relay_of(stack)
    outputs = Template.from_stack(stack).find_outputs("*")
    assert {"ApiUrl", "UrlOrders", "RetryQueueUrl", "DeadLetterQueueUrl", "RelayTomlUrl", "Partner"} <= outputs.keys()


def test_the_backend_may_call_the_control_api_and_nothing_else_of_it(folder: Path) -> None:
    (folder / "relay.toml").write_text(RELAY_TOML.replace("[[route]]", "[destinations]\n[[route]]", 1))
    stack = new_stack()
    relay = relay_of(stack)
    relay.grant_control(iam.User(stack, "Backend"))
    [policy] = (
        Template.from_stack(stack)
        .find_resources("AWS::IAM::Policy", {"Properties": {"Users": [{"Ref": Match.string_like_regexp("^Backend")}]}})
        .values()
    )
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == "execute-api:Invoke"
    assert json.dumps(statement["Resource"]).endswith('"/*/*/v1/*"]]}')
    assert relay.control_url


def test_without_destinations_there_is_no_control_api_to_grant() -> None:
    stack = new_stack()
    relay = relay_of(stack)
    assert (relay.control_url, relay.archive_bucket) == (None, None)
    with pytest.raises(ValueError, match="no \\[destinations\\]"):
        relay.grant_control(iam.User(stack, "Backend"))


def test_the_stage_is_the_one_that_is_named_else_that_of_the_context_else_prod() -> None:
    assert relay_of(new_stack(stage="dev"), stage="prod").stage.name == "prod"
    assert relay_of(new_stack(stage="dev")).stage.name == "dev"
    assert relay_of(new_stack()).stage.name == "prod"


def test_every_mistake_of_relay_toml_is_in_one_error(folder: Path) -> None:
    (folder / "relay.toml").write_text(RELAY_TOML.replace("path =", "paht =", 1).replace("preset =", "pre =", 1))
    with pytest.raises(RelayError) as raised:
        relay_of(new_stack())
    lines = str(raised.value).splitlines()
    assert len(lines) >= 2
    assert all(line.startswith("relay.toml:") for line in lines)
