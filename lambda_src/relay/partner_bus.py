"""The adapter to `PutPartnerEvents`, and to `PutEvents` for ordinary buses: wire names and nothing else.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPartnerEvents.html
"""

from collections.abc import Sequence
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


def _outcome(result: dict[str, str]) -> Outcome:
    if "EventId" in result:
        return Accepted(result["EventId"])
    return Failed(result["ErrorCode"], result.get("ErrorMessage", ""))
