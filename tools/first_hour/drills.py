"""What goes wrong on purpose, and how it is put right. `repair` takes either away, whenever it is called.

No permission (a Deny in the role) is final for the relay: the entries are dead-lettered. An outage has to be something
that may pass: both functions get an endpoint for EventBridge at which nobody listens, in versions of the drill's own.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from partner_event_relay.functions.function import LIVE_ALIAS
from tools.first_hour.place import Place

DENIED = "first-hour-denied"
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
ENDPOINT = "AWS_ENDPOINT_URL_EVENTBRIDGE"
BROKEN = {ENDPOINT: "https://127.0.0.1:9"}
FUNCTIONS = ("Ingest", "Redeliver")
DRILL = "first hour: outage drill; live was "


@contextmanager
def denied(place: Place, front: str, actions: Sequence[str], resource: str = "*") -> Iterator[None]:
    """Take permissions from the ingest function."""
    statement = {"Effect": "Deny", "Action": list(actions), "Resource": resource}
    try:
        place.client("iam").put_role_policy(
            RoleName=place.resource(front, "AWS::IAM::Role", "IngestRole"),
            PolicyName=DENIED,
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )
        yield
    finally:
        repair(place, front)


@contextmanager
def outage(place: Place, front: str) -> Iterator[None]:
    """Let both functions find nobody where EventBridge should be."""
    repair(place, front)
    client = place.client("lambda")
    try:
        for name in FUNCTIONS:
            function = place.resource(front, "AWS::Lambda::Function", name)
            live = client.get_alias(FunctionName=function, Name=LIVE_ALIAS)["FunctionVersion"]
            _configure(client, function, _variables(client.get_function_configuration(FunctionName=function)) | BROKEN)
            version = client.publish_version(FunctionName=function, Description=f"{DRILL}{live}")["Version"]
            client.get_waiter("published_version_active").wait(FunctionName=function, Qualifier=version)
            client.update_alias(FunctionName=function, Name=LIVE_ALIAS, FunctionVersion=version)
        yield
    finally:
        repair(place, front)


def repair(place: Place, front: str) -> None:
    """Undo the drills, also those of a run that was interrupted; what is healthy stays as it is."""
    for logical, role in place.resources(front, "AWS::IAM::Role"):
        if logical.startswith("IngestRole"):
            _allow(place.client("iam"), role)
    for logical, function in place.resources(front, "AWS::Lambda::Function"):
        if logical.startswith(FUNCTIONS):
            _repair_function(place.client("lambda"), function)


def _allow(iam: Any, role: str) -> None:
    try:
        iam.delete_role_policy(RoleName=role, PolicyName=DENIED)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchEntity":
            raise


def _repair_function(client: Any, function: str) -> None:
    """Point the alias to the version that was live before the drill, and delete the drill's versions."""
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    versions = {one["Version"]: one for page in pages for one in page["Versions"]}
    drills = {name: one for name, one in versions.items() if one.get("Description", "").startswith(DRILL)}
    live = client.get_alias(FunctionName=function, Name=LIVE_ALIAS)["FunctionVersion"]
    if live in drills:
        before = drills[live]["Description"].removeprefix(DRILL)
        client.update_alias(FunctionName=function, Name=LIVE_ALIAS, FunctionVersion=before)
    variables = _variables(versions["$LATEST"])
    if variables.pop(ENDPOINT, None):
        _configure(client, function, variables)
    for version in drills:
        client.delete_function(FunctionName=function, Qualifier=version)


def _variables(configuration: dict[str, Any]) -> dict[str, str]:
    return dict(configuration.get("Environment", {}).get("Variables", {}))


def _configure(client: Any, function: str, variables: dict[str, str]) -> None:
    client.update_function_configuration(FunctionName=function, Environment={"Variables": variables})
    client.get_waiter("function_updated_v2").wait(FunctionName=function)
