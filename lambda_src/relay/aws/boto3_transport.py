"""The boto3 transport: for relay.toml's `transport = "boto3"`, and for what only the SDK knows (proxies, FIPS, …)."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from relay.aws import boto3_clients
from relay.aws.api import USER_AGENT, AwsError, CallOptions, Service, Use


def call(
    service: Service, region: str, operation: str, parameters: Mapping[str, Any], patience: CallOptions
) -> dict[str, Any]:
    """Return the answer of an operation. Raises AwsError."""
    try:
        answer: dict[str, Any] = getattr(client(service.name, region, patience), xform_name(operation))(**parameters)
    except ClientError as error:
        found, request_id = error.response["Error"], error.response.get("ResponseMetadata", {}).get("RequestId", "")
        raise AwsError(found["Code"], found["Message"], request_id) from error
    except Exception as error:  # boto3 raises more than its own errors for an answer that is none of AWS's
        raise AwsError(type(error).__name__, str(error)) from error
    return answer


def prepare(uses: Sequence[Use], *, snapshot: bool) -> None:  # noqa: ARG001 - the same for both
    """Make the clients, which takes ten times as long as a call. Raises AwsError."""
    try:
        for service, region, patience in uses:
            client(service.name, region, patience)
    except BotoCoreError as error:
        raise AwsError(type(error).__name__, str(error)) from error


@cache
def client(service: str, region: str, patience: CallOptions) -> Any:
    """Return the one client for each service and Region, with its connection. Raises NoCredentialsError."""
    config = Config(
        connect_timeout=patience.connect_seconds,
        read_timeout=patience.read_seconds,
        retries={"mode": "standard", "total_max_attempts": patience.attempts},
        user_agent_extra=USER_AGENT,
    )
    return boto3_clients.client(service, config, region)
