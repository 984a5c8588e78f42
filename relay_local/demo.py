"""`make demo`: deploy the stack onto a local AWS, post the samples over HTTP, print what reached the customers.

One customer is connected but has attached no bus yet: its events are held, and arrive once it has. Standard output has
one event on a line, in the customer's envelope; everything else goes to standard error. The exit code is 0 only if
every event of every sample is accounted for: delivered, dead-lettered or unsubscribed, as the response said.
"""

import json
import sys
import time
from collections import Counter
from typing import Any

import httpx

from relay_local import proxy
from relay_local.deploy import drain
from relay_local.post import post
from relay_local.process import PARTNER, LocalAwsError, progress
from relay_local.session import Session, start_session

LATE = "c42"
"""The customer who attaches a bus only after the events were posted."""
ARRIVAL_SECONDS = 30


def main() -> int:
    """Run the whole demo and return the process's exit code."""
    try:
        with (
            start_session(progress, unattached=[LATE]) as session,
            proxy.serve(proxy.webhook_proxy(session.aws, session.stack), 0) as url,
        ):
            return _post_and_print(session, url)
    except LocalAwsError as error:
        progress(f"demo: {error}")
        return 1


def _post_and_print(session: Session, url: str) -> int:
    places: Counter[str] = Counter()
    for _, answer in post(url, session.samples):
        if answer.status_code != httpx.codes.ACCEPTED:
            progress(f"demo: expected 202: {answer.text}")
            return 1
        places.update({place: number for place, number in answer.json().items() if place != "entries"})
    _attach_late(session)
    expected = sum(sample.events for sample in session.samples)
    events = _wait_for(session, expected)
    for event in events:
        print(json.dumps(event))
    sqs = session.aws.client("sqs", PARTNER, session.stack.region)
    dead_letters = [json.loads(message["Body"]) for message in drain(sqs, session.stack.dead_letter_queue_url)]
    for letter in dead_letters:
        progress(f"dead letter: {json.dumps(letter)}")
    progress(
        f"{len(events)} of {expected} events reached the customers, {places['held']} of them were held;"
        f" unsubscribed: {places['unsubscribed']}; dead letters: {len(dead_letters)} of {places['dead_lettered']}"
    )
    is_complete = len(events) == expected == places["accepted"] + places["held"] and places["held"] > 0
    return 0 if is_complete and len(dead_letters) == places["dead_lettered"] else 1


def _attach_late(session: Session) -> None:
    """Show what is held, attach the customer's bus, and start delivery."""
    if connections := session.connections:
        _say_state(connections.show(LATE))
        progress(f"{LATE} attaches an event bus and a rule to the source, and delivery is started")
        connections.attach([LATE])
        _say_state(connections.show(LATE))


def _say_state(destination: dict[str, Any]) -> None:
    held, holding = destination["held"]["webhooks"], destination["holding"]
    state = f"holding ({holding})" if holding else "delivering"
    progress(f"{destination['customer']}/{destination['name']}: {state}, webhooks in the bucket: {held}")


def _wait_for(session: Session, expected: int) -> list[dict[str, object]]:
    events = list(session.customer.received())
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while len(events) < expected and time.monotonic() < deadline:
        time.sleep(0.1)  # the queue is polled until a deadline
        events += session.customer.received()
    return events


if __name__ == "__main__":
    sys.exit(main())
