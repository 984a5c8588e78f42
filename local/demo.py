"""`make demo`: deploy the stack onto a local AWS, post the samples over HTTP, print what reached the customer.

Standard output has one event on a line, in the customer's envelope; everything else goes to standard error.
The exit code is 0 only if every event of every sample is accounted for: delivered, or dead-lettered as the response
said.
"""

import json
import sys
import time

import httpx

from local import proxy
from local.deploy import drain
from local.post import post
from local.process import PARTNER, LocalAwsError, progress
from local.session import Session, start_session

ARRIVAL_SECONDS = 10


def main() -> int:
    """Run the whole demo and return the process's exit code."""
    try:
        with start_session(progress) as session, proxy.serve(proxy.webhook_proxy(session.aws, session.stack), 0) as url:
            return _post_and_print(session, url)
    except LocalAwsError as error:
        progress(f"demo: {error}")
        return 1


def _post_and_print(session: Session, url: str) -> int:
    expected_dead = 0
    for sample, answer in post(url, session.samples):
        if answer.status_code != httpx.codes.ACCEPTED or answer.json()["accepted"] != sample.events:
            progress(f"demo: expected {sample.events} accepted: {answer.text}")
            return 1
        expected_dead += answer.json()["dead_lettered"]
    expected = sum(sample.events for sample in session.samples)
    events = _wait_for(session, expected)
    for event in events:
        print(json.dumps(event))
    sqs = session.aws.client("sqs", PARTNER, session.stack.region)
    dead_letters = [json.loads(message["Body"]) for message in drain(sqs, session.stack.dead_letter_queue_url)]
    for letter in dead_letters:
        progress(f"dead letter: {json.dumps(letter)}")
    progress(
        f"{len(events)} of {expected} events reached the customer; dead letters: {len(dead_letters)} of {expected_dead}"
    )
    return 0 if (len(events), len(dead_letters)) == (expected, expected_dead) else 1


def _wait_for(session: Session, expected: int) -> list[dict[str, object]]:
    events = list(session.customer.received())
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while len(events) < expected and time.monotonic() < deadline:
        time.sleep(0.1)  # the queue is polled until a deadline
        events += session.customer.received()
    return events


if __name__ == "__main__":
    sys.exit(main())
