"""Saved queries and rules in the local AWS's CloudFormation: what AWS would refuse is refused."""

import json
from typing import Any

import pytest

from relay_local.emulator.insights import check_query, check_rule, provisioners

GROUPS = {"ingest", "redeliver"}
QUERY = {"Name": "relay/failed", "QueryString": "fields @timestamp", "LogGroupNames": ["ingest"]}
BODY: dict[str, Any] = {
    "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
    "LogGroupNames": ["ingest", "redel*"],
    "LogFormat": "JSON",
    "Contribution": {"Keys": ["$.source"], "Filters": [{"Match": "$.message", "In": ["entry"]}]},
    "AggregateOn": "Count",
}


def rule(**changes: Any) -> dict[str, str]:
    return {"RuleName": "most", "RuleState": "ENABLED", "RuleBody": json.dumps(BODY | changes)}


def contribution(**changes: Any) -> dict[str, Any]:
    return {"Contribution": BODY["Contribution"] | changes}


def test_what_aws_takes_is_taken() -> None:
    check_query(QUERY, GROUPS)
    check_rule(rule(), GROUPS)


@pytest.mark.parametrize(
    "changes", [{"Name": ""}, {"Name": "a" * 256}, {"QueryString": ""}, {"LogGroupNames": ["another"]}]
)
def test_a_query_that_aws_would_refuse_fails(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"has 1 to|no log group"):
        check_query(QUERY | changes, GROUPS)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"Schema": {"Name": "CloudWatchLogRule", "Version": 2}}, "Schema"),
        ({"LogFormat": "Json"}, "LogFormat"),
        ({"AggregateOn": "count"}, "AggregateOn"),
        ({"LogGroupNames": ["another"]}, "no log group another"),
        (contribution(Keys=[]), "one to four Keys"),
        (contribution(Keys=["source"]), r"begins with \$\."),
        (contribution(Filters=[{"Match": "$.a", "In": ["b"]}] * 5), "four Filters"),
        (contribution(Filters=[{"Match": "$.a", "In": ["b"] * 11}]), "one to ten values"),
        (contribution(Filters=[{"Match": "$.a", "In": [1]}]), "are texts"),
        (contribution(Filters=[{"Match": "$.a", "Equals": "b"}]), "no operator Equals"),
    ],
)
def test_a_rule_that_aws_would_refuse_fails(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        check_rule(rule(**changes), GROUPS)


@pytest.mark.parametrize("changes", [{"RuleName": "ä"}, {"RuleState": "ON"}, {"RuleBody": json.dumps("a" * 8200)}])
def test_a_rule_of_a_wrong_name_state_or_size_fails(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="a rule's Rule"):
        check_rule(rule() | changes, GROUPS)


def test_a_resource_keeps_its_id_while_it_is_updated() -> None:
    handlers = provisioners(lambda: GROUPS)
    query, rules = handlers["AWS::Logs::QueryDefinition"], handlers["AWS::CloudWatch::InsightRule"]
    query_id, attributes = query["create"]("Id", QUERY, "Stack")
    assert attributes == {"QueryDefinitionId": query_id}
    assert query["update"](query_id, QUERY, QUERY, "Stack")[0] == query_id
    assert rules["create"]("Id", rule(), "Stack") == rules["update"]("most", rule(), rule(), "Stack") == ("most", {})
