"""The adapter to the partner event sources and the accounts they are for.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListPartnerEventSourceAccounts.html
"""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from relay.aws import boto3_clients

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


@cache
def client(region: str) -> "EventBridgeClient":
    """One client for each Region."""
    made: EventBridgeClient = boto3_clients.client("events", boto3_clients.CONFIG, region)
    return made


def names(region: str, prefix: str) -> Iterator[str]:
    """The names of the partner event sources that begin with `prefix`. Raises the SDK's errors."""
    operation = client(region).list_partner_event_sources
    yield from (one["Name"] for one in pages(operation, "PartnerEventSources", NamePrefix=prefix))


def accounts(region: str, source: str) -> Iterator[dict[str, Any]]:
    """The accounts of a source, with `State`, and `ExpirationTime` while PENDING. Raises the SDK's errors."""
    operation = client(region).list_partner_event_source_accounts
    yield from pages(operation, "PartnerEventSourceAccounts", EventSourceName=source)


def pages(operation: Any, key: str, **parameters: str) -> Iterator[dict[str, Any]]:
    """Every element of `key` on every page; botocore has no paginators for these operations."""
    token: dict[str, str] = {}
    while True:
        page = operation(**parameters, **token)
        yield from page.get(key, [])
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}
