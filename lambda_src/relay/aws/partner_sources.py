"""The adapter to the partner event sources and the accounts that they are shared with.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListPartnerEventSourceAccounts.html
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from relay import process_cache
from relay.aws import boto3_clients
from relay.aws.api import STANDARD_RETRY

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


@process_cache.once
def client(region: str) -> "EventBridgeClient":
    """Return the one client for each Region. Raise NoCredentialsError."""
    config = boto3_clients.botocore_config(STANDARD_RETRY)
    client: EventBridgeClient = boto3_clients.create_client("events", config, region)
    return client


def list_sources(region: str, prefix: str) -> Iterator[str]:
    """Return the names of the partner event sources that begin with `prefix`. Raise the SDK's errors."""
    operation = client(region).list_partner_event_sources
    yield from (source["Name"] for source in paginate(operation, "PartnerEventSources", NamePrefix=prefix))


def list_accounts(region: str, source: str) -> Iterator[dict[str, Any]]:
    """Return the accounts of a source, with `State`, and `ExpirationTime` while PENDING. Raise the SDK's errors."""
    operation = client(region).list_partner_event_source_accounts
    yield from paginate(operation, "PartnerEventSourceAccounts", EventSourceName=source)


def paginate(operation: Any, key: str, **parameters: str) -> Iterator[dict[str, Any]]:
    """Return the elements of `key` on all pages; botocore has no paginators for these operations."""
    token: dict[str, str] = {}
    while True:
        page = operation(**parameters, **token)
        yield from page.get(key, [])
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}
