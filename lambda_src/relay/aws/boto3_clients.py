"""Make boto3 clients with the relay's timeouts and retries.

boto3 raises more than ClientError and BotoCoreError for an answer that does not come from AWS: ResponseParserError, and
whatever its parser trips over. So code that must not raise (storing, postponing) catches every exception.
"""

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from relay.aws.api import USER_AGENT, CallOptions


def botocore_config(options: CallOptions) -> Config:
    """Return the configuration of a client for calls with these options."""
    return Config(
        connect_timeout=options.connect_timeout,
        read_timeout=options.read_timeout,
        retries={"mode": "standard", "total_max_attempts": options.max_attempts},
        user_agent_extra=USER_AGENT,
    )


def create_client(service: str, config: Config, region: str | None = None) -> Any:
    """Return a new boto3 client. Raise NoCredentialsError.

    boto3 itself also makes a client without credentials, which never looks for them again: if it were cached, the
    function would answer 503 until it is deployed anew.
    """
    client = boto3.client(service, region_name=region, config=config)  # type: ignore[call-overload]  # by its name
    if boto3.DEFAULT_SESSION is None or boto3.DEFAULT_SESSION.get_credentials() is None:
        raise NoCredentialsError
    return client


def describe_error(error: Exception) -> str:
    """Return why a call failed, for a log: errors that are not the SDK's own say little without their type."""
    return str(error) if isinstance(error, ClientError | BotoCoreError) else f"{type(error).__name__}: {error}"
