"""The saved queries and the rules over the delivery log: they read what its lines have, and count each entry once."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk.assertions import Template

from partner_event_relay.monitoring.insights import QUERIES
from relay import telemetry
from relay.delivery.undelivered import NotSent, Queue, Queued, Unsent
from relay.entry import Accepted, Entry, Failed
from relay.pipeline import entry_lines
from relay.pipeline.results import Relayed
from tests.conftest import NOW
from tests.infra.conftest import RELAY_TOML, flat, resources, synthesise

PAGE = (Path(__file__).parents[2] / "docs/reference/metrics-and-logs.md").read_text("utf-8")
WORDS = {"fields", "filter", "sort", "limit", "stats", "and", "or", "in", "by", "as", "asc", "desc"}
FUNCTIONS = {"max", "min", "count", "sum", "ispresent"}
DESTINATIONS = RELAY_TOML.replace("[[route]]", "[destinations]\n[[route]]", 1)
SOURCE = "aws.partner/acme.example/c42"


def rules(template: Template) -> dict[str, dict[str, Any]]:
    """Return the bodies of the rules, by the end of their names."""
    found = {}
    for rule in resources(template, "AWS::CloudWatch::InsightRule").values():
        properties = rule["Properties"]
        assert properties["RuleState"] == "ENABLED"
        found[properties["RuleName"].rpartition("-")[2]] = json.loads(flat(properties["RuleBody"]))
    return found


def queries(template: Template) -> dict[str, dict[str, Any]]:
    """Return the queries, by their names without the folder."""
    found = [query["Properties"] for query in resources(template, "AWS::Logs::QueryDefinition").values()]
    return {query["Name"].partition("/")[2]: query for query in found}


def functions(rule: dict[str, Any]) -> list[str]:
    """Return whose log groups a rule looks at."""
    return [re.sub(r"^\$\{(\w+)Log[0-9A-F]{8}\}$", r"\1", name) for name in rule["LogGroupNames"]]


def log(capsys: pytest.CaptureFixture[str], *results: Accepted | Queued | NotSent) -> list[str]:
    """Return what the ingest function logs of a webhook: the line of each entry, between other lines."""
    entries = [Entry(NOW, SOURCE, (), "order.created", "{}", "us-east-1") for _ in results]
    telemetry.record_entries(entry_lines.of_webhook(Relayed("orders", "msg_1", results, entries, 12)))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(results)
    return ["START RequestId: 1", *lines, '{"message": "relayed", "source": "x"}', '{"_aws": {}, "result": ["queued"]}']


def contributors(rule: dict[str, Any], lines: Iterable[str]) -> Counter[str]:
    """Evaluate a rule as AWS describes it: all filters match, and the key is there."""
    found: Counter[str] = Counter()
    [key] = rule["Contribution"]["Keys"]
    for text in lines:
        line = json.loads(text) if text.startswith("{") else {}
        matches = all(line.get(one["Match"].removeprefix("$.")) in one["In"] for one in rule["Contribution"]["Filters"])
        if matches and (value := line.get(key.removeprefix("$."))):
            found[value] += 1
    return found


ACCEPTED = Accepted("id-1")
QUEUED = Queued(Queue.RETRY, Failed("ThrottlingException", "slow down"))
DEAD = Queued(Queue.DEAD_LETTERS, Failed("NotAuthorizedForSourceException", "no"))
NOBODYS = NotSent(Unsent.UNSUBSCRIBED)


def test_the_sources_with_the_most_entries_are_counted_by_entry(
    template: Template, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = log(capsys, ACCEPTED, QUEUED, DEAD)
    assert contributors(rules(template)["MostEntries"], lines) == {SOURCE: 3}


def test_the_sources_with_the_most_failures_are_counted_by_what_has_an_error_code(
    template: Template, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = log(capsys, ACCEPTED, QUEUED, DEAD, NOBODYS)
    assert contributors(rules(template)["MostFailures"], lines) == {SOURCE: 2}
    assert sum('"error_code"' in line for line in lines) == 2


def test_an_entry_is_counted_once_and_a_failure_wherever_it_happens() -> None:
    found = rules(synthesise(DESTINATIONS))
    assert functions(found["MostEntries"]) == ["Ingest"]
    assert functions(found["MostFailures"]) == ["Ingest", "Redeliver", "DestinationsReleaser"]


def test_the_queries_look_at_every_function_that_writes_the_delivery_log(template: Template) -> None:
    assert {len(query["LogGroupNames"]) for query in queries(template).values()} == {2}
    assert {len(query["LogGroupNames"]) for query in queries(synthesise(DESTINATIONS)).values()} == {3}


def test_the_queries_are_in_a_folder_of_the_stack(template: Template) -> None:
    names = {query["Properties"]["Name"] for query in resources(template, "AWS::Logs::QueryDefinition").values()}
    assert names == {f"Relay/{query.name}" for query in QUERIES}


@pytest.mark.parametrize("query", QUERIES, ids=[query.id for query in QUERIES])
def test_a_query_reads_only_what_lines_have(query: Any) -> None:
    keys = set(re.findall(r"`(\w+)`", PAGE.partition("## Log lines")[2])) | {"@timestamp"}
    without_texts = re.sub(r'"[^"]*"', "", query.text)
    new = set(re.findall(r"\bas (\w+)", without_texts))
    read = set(re.findall(r"@?[a-z_]+", without_texts)) - WORDS - FUNCTIONS - new
    assert read & {"route", "source"}
    assert read - keys == set()


def test_without_the_delivery_log_there_is_nothing_to_ask() -> None:
    template = synthesise(RELAY_TOML.replace("[[route]]", "[log]\nentries = false\n[[route]]", 1))
    assert (queries(template), rules(template)) == ({}, {})
