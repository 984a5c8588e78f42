"""A partner event entry and the rules PutPartnerEvents has for it, checked before anything is sent.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPartnerEventsRequestEntry.html
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import NotRequired, TypedDict

SOURCE = r"aws\.partner(/[.\-_A-Za-z0-9]+){2,}"
_SOURCE = re.compile(SOURCE)  # now, not for the first webhook
MAX_SOURCE = 256
MAX_DETAIL_TYPE = 128
MAX_RESOURCE = 2048
# A request's entries have to be *less than* 1 MiB: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
MAX_ENTRY_BYTES = 1024 * 1024 - 1
TIME_BYTES = 14


class WireEntry(TypedDict):
    """An entry in the JSON syntax of `aws events put-partner-events --entries`, or of `put-events` with a bus."""

    Time: str
    Source: str
    Resources: list[str]
    DetailType: str
    Detail: str
    EventBusName: NotRequired[str]


@dataclass(frozen=True)
class Entry:
    """One event for a partner event source, or for the event bus `bus`; `region` is where it is put.

    `detail` is JSON text; `claim` is the key of what stands in the overflow bucket instead of in it, if anything does.
    """

    time: datetime
    source: str
    resources: tuple[str, ...]
    detail_type: str
    detail: str
    region: str
    bus: str = ""
    claim: str = ""

    @cached_property
    def size(self) -> int:
        """Return the bytes of the entry as EventBridge counts them.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size
        """
        texts = (self.source, self.detail_type, self.detail, *self.resources)
        return TIME_BYTES + sum(len(text.encode()) for text in texts)

    def is_unicode(self) -> bool:
        """Return whether the entry can be sent: JSON can spell a lone surrogate, UTF-8 cannot."""
        try:
            return bool(self.size)
        except UnicodeEncodeError:
            return False

    def wire(self) -> WireEntry:
        """Return the entry in the AWS CLI's JSON. EventBridge stores whole seconds."""
        wire: WireEntry = {
            "Time": rfc3339(self.time),
            "Source": self.source,
            "Resources": list(self.resources),
            "DetailType": self.detail_type,
            "Detail": self.detail,
        }
        return {**wire, "EventBusName": self.bus} if self.bus else wire


@dataclass(frozen=True, slots=True)
class Accepted:
    """EventBridge accepted the entry; `destination` is the label of a customer's destination, if it was for one.

    `attempts` is how often it was put, and `region` the Region to which it failed over, if it did.
    """

    event_id: str
    destination: str = ""
    attempts: int = 1
    region: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The entry was not accepted, by EventBridge or before it was sent; `code` is one of EventBridge's or ours.

    `attempts` is how often it was put. With `is_of_request` the code is that of a whole request, so it says nothing of
    this entry's source.
    """

    code: str
    message: str
    attempts: int = 0
    is_of_request: bool = False


Outcome = Accepted | Failed


def refusal(entry: Entry, partner: str) -> Failed | None:
    """Return the error with which EventBridge would refuse `entry`, or None.

    IAM cannot limit the source, so it has to begin with `partner` here.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
    """
    if refused := _refused_source(entry, partner):
        return refused
    if not 1 <= len(entry.detail_type) <= MAX_DETAIL_TYPE:
        return Failed(
            "InvalidArgument", f"DetailType has {len(entry.detail_type)} characters, not 1 to {MAX_DETAIL_TYPE}"
        )
    if not entry.detail.lstrip(" \t\r\n").startswith("{"):
        return Failed("MalformedDetail", "Detail is not a JSON object")
    if any(not 1 <= len(resource) <= MAX_RESOURCE for resource in entry.resources):
        return Failed("InvalidArgument", f"a resource has not 1 to {MAX_RESOURCE} characters")
    return None


def _refused_source(entry: Entry, partner: str) -> Failed | None:
    denied, length = "NotAuthorizedForSourceException", f"of 1 to {MAX_SOURCE} characters"
    if entry.bus:
        if entry.source.startswith("aws.") or not 1 <= len(entry.source) <= MAX_SOURCE:
            return Failed(denied, f"Source is not one of your own (not aws.*) {length}")
    elif not entry.source.startswith(f"{partner}/"):
        return Failed(denied, f"Source does not start with {partner}/")
    elif not _SOURCE.fullmatch(entry.source) or len(entry.source) > MAX_SOURCE:
        return Failed("InvalidArgument", f"Source is not {SOURCE} {length}")
    return None


def rfc3339(time: datetime) -> str:
    """Return a time as `2026-11-23T07:09:54Z`."""
    return time.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
