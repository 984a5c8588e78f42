"""One account and Region: AWS, or the local AWS if AWS_ENDPOINT_URL is set. Knows which stacks are the run's own."""

import json
import os
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tools.first_hour import run as runs
from tools.first_hour.run import Run

ROOT = Path(__file__).parents[2]
# https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
BOOTSTRAP_VERSION = "/cdk-bootstrap/hnb659fds/version"


class NotOursError(Exception):
    """Somebody else has made a stack with a name of the run's."""


class MissingError(Exception):
    """A stack has not what it should have."""


@dataclass(frozen=True)
class Place:
    """Where steps work. `folder` has the run's files."""

    run: Run
    region: str
    folder: Path

    def client(self, service: str) -> Any:
        """Return a boto3 client of this Region, with the credentials of the environment."""
        return client(service, self.region)

    @property
    def partition(self) -> str:
        """Return how ARNs of this Region begin: `aws` in most."""
        return boto3.Session().get_partition_for_region(self.region)

    def stack(self, part: str) -> Mapping[str, Any] | None:
        """Return the run's own stack as CloudFormation describes it, or None. Raise NotOursError."""
        name = self.run.stack_name(part)
        try:
            [stack] = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])}
        if tags.get(runs.TAG) != self.run.id:
            raise NotOursError(f"{name} in {self.region} has no tag {runs.TAG} = {self.run.id}: it stays as it is")
        described: Mapping[str, Any] = stack
        return described

    def create_stack(self, part: str, template: Mapping[str, Any]) -> None:
        """Create the run's own stack, unless it is there. Raise NotOursError, and botocore's WaiterError."""
        if self.stack(part):
            return
        cloudformation, name = self.client("cloudformation"), self.run.stack_name(part)
        cloudformation.create_stack(
            StackName=name,
            TemplateBody=json.dumps(template),
            Tags=[{"Key": runs.TAG, "Value": self.run.id}],
            Capabilities=["CAPABILITY_IAM"],
        )
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 2})

    def outputs(self, part: str) -> dict[str, str]:
        """Return the outputs of the run's own stack by name, none if it is not there. Raise NotOursError."""
        stack = self.stack(part) or {}
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def resources(self, part: str, kind: str) -> Iterator[tuple[str, str]]:
        """Yield logical and physical id of each resource of a type that the run's own stack has."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        for page in pages.paginate(StackName=self.run.stack_name(part)):
            for one in page["StackResourceSummaries"]:
                physical = one.get("PhysicalResourceId", "")
                if one["ResourceType"] == kind and physical and one["ResourceStatus"] != "DELETE_COMPLETE":
                    yield one["LogicalResourceId"], physical

    def resource(self, part: str, kind: str, prefix: str) -> str:
        """Return the physical id of the resource of a type whose logical id begins so. Raise MissingError."""
        for logical, physical in self.resources(part, kind):
            if logical.startswith(prefix):
                return physical
        raise MissingError(f"{self.run.stack_name(part)} has no {kind} {prefix}…")

    def bootstrapped(self) -> str | None:
        """Return the version of the CDK's bootstrap stack, or None."""
        try:
            parameter = self.client("ssm").get_parameter(Name=BOOTSTRAP_VERSION)["Parameter"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ParameterNotFound":
                return None
            raise
        return str(parameter["Value"])


def client(service: str, region: str) -> Any:
    """Return a boto3 client with the credentials, and the endpoint, of the environment."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 5})
    return boto3.client(service, region_name=region, config=config)  # type: ignore[call-overload]  # any service


def ssl_context() -> ssl.SSLContext:
    """Return whom HTTPS trusts: the system's authorities, and those of AWS_CA_BUNDLE."""
    context = ssl.create_default_context()
    if bundle := os.environ.get("AWS_CA_BUNDLE"):
        context.load_verify_locations(bundle)
    return context
