"""The AWS account that commands work in, and the relay's stack in it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from relayctl import output


@dataclass(frozen=True, slots=True)
class Account:
    """An AWS account and Region; what is None is looked up in the places where the AWS CLI looks."""

    profile: str | None
    region: str | None
    endpoint_url: str | None

    def client(self, service: str) -> Any:
        """Return a boto3 client of `service`. Raise the SDK's errors."""
        session = boto3.Session(profile_name=self.profile, region_name=self.region)
        retries: Any = {"mode": "standard", "total_max_attempts": 3}
        return session.client(
            service,  # type: ignore[call-overload] # any service
            endpoint_url=self.endpoint_url,
            config=Config(connect_timeout=5, read_timeout=30, retries=retries),
        )


@dataclass(frozen=True, slots=True)
class Stack:
    """The relay's CloudFormation stack in an account."""

    account: Account
    name: str

    def outputs(self) -> Mapping[str, str]:
        """Return the stack's outputs by name. Raise the SDK's errors."""
        [stack] = self.account.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        return {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}


@contextmanager
def report_errors() -> Iterator[None]:
    """Print an error of AWS or of its SDK as one line and exit with code 1."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        output.fail(str(error))
