"""The lines of the delivery log: which are asked for, and in which order they come."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from relayctl import stack_log
from relayctl.delivery_log import Terms, read

SINCE = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Logs:
    """CloudWatch Logs: a page for each list of lines of a group; lines are (milliseconds after noon, text)."""

    def __init__(self, **groups: list[list[tuple[int, str]]]) -> None:
        self.groups = groups
        self.asked: list[dict[str, Any]] = []

    def filter_log_events(self, **options: Any) -> dict[str, Any]:
        """Return one page."""
        self.asked.append(options)
        pages, number = self.groups[options["logGroupName"]], int(options.get("nextToken", 0))
        start = int(SINCE.timestamp() * 1000)
        events = [{"timestamp": start + at, "message": text} for at, text in pages[number]]
        return {"events": events} | ({"nextToken": str(number + 1)} if number + 1 < len(pages) else {})


def entry(**values: Any) -> str:
    return json.dumps({"message": "entry", **values})


def test_lines_of_all_groups_come_by_their_time_over_all_pages() -> None:
    logs = Logs(a=[[(1, entry(n=1))], [], [(5, entry(n=5))]], b=[[(3, entry(n=3))]])
    found = list(read(logs, ["a", "b"], Terms({"message": "entry"}), SINCE, None))
    assert [line["n"] for line in found] == [1, 3, 5]
    assert found[0]["at"] == SINCE.replace(microsecond=1000)


def test_what_is_no_line_of_the_relay_is_passed_over() -> None:
    texts = ["START RequestId: 1", "[1]", '"x"', entry(n=1), json.dumps({"message": "relayed"})]
    logs = Logs(a=[[(number, text) for number, text in enumerate(texts)]])
    assert [line["n"] for line in read(logs, ["a"], Terms({"message": "entry"}), SINCE, None)] == [1]


def test_the_service_is_asked_for_the_window_and_the_terms() -> None:
    logs = Logs(a=[[]])
    list(
        read(
            logs, ["a"], Terms({"message": "entry", "customer": 'c"42'}, ("event_id", "webhook_id"), "x"), SINCE, SINCE
        )
    )
    [asked] = logs.asked
    assert asked["filterPattern"] == (
        '{ $.message = "entry" && $.customer = "c\\"42" && ($.event_id = "x" || $.webhook_id = "x") }'
    )
    assert asked["startTime"] == asked["endTime"] == int(SINCE.timestamp() * 1000)


@pytest.mark.parametrize(
    ("terms", "line", "expected"),
    [
        (Terms({"customer": "c42"}), {"customer": "c42"}, True),
        (Terms({"customer": "c4"}), {"customer": "c42"}, False),
        (Terms({"customer": "c42"}), {}, False),
        (Terms({"detail_type": "order.*"}), {"detail_type": "order.paid"}, True),
        (Terms({"detail_type": "order.*"}), {"detail_type": "bill"}, False),
        (Terms({}, ("a", "b"), "x"), {"b": "x"}, True),
        (Terms({}, ("a", "b"), "x"), {"c": "x"}, False),
    ],
)
def test_a_line_is_wanted_if_it_has_every_value(terms: Terms, line: dict[str, str], expected: bool) -> None:
    assert terms.matches(line) is expected


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ({"event_id": "id-1"}, "id-1"),
        ({"event_id": "id-1", "region": "eu-west-1"}, "id-1 in eu-west-1"),
        ({"error_code": "CircuitOpen"}, "CircuitOpen"),
    ],
)
def test_a_line_shows_its_event_and_where_it_failed_over_to_or_its_error(line: dict[str, str], shown: str) -> None:
    at = datetime(2026, 11, 26, tzinfo=UTC)
    assert stack_log.row({"message": "entry", "at": at, **line})["event or error"] == shown
