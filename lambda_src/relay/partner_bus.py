"""The adapter to `PutPartnerEvents`, and to `PutEvents` for ordinary buses: wire names and nothing else.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPartnerEvents.html
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from relay.aws import CONFIG_ONCE
from relay.entry import Accepted, Entry, Failed, Outcome

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


@cache
def client(region: str) -> "EventBridgeClient":
    """One client for each Region, with its connection."""
    return boto3.client("events", region_name=region, config=CONFIG_ONCE)


def send(entries: Sequence[Entry]) -> Sequence[Outcome]:
    """Put 1 to 20 entries (10 for a bus) of one Region. One that fails whole is the same outcome for each of them."""
    first = entries[0]
    try:
        put: Any = client(first.region).put_events if first.bus else client(first.region).put_partner_events
        answer = put(Entries=[{**entry.wire(), "Time": entry.time} for entry in entries])
        return [_outcome(result) for _, result in zip(entries, answer["Entries"], strict=True)]
    except ClientError as error:
        failed = Failed(error.response["Error"]["Code"], error.response["Error"]["Message"])
    except (BotoCoreError, ResponseParserError) as error:
        failed = Failed(type(error).__name__, str(error))
    except (KeyError, TypeError, ValueError) as error:
        failed = Failed("InvalidResponse", f"the answer does not account for each entry: {error}")
    return [failed] * len(entries)


def sources(region: str, prefix: str) -> Iterator[str]:
    """The names of the partner event sources that begin with `prefix`. Raises the SDK's errors."""
    operation = client(region).list_partner_event_sources
    yield from (one["Name"] for one in _pages(operation, "PartnerEventSources", NamePrefix=prefix))


def accounts(region: str, source: str) -> Iterator[dict[str, Any]]:
    """The accounts of a source, with `State`, and `ExpirationTime` while PENDING. Raises the SDK's errors."""
    operation = client(region).list_partner_event_source_accounts
    yield from _pages(operation, "PartnerEventSourceAccounts", EventSourceName=source)


def _pages(operation: Any, key: str, **parameters: str) -> Iterator[dict[str, Any]]:
    # botocore has no paginators for these operations.
    token: dict[str, str] = {}
    while True:
        page = operation(**parameters, **token)
        yield from page.get(key, [])
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}


def _outcome(result: dict[str, str]) -> Outcome:
    if "EventId" in result:
        return Accepted(result["EventId"])
    return Failed(result["ErrorCode"], result.get("ErrorMessage", ""))
