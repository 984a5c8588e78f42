"""What a run names and configures: valid for the relay, and nobody else's."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from partner_event_relay import stages
from relay.config import stage_names
from relayctl.walk import FAILED, PASSED, Result
from tests.conftest import Load
from tools.first_hour import plan, receiver, report
from tools.first_hour import run as runs
from tools.first_hour.run import HTTP, RECEIVER, REST, Run

DEV = {key: value for key, value in asdict(stages.DEV).items() if key != "name"}


def run(*, local: bool = False) -> Run:
    return runs.new("123456789012", ["us-east-1", "eu-north-1"], "abc", "2026-11-25T10:00:00+00:00", local=local)


@pytest.mark.parametrize("front", [HTTP, REST])
@pytest.mark.parametrize("local", [True, False])
def test_the_stage_of_a_front_is_a_stage_that_nothing_outlives(front: str, *, local: bool) -> None:
    name = run().stage(front)
    stage = stages.choose(name, {name: runs.stage(DEV, front, local=local)})
    assert (stage.retain, stage.generate_secrets, stage.front) == (False, True, front)
    assert stage.canary == stage.snap_start == (front == HTTP and not local)
    assert stage.stack_name == run_stack(name)


def run_stack(name: str) -> str:
    return stage_names.stack_name(name)


def test_no_name_is_that_of_a_stage_of_the_repository_or_of_another_run() -> None:
    first, second = run(), run()
    names = {one.stack_name(part) for one in (first, second) for part in (HTTP, REST, RECEIVER)}
    assert len(names) == 6
    assert not names & {stage_names.stack_name(name) for name in ("dev", "prod")}


@pytest.mark.parametrize("secret", [runs.ORDERS, runs.UNREADABLE])
def test_the_relay_toml_of_a_run_is_one(load: Load, secret: str) -> None:
    made = load(runs.relay_toml(run(), "eu-north-1", orders_secret=secret))
    assert {route.bus for route in made.routes} == {"default"}
    assert made.regions == ("eu-north-1",)


def test_a_release_that_fails_keeps_the_permission_that_the_version_before_needs(load: Load) -> None:
    made = load(runs.relay_toml(run(), "us-east-1", orders_secret=runs.UNREADABLE))
    orders = next(route for route in made.routes if route.name == "orders")
    assert {ref.text for ref in orders.secrets()} == {runs.UNREADABLE}
    assert runs.ORDERS in {ref.text for route in made.routes for ref in route.secrets()}


def test_the_rule_takes_the_runs_own_events_and_no_others() -> None:
    one = run()
    resources = receiver.template(one)["Resources"]
    assert resources["Rule"]["Properties"]["EventPattern"] == {"source": [one.source]}
    assert one.id in one.source


def test_a_run_is_the_same_after_it_was_saved(tmp_path: Path) -> None:
    one = run()
    one.record(Result("us-east-1", "first", PASSED, "x", "y", "2026-11-25T10:00:00+00:00", 1.5))
    runs.save(one, tmp_path / "run.json")
    again = runs.load(tmp_path / "run.json")
    assert report.as_json(again) == report.as_json(one)


def test_the_report_has_each_step_with_what_was_expected_and_seen_and_no_whole_account() -> None:
    one = run()
    one.record(Result("us-east-1", "first", FAILED, "a 202", "a | b\nc", "2026-11-25T10:00:00+00:00", 1.5))
    text = report.as_markdown(one)
    assert "| first | **failed** | 2 | a 202 | a \\| b c |" in text
    assert "1 failed." in text
    for written in (text, report.as_json(one)):
        assert "123456789012" not in written
    assert json.loads(report.as_json(one))["results"][0]["expected"] == "a 202"


def test_what_is_told_before_names_the_account_the_stacks_and_the_cost() -> None:
    one = run()
    told = plan.text(one)
    for part in (one.account, *one.regions, *(one.stack_name(part) for part in (HTTP, REST, RECEIVER)), "$"):
        assert part in told
    assert "$" not in plan.text(run(local=True))
