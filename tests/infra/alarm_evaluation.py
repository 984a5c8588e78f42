"""CloudWatch's evaluation of an alarm, for alarms of a template and series of a test.

Every period gives one datapoint or none; the alarm looks at the last EvaluationPeriods of them, and is in ALARM if
DatapointsToAlarm of them breach. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.infra.conftest import flat

Sample = tuple[float, float]  # seconds since the beginning, value
Metric = tuple[str, frozenset[tuple[str, str]]]  # name, dimensions
Series = Mapping[Metric, Sequence[Sample]]

_COMPARE: dict[str, Callable[[float, float], bool]] = {"GreaterThanOrEqualToThreshold": operator.ge}
_OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def metric(name: str, **dimensions: str) -> Metric:
    """Return the key of a metric in a series."""
    return name, frozenset(dimensions.items())


def in_alarm(alarm: Mapping[str, Any], series: Series, now: float) -> bool:
    """Return whether the alarm is in ALARM at `now`, a whole number of its periods since the beginning."""
    period, length = _period(alarm), alarm["EvaluationPeriods"]
    assert now % period == 0
    assert alarm["TreatMissingData"] == "notBreaching"
    ends = [now - period * index for index in range(length)]
    points = [_point(alarm, series, end - period, end) for end in ends]
    breaches = _COMPARE[alarm["ComparisonOperator"]]
    count = sum(point is not None and breaches(point, alarm["Threshold"]) for point in points)
    return count >= int(alarm.get("DatapointsToAlarm", length))


def _period(alarm: Mapping[str, Any]) -> int:
    if "Period" in alarm:
        return int(alarm["Period"])
    [period] = {query["MetricStat"]["Period"] for query in alarm["Metrics"] if "MetricStat" in query}
    return int(period)


def _point(alarm: Mapping[str, Any], series: Series, start: float, end: float) -> float | None:
    if "Metrics" not in alarm:
        statistic = alarm.get("Statistic") or alarm["ExtendedStatistic"]
        return _statistic(statistic, _values(alarm["MetricName"], alarm["Dimensions"], series, start, end))
    values = {}
    for query in alarm["Metrics"]:
        if stat := query.get("MetricStat"):
            values_of_query = _values(stat["Metric"]["MetricName"], stat["Metric"]["Dimensions"], series, start, end)
            values[query["Id"]] = _statistic(stat["Stat"], values_of_query)
    [expression] = [query["Expression"] for query in alarm["Metrics"] if "Expression" in query]
    return _calculated(ast.parse(expression, mode="eval").body, values)


def _values(
    name: str, dimensions: Sequence[Mapping[str, Any]], series: Series, start: float, end: float
) -> list[float]:
    key = metric(name, **{dimension["Name"]: flat(dimension["Value"]) for dimension in dimensions})
    return [value for when, value in series.get(key, []) if start <= when < end]


def _statistic(name: str, values: Sequence[float]) -> float | None:
    if not values:
        return None
    if name.startswith("p"):
        return sorted(values)[math.ceil(len(values) * float(name[1:]) / 100) - 1]
    return max(values) if name == "Maximum" else {"Sum": math.fsum}[name](values)


def _calculated(node: ast.expr, values: Mapping[str, float | None]) -> float | None:
    """Return the result of the expression, or None if an operand is missing."""
    match node:
        case ast.Constant():
            return float(node.value)  # type: ignore[arg-type]  # numbers are all there is
        case ast.Name():
            return values[node.id]
        case ast.BinOp():
            left, right = _calculated(node.left, values), _calculated(node.right, values)
            return None if left is None or right is None else _OPERATORS[type(node.op)](left, right)
    raise AssertionError(ast.dump(node))
