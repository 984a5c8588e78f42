"""Put operational events on an event bus of the relay's own account: best effort, they decide nothing.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from relay.delivery.batching import batches
from relay.destinations.events import OperationalEvent

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE = "partner-event-relay"
MAX_ENTRIES = 10
_MAX_BYTES = 256 * 1024 - 1


def put(
    client: Callable[[], "EventBridgeClient"],
    bus: str,
    events: Sequence[OperationalEvent],
    report: Callable[[Exception], None],
) -> None:
    """Put the events on `bus`, none if that is empty. Report what fails; never raise."""
    if not bus:
        return
    entries: list[PutEventsRequestEntryTypeDef] = [
        {
            "Source": SOURCE,
            "DetailType": event.detail_type,
            "Detail": json.dumps(event.detail),
            "EventBusName": bus,
        }
        for event in events
    ]
    for batch in batches(entries, lambda entry: len(json.dumps(entry)), MAX_ENTRIES, _MAX_BYTES):
        try:
            answer = client().put_events(Entries=batch)
        except Exception as error:  # noqa: BLE001 - what they tell has happened already
            report(error)
        else:
            if answer["FailedEntryCount"]:
                report(OSError(f"operational events: {answer['Entries']}"[:500]))
