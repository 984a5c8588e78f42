"""The filter patterns of CloudWatch Logs that the stack uses, on lines of a log."""

import re
from collections.abc import Iterable
from typing import Any


def counted(pattern: str, value: str, lines: Iterable[dict[str, Any]]) -> list[float]:
    """Return what CloudWatch Logs reads of lines: a filter pattern of comparisons, parentheses, && and ||.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
    """
    compare = r'\$\.(\w+) (=|>=|>) ("[^"]*"|[0-9]+)'
    program = re.sub(compare, lambda match: f"compare({match[1]!r}, {match[2]!r}, {match[3]})", pattern.strip("{} "))
    program = program.replace("&&", "and").replace("||", "or")
    found = []
    for line in lines:

        def compare_key(key: str, operator: str, than: str | int, line: dict[str, Any] = line) -> bool:
            have = line.get(key)
            if type(have) is not type(than):
                return False
            return bool(have == than if operator == "=" else have > than or (operator == ">=" and have == than))

        if eval(program, {"compare": compare_key}):
            found.append(float(line[value[2:]] if value.startswith("$.") else value))
    return found
