"""How boto3 calls AWS: timeouts and retries. Those of the calls that need no boto3 are in call.py.

For an answer that is none of AWS's, boto3 raises more than ClientError and BotoCoreError: ResponseParserError, and
whatever its parser trips over. So whoever may not raise (storing, postponing) takes every exception for a refusal.

The defaults (60 s to connect, 60 s to read) outlast API Gateway's 30 s, so both are set.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from relay.aws.api import USER_AGENT

# Storing what could not be delivered: two queues, each asked twice, within what delivery.py reserves.
CONFIG_STORE = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 2},
    user_agent_extra=USER_AGENT,
)

CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
    user_agent_extra=USER_AGENT,
)


def client(service: str, config: Config, region: str | None = None) -> Any:
    """Return a client of boto3. Raises NoCredentialsError.

    boto3 itself makes a client without credentials too, which never looks for them again: whoever keeps it has to be
    given another one, or the function answers 503 until it is deployed anew.
    """
    made = boto3.client(service, region_name=region, config=config)  # type: ignore[call-overload]  # by its name
    if boto3.DEFAULT_SESSION is None or boto3.DEFAULT_SESSION.get_credentials() is None:
        raise NoCredentialsError
    return made


def reason(error: Exception) -> str:
    """Return why a call failed, for a log: errors that are not the SDK's own say little without their type."""
    return str(error) if isinstance(error, ClientError | BotoCoreError) else f"{type(error).__name__}: {error}"
