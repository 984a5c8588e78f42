"""Walks the steps in each Region, goes on after one that failed, and takes everything away at the end."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import httpx
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from tools.first_hour import drills
from tools.first_hour.cdk import CdkError
from tools.first_hour.place import MissingError, NotOursError, Place
from tools.first_hour.relay import UnexpectedError
from tools.first_hour.run import FAILED, HTTP, NOT_REACHED, NOT_SHOWN, PASSED, RECEIVER, REST, Result, Run
from tools.first_hour.steps import Step

Say = Callable[[str], None]
PARTS = (HTTP, REST, RECEIVER)
FAILURES = (UnexpectedError, MissingError, NotOursError, CdkError, ClientError, BotoCoreError, httpx.HTTPError)
DESTROY = "destroy"
GONE = "every stack of the run is deleted, and nothing is left but what is named"


def repair(place: Place) -> None:
    """Take away what an interrupted run has left broken on purpose. Raise NotOursError."""
    for front in (HTTP, REST):
        if place.stack(front):
            drills.repair(place, front)


def walk(place: Place, steps: Sequence[Step], save: Callable[[], None], say: Say) -> None:
    """Take every step that has not passed yet; each result is saved at once."""
    for step in steps:
        known = place.run.result(place.region, step.name)
        if known and known.status in {PASSED, NOT_SHOWN}:
            say(f"{place.region} {step.name}: {known.status} before")
            continue
        say(f"{place.region} {step.name}: {step.expected}")
        result = _taken(place, step)
        place.run.record(result)
        save()
        say(f"    {result.status} ({result.seconds:.0f} s): {result.seen}")


def _taken(place: Place, step: Step) -> Result:
    if place.run.local and step.only_on_aws:
        return _result(place, step, NOT_SHOWN, f"the local AWS cannot: {step.only_on_aws}", 0)
    missing = [name for name in step.needs if not _passed(place.run, place.region, name)]
    if missing:
        return _result(place, step, NOT_REACHED, f"needs {', '.join(missing)}", 0)
    begun = time.monotonic()
    try:
        status, seen = PASSED, step.look(place)
    except FAILURES as error:
        status, seen = FAILED, f"{type(error).__name__}: {error}"
    return _result(place, step, status, seen, time.monotonic() - begun)


def _passed(run: Run, region: str, step: str) -> bool:
    result = run.result(region, step)
    return result is not None and result.status == PASSED


def _result(place: Place, step: Step, status: str, seen: str, seconds: float) -> Result:
    now = datetime.now(UTC).timestamp() - seconds
    began = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    return Result(place.region, step.name, status, step.expected, seen, began, round(seconds, 1))


def destroy(place: Place, save: Callable[[], None], say: Say) -> Result:
    """Delete the run's own stacks in this Region, each by its id, and record what is left."""
    say(f"{place.region} {DESTROY}: {GONE}")
    result = _taken(place, Step(DESTROY, GONE, _delete))
    place.run.record(result)
    save()
    say(f"    {result.status} ({result.seconds:.0f} s): {result.seen}")
    return result


def _delete(place: Place) -> str:
    cloudformation, deleted, left = place.client("cloudformation"), [], list[str]()
    for part in PARTS:
        stack = place.stack(part)
        if stack is None:
            continue
        try:
            _delete_stack(place, part, stack["StackId"])
        except WaiterError:  # source health may have left a file in the bucket since; nothing writes to it any more
            _delete_stack(place, part, stack["StackId"])
        deleted.append(part)
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack["StackId"])
        resources = [one for page in pages for one in page["StackResourceSummaries"]]
        left += [one["PhysicalResourceId"] for one in resources if one["ResourceStatus"] == "DELETE_SKIPPED"]
    return f"deleted: {', '.join(deleted) or 'nothing was there'}; left: {', '.join(left) or 'nothing'}"


def _delete_stack(place: Place, part: str, stack_id: str) -> None:
    """Delete it by its id, so that it is the stack whose tag was read, and wait."""
    if part != RECEIVER:
        _prepare(place, part)
    cloudformation = place.client("cloudformation")
    cloudformation.delete_stack(StackName=stack_id)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack_id, WaiterConfig={"Delay": 5})


def _prepare(place: Place, part: str) -> None:
    """Take away what CloudFormation would stop at: a policy of a drill's, and objects in the bucket."""
    drills.repair(place, part)
    s3 = place.client("s3")
    for _, bucket in place.resources(part, "AWS::S3::Bucket"):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            if keys := [{"Key": one["Key"]} for one in page.get("Contents", [])]:
                s3.delete_objects(Bucket=bucket, Delete={"Objects": keys})
