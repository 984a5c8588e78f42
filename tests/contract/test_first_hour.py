"""Whose a stack is: the first hour deletes and changes its own, and leaves every other as it is."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from relay_local.process import PARTNER, LocalAws
from relayctl.walk import FAILED, PASSED
from tests.local_bus import REGION
from tools.first_hour import cdk, walk
from tools.first_hour import run as runs
from tools.first_hour.place import NotOursError, Place
from tools.first_hour.run import HTTP, RECEIVER

TEMPLATE = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})


@pytest.fixture
def place(bus: LocalAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Place:
    for name, value in bus.environment(PARTNER, REGION).items():
        monkeypatch.setenv(name, value)
    run = runs.new(PARTNER, [REGION], "abc", "2026-11-25T10:00:00+00:00", local=True)
    return Place(run, REGION, tmp_path)


def create(place: Place, part: str, tags: dict[str, str]) -> None:
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    place.client("cloudformation").create_stack(
        StackName=place.run.stack_name(part), TemplateBody=TEMPLATE, Tags=listed
    )


def status(place: Place, part: str) -> str:
    stacks = place.client("cloudformation").describe_stacks(StackName=place.run.stack_name(part))["Stacks"]
    return str(stacks[0]["StackStatus"])


@pytest.mark.parametrize("tags", [{}, {runs.TAG: "another"}])
def test_a_stack_of_that_name_without_the_runs_tag_is_neither_deployed_to_nor_deleted(
    place: Place, tags: dict[str, str]
) -> None:
    create(place, HTTP, tags)
    with pytest.raises(NotOursError):
        cdk.start_deployment(place, HTTP, "")
    result = walk.destroy(place, lambda: None, lambda _: None)
    assert (result.status, "has no tag" in result.seen) == (FAILED, True)
    assert status(place, HTTP) == "CREATE_COMPLETE"


def test_the_runs_own_stack_is_deleted(place: Place) -> None:
    create(place, RECEIVER, {runs.TAG: place.run.id})
    assert walk.destroy(place, lambda: None, lambda _: None).status == PASSED
    with pytest.raises(ClientError, match="does not exist"):
        status(place, RECEIVER)


def test_where_nothing_was_made_there_is_nothing_to_delete(place: Place) -> None:
    result = walk.destroy(place, lambda: None, lambda _: None)
    assert (result.status, result.seen) == (PASSED, "deleted: nothing was there; left: nothing")
