"""What goes wrong on purpose, and how it is put right. `repair` takes either away, whenever it is called.

No permission (a Deny in the role) is final for the relay: the entries are dead-lettered. An outage has to be something
that may pass: both functions get an endpoint for EventBridge at which nobody listens, in versions of the drill's own.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from infra.function import LIVE
from tools.first_hour.place import Place

DENIED = "first-hour-denied"
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
ENDPOINT = "AWS_ENDPOINT_URL_EVENTBRIDGE"
NOBODY = "https://127.0.0.1:9"
FUNCTIONS = ("Ingest", "Redeliver")


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
    client = place.client("lambda")
    try:
        for name in FUNCTIONS:
            function = place.resource(front, "AWS::Lambda::Function", name)
            variables = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
            _configure(client, function, variables | {ENDPOINT: NOBODY})
            version = client.publish_version(FunctionName=function, Description="first hour: outage drill")["Version"]
            client.get_waiter("published_version_active").wait(FunctionName=function, Qualifier=version)
            client.update_alias(FunctionName=function, Name=LIVE, FunctionVersion=version)
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
    """Point the alias to the newest version without the drill's variable, and delete the versions with it."""
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    versions = [version for page in pages for version in page["Versions"]]
    latest = next(version for version in versions if version["Version"] == "$LATEST")
    published = [version for version in versions if version is not latest]
    broken = {version["Version"] for version in published if ENDPOINT in _variables(version)}
    healthy = [version["Version"] for version in published if version["Version"] not in broken]
    if client.get_alias(FunctionName=function, Name=LIVE)["FunctionVersion"] in broken:
        client.update_alias(FunctionName=function, Name=LIVE, FunctionVersion=max(healthy, key=int))
    variables = _variables(latest)
    if variables.pop(ENDPOINT, None):
        _configure(client, function, variables)
    for version in broken:
        client.delete_function(FunctionName=function, Qualifier=version)


def _variables(configuration: dict[str, Any]) -> dict[str, str]:
    return dict(configuration.get("Environment", {}).get("Variables", {}))


def _configure(client: Any, function: str, variables: dict[str, str]) -> None:
    client.update_function_configuration(FunctionName=function, Environment={"Variables": variables})
    client.get_waiter("function_updated_v2").wait(FunctionName=function)
