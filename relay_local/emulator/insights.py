"""Saved queries and Contributor Insights rules in a stack, which the emulator's CloudFormation does not know.

They are checked as AWS's documentation says, and nothing evaluates them: a stack with one that AWS would refuse fails.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ContributorInsights-RuleSyntax.html
"""

import json
import re
import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any

Properties = Mapping[str, Any]
Resource = tuple[str, dict[str, Any]]
"""The physical id and the attributes of a resource."""

MAX_QUERY, MAX_RULE, MAX_NAME, MAX_FILTERS, MAX_VALUES, MAX_KEYS = 10_000, 8192, 255, 4, 10, 4
OPERATORS = {"In", "NotIn", "StartsWith", "GreaterThan", "LessThan", "EqualTo", "NotEqualTo", "IsPresent"}


def provisioners(log_groups: Callable[[], Collection[str]]) -> dict[str, dict[str, Callable[..., Any]]]:
    """Return the provisioners of both types, by name; `log_groups` returns the names of those that exist."""

    def create_query(_logical_id: str, properties: Properties, _stack_name: str) -> Resource:
        check_query(properties, log_groups())
        query_id = str(uuid.uuid4())
        return query_id, {"QueryDefinitionId": query_id}

    def update_query(physical_id: str, _old: Properties, properties: Properties, _stack_name: str) -> Resource:
        check_query(properties, log_groups())
        return physical_id, {"QueryDefinitionId": physical_id}

    def create_rule(_logical_id: str, properties: Properties, _stack_name: str) -> Resource:
        check_rule(properties, log_groups())
        return str(properties["RuleName"]), {}

    def update_rule(_physical_id: str, _old: Properties, properties: Properties, stack_name: str) -> Resource:
        return create_rule("", properties, stack_name)

    def delete(_physical_id: str, _properties: Properties) -> None:
        """Delete nothing: nothing is kept."""

    return {
        "AWS::Logs::QueryDefinition": {"create": create_query, "update": update_query, "delete": delete},
        "AWS::CloudWatch::InsightRule": {"create": create_rule, "update": update_rule, "delete": delete},
    }


def check_query(properties: Properties, log_groups: Collection[str]) -> None:
    """Raise ValueError for a query definition that AWS would refuse."""
    _require(1 <= len(properties["Name"]) <= MAX_NAME, "a query's Name has 1 to 255 characters")
    _require(1 <= len(properties["QueryString"]) <= MAX_QUERY, "a query's QueryString has 1 to 10,000 characters")
    _check_groups(properties.get("LogGroupNames", []), log_groups)


def check_rule(properties: Properties, log_groups: Collection[str]) -> None:
    """Raise ValueError for a rule that AWS would refuse."""
    name, text = properties["RuleName"], properties["RuleBody"]
    _require(re.fullmatch(r"[ -~]{1,128}", name) is not None, "a rule's RuleName has 1 to 128 characters of ASCII")
    _require(properties["RuleState"] in {"ENABLED", "DISABLED"}, "a rule's RuleState is ENABLED or DISABLED")
    _require(text.isascii() and len(text) <= MAX_RULE, "a rule's RuleBody has up to 8,192 characters of ASCII")
    body = json.loads(text)
    _require(body["Schema"] == {"Name": "CloudWatchLogRule", "Version": 1}, "the Schema is CloudWatchLogRule, 1")
    _require(body["LogFormat"] in {"JSON", "CLF"}, "the LogFormat is JSON or CLF")
    _require(body["AggregateOn"] in {"Count", "Sum"}, "AggregateOn is Count or Sum")
    _check_groups(body["LogGroupNames"], log_groups)
    contribution = body["Contribution"]
    _require(1 <= len(contribution["Keys"]) <= MAX_KEYS, "a rule has one to four Keys")
    filters = contribution.get("Filters", [])
    _require(len(filters) <= MAX_FILTERS, "a rule has up to four Filters")
    fields = [*contribution["Keys"], *(each["Match"] for each in filters)]
    _require(all(field.startswith("$.") for field in fields), "a field of JSON begins with $.")
    for each in filters:
        [operator] = each.keys() - {"Match"}
        _require(operator in OPERATORS, f"there is no operator {operator}")
        if operator in {"In", "NotIn", "StartsWith"}:
            values = each[operator]
            _require(isinstance(values, list) and 1 <= len(values) <= MAX_VALUES, f"{operator} has one to ten values")
            _require(all(isinstance(value, str) for value in values), f"the values of {operator} are texts")


def _check_groups(names: Collection[str], log_groups: Collection[str]) -> None:
    missing = sorted(name for name in names if not name.endswith("*") and name not in log_groups)
    _require(not missing, f"there is no log group {', '.join(missing)}")


def _require(holds: bool, expected: str) -> None:  # noqa: FBT001 - one condition, named by the sentence beside it
    if not holds:
        raise ValueError(expected)
