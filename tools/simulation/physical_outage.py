"""A backlog of 36,000 entries through the local AWS: is any lost, does any arrive twice.

`python -m tools.simulation.physical_outage` takes about twenty minutes. The functions are processes with their real
adapters; threads do what Lambda's event source mapping does.
"""

import argparse
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from partner_event_relay.capacity import BATCH_SIZE
from relay_local.process import PARTNER
from tools.simulation import measured, rig
from tools.simulation.rig import Rig, Worker

ENTRIES, IN_A_WEBHOOK = 36_000, 200
POLLERS = 2
OUTAGE_SECONDS = 60.0
UNAVAILABLE = [{"status": 503, "error_code": "ServiceUnavailable"}]


@dataclass
class Mapping:
    """The event source mapping: what it has received and deleted, and how long each batch took that was delivered."""

    rig: Rig
    ended: threading.Event = field(default_factory=threading.Event)
    deleted: list[tuple[float, int]] = field(default_factory=list)
    full_batches: list[float] = field(default_factory=list)
    receives: int = 0

    def poll(self, worker: Worker) -> None:
        """Receive up to a hundred messages, invoke the function, and delete what it did not name; until the end."""
        sqs = self.rig.sqs()
        while not self.ended.is_set():
            begun = time.monotonic()
            messages = self._receive(sqs)
            if not messages:
                self.ended.wait(0.2)
                continue
            self.receives += len(messages)
            failed = {each["itemIdentifier"] for each in worker.invoke(_event(messages))["batchItemFailures"]}
            done = [each for each in messages if each["MessageId"] not in failed]
            for start in range(0, len(done), 10):
                entries = [
                    {"Id": str(number), "ReceiptHandle": each["ReceiptHandle"]}
                    for number, each in enumerate(done[start : start + 10])
                ]
                sqs.delete_message_batch(QueueUrl=self.rig.queue_url, Entries=entries)
            now = time.monotonic()
            self.deleted.append((now, len(done)))
            if len(done) == BATCH_SIZE:
                self.full_batches.append(now - begun)

    def _receive(self, sqs: Any) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        while len(messages) < BATCH_SIZE:
            found = sqs.receive_message(
                QueueUrl=self.rig.queue_url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
            ).get("Messages")
            if not found:
                break
            messages += found
        return messages


def _event(messages: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": each["MessageId"],
                "receiptHandle": each["ReceiptHandle"],
                "body": each["Body"],
                "attributes": each["Attributes"],
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{rig.REGION}:{PARTNER}:retry",
            }
            for each in messages
        ]
    }


def run(entries: int = ENTRIES, outage_seconds: float = OUTAGE_SECONDS) -> dict[str, Any]:
    """Return what became of the entries, and how long the drain took after EventBridge was back."""
    ids = [f"e{number}" for number in range(entries)]
    arrived: Counter[str] = Counter()
    with ExitStack() as stack:
        place = stack.enter_context(rig.start_rig())
        ingest = Worker("ingest", place.environment)
        stack.callback(ingest.end)
        place.set_faults(UNAVAILABLE)
        answers = [
            ingest.invoke(rig.webhook([{"id": each} for each in ids[start : start + IN_A_WEBHOOK]]))["statusCode"]
            for start in range(0, entries, IN_A_WEBHOOK)
        ]
        mapping = Mapping(place)
        for _ in range(POLLERS):
            worker = Worker("redeliver", place.environment)
            stack.callback(worker.end)
            thread = threading.Thread(target=mapping.poll, args=(worker,))
            thread.start()
            stack.callback(thread.join)
        stack.callback(mapping.ended.set)
        time.sleep(outage_seconds)
        place.set_faults([])
        back = time.monotonic()
        arrived.update(_arrivals(place, entries))
    deleted = sorted(mapping.deleted)
    drained = deleted[-1][0] - back
    batches = sorted(mapping.full_batches)
    return {
        "entries": entries,
        "answered_202": answers.count(202),
        "arrived": len(arrived),
        "arrived_twice": sum(count > 1 for count in arrived.values()),
        "lost": len(set(ids) - arrived.keys()),
        "drain_seconds": round(drained, 1),
        "half_seconds": round(_when(deleted, entries / 2) - back, 1),
        "batch_seconds": round(batches[len(batches) // 2], 3),
        "receives": mapping.receives,
    }


def _arrivals(place: Rig, entries: int, patience: float = 900) -> Counter[str]:
    """Return the ids that reach the customer, when all have or the patience ends."""
    arrived: Counter[str] = Counter()
    deadline = time.monotonic() + patience
    while len(arrived) < entries and time.monotonic() < deadline:
        arrived.update(event["detail"]["id"] for event in place.customer.received())
        time.sleep(0.1)  # between two looks at the customer's queue
    return arrived


def _when(deleted: Sequence[tuple[float, int]], count: float) -> float:
    total = 0
    for at, number in deleted:
        total += number
        if total >= count:
            return at
    return deleted[-1][0]


def main() -> None:
    """Run it, and note what was measured for the page."""
    parser = argparse.ArgumentParser(prog="python -m tools.simulation.physical_outage", description=__doc__)
    parser.add_argument("--entries", type=int, default=ENTRIES)
    arguments = parser.parse_args()
    measured.note("outage", run(arguments.entries))


if __name__ == "__main__":
    main()
