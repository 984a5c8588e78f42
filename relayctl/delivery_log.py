"""The delivery log of a deployed relay: the lines `entry`, and those about whole webhooks, of its functions.

FilterLogEvents reads a log group from any time on, and costs nothing but its requests.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GROUPS = ("IngestLogGroup", "RedeliverLogGroup", "ReleaserLogGroup")
"""The stack's outputs that name the log groups."""

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Terms:
    """Which lines are wanted: those with all of `values`; `any_of` names keys of which one has to have `text`.

    A value that ends in `*` is the beginning of what the line has.
    """

    values: Mapping[str, str]
    any_of: Sequence[str] = ()
    text: str = ""

    def pattern(self) -> str:
        """Return the filter pattern of CloudWatch Logs, which has the same wildcard.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
        """
        conditions = [_condition(key, value) for key, value in self.values.items()]
        if self.any_of:
            conditions.append("(" + " || ".join(_condition(key, self.text) for key in self.any_of) + ")")
        return "{ " + " && ".join(conditions) + " }"

    def matches(self, line: Line) -> bool:
        """Return whether a line is wanted."""
        if not all(_is(line.get(key), value) for key, value in self.values.items()):
            return False
        return not self.any_of or any(_is(line.get(key), self.text) for key in self.any_of)


def read(client: Any, groups: Sequence[str], terms: Terms, since: datetime, until: datetime | None) -> Iterator[Line]:
    """Yield the lines of all log groups by their time, each with `at` (aware). Raise the SDK's errors."""
    streams = [_of_group(client, group, terms, since, until) for group in groups]
    yield from heapq.merge(*streams, key=lambda line: line["at"])


def _of_group(client: Any, group: str, terms: Terms, since: datetime, until: datetime | None) -> Iterator[Line]:
    window: dict[str, Any] = {"startTime": int(since.timestamp() * 1000)}
    if until:
        window["endTime"] = int(until.timestamp() * 1000)
    token: dict[str, str] = {}
    while True:
        page = client.filter_log_events(logGroupName=group, filterPattern=terms.pattern(), **window, **token)
        for event in page["events"]:
            line = _line(event)
            if line and terms.matches(line):
                yield line
        if not page.get("nextToken"):
            return
        token = {"nextToken": page["nextToken"]}


def _line(event: Mapping[str, Any]) -> Line | None:
    try:
        line = json.loads(event["message"])
    except ValueError:  # Lambda's own lines are text
        return None
    if not isinstance(line, dict):
        return None
    return line | {"at": datetime.fromtimestamp(event["timestamp"] / 1000, UTC)}


def _condition(key: str, value: str) -> str:
    return f"$.{key} = {json.dumps(value, ensure_ascii=False)}"


def _is(found: Any, wanted: str) -> bool:
    if wanted.endswith("*"):
        return isinstance(found, str) and found.startswith(wanted[:-1])
    return bool(found == wanted)
