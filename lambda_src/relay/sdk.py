"""The boto3 transport: for relay.toml's `transport = "boto3"`, and for what only the SDK knows (proxies, FIPS, …)."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from relay.call import CallFailed, Patience, Service


def call(
    service: Service, region: str, operation: str, parameters: Mapping[str, Any], patience: Patience
) -> dict[str, Any]:
    """The answer of an operation. Raises CallFailed."""
    try:
        answer: dict[str, Any] = getattr(client(service.name, region, patience), xform_name(operation))(**parameters)
    except ClientError as error:
        raise CallFailed(error.response["Error"]["Code"], error.response["Error"]["Message"]) from error
    except (BotoCoreError, ResponseParserError) as error:
        raise CallFailed(type(error).__name__, str(error)) from error
    return answer


@cache
def client(service: str, region: str, patience: Patience) -> Any:
    """One client for each service and Region, with its connection."""
    config = Config(
        connect_timeout=patience.connect_seconds,
        read_timeout=patience.read_seconds,
        retries={"mode": "standard", "total_max_attempts": patience.attempts},
    )
    return boto3.client(service, region_name=region, config=config)  # type: ignore[call-overload]  # by its name
