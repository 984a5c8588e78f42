"""The AWS account that commands work in, and the relay's stack in it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 # the SDK's, which is no OSError
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from relay.config import stage_names
from relayctl import output
from relayctl.control import ControlApiError

NO_REGION = (
    "No AWS Region is set: use --region, AWS_REGION or a profile; relay.toml lists the Regions of the relay. "
    "`make run` prints what to export for the local AWS."
)
NO_CREDENTIALS = (
    "No AWS credentials were found: use --profile or AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. "
    "`make run` prints those of the local AWS."
)
# What to do, by the code of AWS's answer.
EXPIRED = "sign in again: the credentials have expired"
UNKNOWN = "AWS does not know these credentials: see --profile and --endpoint-url"
FORBIDDEN = "docs/how-to/permissions.md has the policy that allows it"
NEXT_STEPS = {
    "AccessDenied": FORBIDDEN,
    "AccessDeniedException": FORBIDDEN,
    "UnauthorizedOperation": FORBIDDEN,
    "ExpiredToken": EXPIRED,
    "ExpiredTokenException": EXPIRED,
    "RequestExpired": EXPIRED,
    "InvalidClientTokenId": UNKNOWN,
    "SignatureDoesNotMatch": UNKNOWN,
    "UnrecognizedClientException": UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Account:
    """An AWS account and Region; what is None is looked up in the places where the AWS CLI looks."""

    profile: str | None
    region: str | None
    endpoint_url: str | None

    def session(self) -> boto3.Session:
        """Return a session with the account's credentials and Region. Raise the SDK's errors."""
        session = boto3.Session(profile_name=self.profile, region_name=self.region)
        if not session.region_name:
            raise NoRegionError  # STS would answer from its global endpoint
        return session

    def assume(self, role_arn: str) -> boto3.Session:
        """Return a session with the credentials of a role. Raise the SDK's errors."""
        role = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="relayctl")["Credentials"]
        return boto3.Session(
            aws_access_key_id=role["AccessKeyId"],
            aws_secret_access_key=role["SecretAccessKey"],
            aws_session_token=role["SessionToken"],
            region_name=self.session().region_name,
        )

    def client(self, service: str) -> Any:
        """Return a boto3 client of `service`. Raise the SDK's errors."""
        retries: Any = {"mode": "standard", "total_max_attempts": 3}
        return self.session().client(
            service,  # type: ignore[call-overload] # any service
            endpoint_url=self.endpoint_url,
            config=Config(connect_timeout=5, read_timeout=30, retries=retries),
        )

    def in_region(self, region: str) -> "Account":
        """Return the same account in another Region."""
        return replace(self, region=region)

    def use_for_functions(self) -> None:
        """Let the adapters of the relay's functions work in this account. Raise the SDK's errors."""
        session = self.session()
        boto3.setup_default_session(profile_name=self.profile, region_name=session.region_name)
        os.environ["AWS_REGION"] = session.region_name
        if self.endpoint_url:
            os.environ["AWS_ENDPOINT_URL"] = self.endpoint_url

    def describe(self) -> str:
        """Return `Region us-east-1 of account 111111111111`, as AWS knows them. Raise the SDK's errors."""
        client = self.client("sts")
        return f"Region {client.meta.region_name} of account {client.get_caller_identity()['Account']}"


@dataclass(frozen=True, slots=True)
class Stack:
    """The relay's CloudFormation stack in an account."""

    account: Account
    name: str

    def outputs(self) -> Mapping[str, str]:
        """Return the stack's outputs by name. Exit with code 1 if there is no such stack. Raise the SDK's errors."""
        try:
            [stack] = self.account.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            where, there = self.account.describe(), self._of_another_stage()
            hint = f"{there} is there: use --stage {stage_names.stage_of(there)}" if there else "see --stage"
            output.fail(f'No stack is named "{self.name}" in {where}: {hint}, --stack-name, --region, --profile.')
        return outputs_of(stack)

    def _of_another_stage(self) -> str | None:
        """Return the name of the stack of `dev` or `prod` that is there instead of this one."""
        client = self.account.client("cloudformation")
        for stage in (stage_names.PRODUCTION, "dev"):
            with suppress(ClientError):
                client.describe_stacks(StackName=stage_names.stack_name(stage))
                return stage_names.stack_name(stage)
        return None


def outputs_of(stack: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the outputs of a stack that DescribeStacks has answered, by name."""
    return {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}


ERRORS = (ClientError, BotoCoreError, ControlApiError)
"""What the calls of AWS and of the control API raise; `explain` has a line for each."""


@contextmanager
def report_errors() -> Iterator[None]:
    """Print an error of AWS or of its SDK as one line, with what to do about it, and exit with code 1."""
    try:
        yield
    except ERRORS as error:
        output.fail(explain(error))


def explain(error: Exception) -> str:
    """Return an error of AWS or of its SDK as one line, with what to do where that is known."""
    match error:
        case NoRegionError():
            return NO_REGION
        case NoCredentialsError():
            return NO_CREDENTIALS
        case ProfileNotFound():
            return f"{error}: `aws configure list-profiles` lists those that there are."
        case ConnectionError() | HTTPClientError():
            return f"{error}: see --region, --endpoint-url and AWS_ENDPOINT_URL; is there a way to AWS from here?"
        case ClientError() if step := NEXT_STEPS.get(error.response["Error"]["Code"]):
            return f"{error}: {step}."
    return str(error)
