"""Walks the steps in each Region, goes on after one that failed, and takes everything away at the end."""

from collections.abc import Callable, Sequence

import httpx
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from relayctl.walk import NOT_SHOWN, PASSED, Result, Step, take
from tools.first_hour import drills
from tools.first_hour.cdk import CdkError
from tools.first_hour.place import MissingError, NotOursError, Place
from tools.first_hour.run import HTTP, LOAD, RECEIVER, REST, SENDER

Say = Callable[[str], None]
RELAYS = (HTTP, REST, LOAD)
PARTS = (*RELAYS, RECEIVER, SENDER)
FAILURES = (MissingError, NotOursError, CdkError, ClientError, BotoCoreError, httpx.HTTPError)
DESTROY = "destroy"
GONE = "every stack of the run is deleted, and nothing is left but what is named"


def repair(place: Place) -> None:
    """Take away what an interrupted run has left broken on purpose. Raise NotOursError."""
    for front in RELAYS:
        if place.stack(front):
            drills.repair(place, front)


def walk(place: Place, steps: Sequence[Step[Place]], save: Callable[[], None], say: Say) -> None:
    """Take every step that has not passed yet; each result is saved at once."""
    for step in steps:
        known = place.run.result(place.region, step.name)
        if known and known.status in {PASSED, NOT_SHOWN}:
            say(f"{place.region} {step.name}: {known.status} before")
            continue
        say(f"{place.region} {step.name}: {step.expected}")
        result = _take(place, step)
        place.run.record(result)
        save()
        say(f"    {result.status} ({result.seconds:.0f} s): {result.seen}")


def _take(place: Place, step: Step[Place]) -> Result:
    return take(step, place, place.region, place.run.results, FAILURES, local=place.run.local)


def destroy(place: Place, save: Callable[[], None], say: Say) -> Result:
    """Delete the run's own stacks in this Region, each by its id, and record what is left."""
    say(f"{place.region} {DESTROY}: {GONE}")
    result = _take(place, Step(DESTROY, GONE, _delete))
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
    if part in RELAYS:
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
