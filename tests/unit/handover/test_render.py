"""What a customer is handed: names within limits, policies that fit the rules, nothing for what cannot be a source."""

import fnmatch
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2
import pytest
from awscli.customizations.cloudformation.yamlhelper import yaml_parse

from relay.handover.plan import make_plan
from relay.handover.render import Form, render
from tests.unit.destinations.destinations import destination

SCHEMA = Path(__file__).with_name("terraform_schema.json")
"""The arguments of version 6.25.0 of the provider hashicorp/aws, as cdktf-cdktf-provider-aws 21.22.1 lists them."""
LONG = destination(
    name="n" * 32,
    source="aws.partner/" + "d" * 60 + ".example/" + "c" * 64 + "/prod-k3x9qa",
    detail_types=tuple(f"{'t' * 120}.{number}" for number in range(100)),
)


def template(found: Any = None) -> Any:
    return yaml_parse(render(found or destination(), Form.CLOUDFORMATION))


def of_type(resources: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [one["Properties"] for one in resources.values() if one["Type"] == kind]


def test_the_bus_has_the_name_of_its_source() -> None:
    document = template()
    [bus] = of_type(document["Resources"], "AWS::Events::EventBus")
    assert bus["Name"] == bus["EventSourceName"] == {"Ref": "Source"}
    assert document["Parameters"]["Source"]["AllowedValues"] == ["aws.partner/acme.example/c42/prod-k3x9qa"]


def test_an_arn_of_a_log_group_is_the_same_in_the_template_and_in_the_script() -> None:
    plan = make_plan(destination())
    script = render(destination(), Form.CLI)
    [log] = of_type(template()["Resources"], "AWS::Logs::DeliveryDestination")
    wanted = plan.arn("logs", f"log-group:{plan.bus_log}")
    assert f'{{"destinationResourceArn": "{wanted}"}}' in script
    values = {"Partition": "aws", "Region": plan.region, "AccountId": plan.account}
    made = log["DestinationResourceArn"]["Fn::Sub"].replace("${BusLog}", plan.bus_log)
    for name, value in values.items():
        made = made.replace(f"${{AWS::{name}}}", value)
    assert made == wanted


def test_what_two_patterns_match_arrives_once() -> None:
    plan = make_plan(destination(detail_types=("order.created", "order.*", "order.paid.*", "Ping", "Ping")))
    assert [rule.pattern for rule in plan.rules] == [{"detail-type": [{"prefix": "order."}]}, {"detail-type": ["Ping"]}]


def test_every_detail_type_is_one_rule_for_the_whole_source() -> None:
    plan = make_plan(destination(detail_types=("order.created", "*")))
    assert [rule.pattern for rule in plan.rules] == [{"source": ["aws.partner/acme.example/c42/prod-k3x9qa"]}]


def test_the_alarm_of_a_rule_has_both_dimensions_that_a_rule_on_a_partner_bus_has() -> None:
    resources = template()["Resources"]
    names = [rule["Name"] for rule in of_type(resources, "AWS::Events::Rule") if rule["Name"] != "everything-to-log"]
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    dimensions = [{one["Name"]: one["Value"] for one in alarm["Dimensions"]} for alarm in alarms]
    assert dimensions == [{"EventBusName": {"Ref": "Bus"}, "RuleName": name} for name in names]


def test_the_policies_of_the_script_let_in_each_rule_of_this_bus_and_no_other() -> None:
    plan = make_plan(destination())
    script = render(destination(), Form.CLI)
    [allowed] = {text.strip("\\") for text in script.split('"') if ":rule/" in text}
    ours = plan.arn("events", f"rule/{plan.source}/{plan.rules[0].name}")
    assert fnmatch.fnmatchcase(ours, allowed)
    assert not fnmatch.fnmatchcase(ours.replace("c42", "c43"), allowed)


def test_the_longest_names_stay_within_the_limits_of_aws() -> None:
    plan = make_plan(LONG)
    assert plan.stem == "partner-dddddddddddddddddd-nnnnnnnnnnnnnn-k3x9qa"
    assert len(plan.stem) <= 48  # an archive
    assert max(len(rule.name) for rule in plan.rules) <= 64
    assert max(len(json.dumps(rule.pattern)) for rule in plan.rules) <= 2048
    assert max(len(rule.description) for rule in plan.rules) <= 512


@pytest.mark.parametrize("number", [20, 21, 100])
def test_however_many_detail_types_there_are_each_is_in_one_rule_and_the_template_is_deployed_from_a_file(
    number: int,
) -> None:
    wanted = tuple(f"{'😀' * 5}{each:03}*" for each in range(number))  # as much as a destination may have
    rules = make_plan(destination(detail_types=wanted)).rules
    assert [each for rule in rules for each in rule.pattern["detail-type"]] == [
        {"prefix": each[:-1]} for each in wanted
    ]
    assert len(rules) <= 20
    assert len(render(destination(detail_types=wanted), Form.CLOUDFORMATION).encode()) < 51_200


@pytest.mark.parametrize("found", [destination(), LONG], ids=["short", "long"])
def test_cfn_lint_finds_nothing_in_the_template(found: Any, tmp_path: Path) -> None:
    path = tmp_path / "customer.yaml"
    path.write_text(render(found, Form.CLOUDFORMATION))
    program = str(Path(sys.executable).with_name("cfn-lint"))
    command = [program, "--regions", "us-east-1", "eu-west-1", "--", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize(
    "wrong", [{"source": "aws.partner/acme"}, {"source": 'x"'}, {"aws_account_id": "1"}, {"aws_region": "us east"}]
)
def test_a_destination_without_a_possible_source_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="c42/prod has no partner event source"):
        render(destination(**wrong), Form.CLI)


def test_the_console_steps_lead_into_the_region_of_the_source() -> None:
    steps = render(destination(aws_region="eu-west-1"), Form.CONSOLE)
    links = [line.partition("<")[2].partition(">")[0] for line in steps.splitlines() if "<https" in line]
    events = "https://eu-west-1.console.aws.amazon.com/events/home?region=eu-west-1#"
    assert links == [
        f"{events}/partners",
        f"{events}/rules",
        f"{events}/archives",
        "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:",
        f"{events}/partners",
    ]


def arguments(kind: str, block: dict[str, Any]) -> Iterator[tuple[str, set[str]]]:
    """Yield the arguments of a resource and of each block within it, by the names that the schema has for them."""
    names = {name for name in block if name not in {"for_each", "depends_on"} and not name.startswith("__")}
    yield kind, names
    for name in names:
        if isinstance(block[name], list):
            yield from arguments(f"{kind}.{name}", block[name][0])


def test_terraforms_provider_knows_each_argument_and_needs_no_other() -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    resources = hcl2.loads(render(destination(), Form.TERRAFORM))["resource"]
    used = [
        found
        for resource in resources
        for kind, named in resource.items()
        for block in named.values()
        for found in arguments(kind.strip('"'), block)
    ]
    assert len(used) == 19
    for kind, names in used:
        assert names >= {*schema[kind]["required"]}, kind
        assert names <= {*schema[kind]["required"], *schema[kind]["optional"]}, kind
