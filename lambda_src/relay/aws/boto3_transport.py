"""The boto3 transport: for `transport = "boto3"` in relay.toml, and for what only boto3 supports (proxies, FIPS, …)."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from relay import process_cache
from relay.aws.api import AwsError, CallOptions, PlannedCall, Service
from relay.aws.boto3_clients import botocore_config, create_client


def call(
    service: Service, region: str, operation: str, parameters: Mapping[str, Any], options: CallOptions
) -> dict[str, Any]:
    """Return the answer of an operation. Raise AwsError."""
    try:
        answer: dict[str, Any] = getattr(client(service.name, region, options), xform_name(operation))(**parameters)
    except ClientError as error:
        details, request_id = error.response["Error"], error.response.get("ResponseMetadata", {}).get("RequestId", "")
        raise AwsError(details["Code"], details["Message"], request_id) from error
    except Exception as error:  # boto3 raises more than its own errors for an answer that does not come from AWS
        raise AwsError(type(error).__name__, str(error)) from error
    return answer


def begin(
    service: Service, region: str, operation: str, parameters: Mapping[str, Any], options: CallOptions
) -> Callable[[], dict[str, Any]]:
    """Begin an operation in a thread, and return how to wait for its answer, which raises AwsError."""
    return _threads().submit(call, service, region, operation, parameters, options).result


@process_cache.once
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1)


def warm_up(planned: Sequence[PlannedCall], *, snapshot: bool) -> None:  # noqa: ARG001 - the same for both
    """Make the clients, which takes ten times as long as a call. Raise AwsError."""
    try:
        for service, region, options in planned:
            client(service.name, region, options)
    except BotoCoreError as error:
        raise AwsError(type(error).__name__, str(error)) from error


@process_cache.once
def client(service: str, region: str, options: CallOptions) -> Any:
    """Return the one client for each service and Region, with its connection. Raise NoCredentialsError."""
    return create_client(service, botocore_config(options), region)
