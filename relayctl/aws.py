"""The AWS account the commands work in, and the stack in it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from relayctl.printing import end


@dataclass(frozen=True, slots=True)
class Account:
    """Whose credentials, where, and by which endpoint; each is as the AWS CLI would find it if it is not given."""

    profile: str | None
    region: str | None
    endpoint_url: str | None

    def client(self, service: str, region: str | None = None) -> Any:
        """A boto3 client."""
        session = boto3.Session(profile_name=self.profile, region_name=region or self.region)
        retries: Any = {"mode": "standard", "total_max_attempts": 3}
        return session.client(
            service,  # type: ignore[call-overload] # any service
            endpoint_url=self.endpoint_url,
            config=Config(connect_timeout=5, read_timeout=30, retries=retries),
        )

    def outputs(self, stack_name: str) -> Mapping[str, str]:
        """The stack's outputs by name. Raises the SDK's errors."""
        [stack] = self.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


@contextmanager
def errors() -> Iterator[None]:
    """What AWS refuses, or cannot be asked, is one readable line and exit code 1."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        end(str(error))
