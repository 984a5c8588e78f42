"""Twenty thousand entries through a bus that fails at random, while functions are killed: none is lost."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from relay.config.choices import TRANSPORTS
from relay_local.deploy import Customer, drain
from relay_local.process import PARTNER, ROOT, LocalAws
from relay_local.samples import SIGNERS
from tests.conftest import http_api_event
from tests.faults.conftest import PrintRow
from tests.local_bus import REGION, SECRET, Inject

ENTRIES, IN_A_WEBHOOK = 20_000, 45
SEED = 20261123
SENDERS, REDELIVERERS, KILLS = 3, 2, 12
END_SECONDS = 120
SOURCE = "aws.partner/acme.example/soak/orders"
RELAY_TOML = """
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
""" + "".join(
    f"""
[[route]]
name = "{name}"
path = "/{name}"
retry_for = "{seconds} s"
auth = {{ scheme = "standard-webhooks", secret = "soak/orders" }}
[route.event]
each = "${{body.events}}"
source = "{SOURCE}"
detail_type = "order.created"
detail = "${{item}}"
"""
    for name, seconds in (("patient", 1), ("impatient", 0))
)


class Killed(Exception):
    """The function's process ended before it answered."""


class Worker:
    """One execution environment of a function; started anew when it has been killed."""

    def __init__(self, function: str, environment: Mapping[str, str]) -> None:
        self._command = [sys.executable, "-m", "tools.simulation.worker", function]
        self._environment = {**os.environ, **environment, "PYTHONPATH": f"{ROOT}:{ROOT / 'lambda_src'}"}
        self._start()

    def invoke(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return the answer. Raise Killed."""
        if self._process.poll() is not None:
            self.end()
            self._start()
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(json.dumps(event) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError as error:
            raise Killed from error
        if not line:
            self._process.wait()
            raise Killed
        answer: dict[str, Any] = json.loads(line)
        return answer

    def kill(self) -> None:
        """SIGKILL, whatever it is doing."""
        self._process.kill()

    def end(self) -> None:
        """No more invocations."""
        self._process.kill()
        with suppress(BrokenPipeError):  # what was written to it and not read
            self._process.communicate()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )


@contextmanager
def workers(function: str, count: int, environment: Mapping[str, str], folder: Path) -> Iterator[list[Worker]]:
    """Start execution environments of a function, by one transport and the other in turn."""
    configs = [{"RELAY_CONFIG": str(folder / f"{TRANSPORTS[number % 2]}.toml")} for number in range(count)]
    made = [Worker(function, {**environment, **config}) for config in configs]
    try:
        yield made
    finally:
        for one in made:
            one.end()


@pytest.fixture
def environment(bus: LocalAws, tmp_path: Path) -> dict[str, str]:
    for transport in TRANSPORTS:
        (tmp_path / f"{transport}.toml").write_text(f'transport = "{transport}"\n{RELAY_TOML}')
    bus.client("secretsmanager", PARTNER, REGION).create_secret(Name="soak/orders", SecretString=SECRET)
    bus.client("s3", PARTNER, REGION).create_bucket(Bucket="soak")
    sqs = bus.client("sqs", PARTNER, REGION)
    # A killed function's messages come back after this; six times the function's timeout would be too long to wait.
    hidden = {"VisibilityTimeout": "3"}
    return {
        **bus.environment(PARTNER, REGION),
        "RETRY_QUEUE_URL": sqs.create_queue(QueueName="soak-retry", Attributes=hidden)["QueueUrl"],
        "DEAD_LETTER_QUEUE_URL": sqs.create_queue(QueueName="soak-dead")["QueueUrl"],
        "OVERFLOW_BUCKET": "soak",
        "POWERTOOLS_SERVICE_NAME": "partner-event-relay",
        "POWERTOOLS_METRICS_NAMESPACE": "PartnerEventRelay",
    }


class Soak:
    """What was acknowledged, and the threads that send, redeliver and kill."""

    def __init__(self, bus: LocalAws, environment: Mapping[str, str]) -> None:
        self.acknowledged: set[str] = set()
        self.told: Counter[str] = Counter()
        self.arrived: Counter[str] = Counter()
        self.kills = 0
        self.sending, self.ended = True, threading.Event()
        self._sqs, self._queue_url = bus.client("sqs", PARTNER, REGION), environment["RETRY_QUEUE_URL"]
        described = self._sqs.get_queue_attributes(QueueUrl=self._queue_url, AttributeNames=["QueueArn"])
        self._queue_arn = described["Attributes"]["QueueArn"]
        ids = [f"e{number}" for number in range(ENTRIES)]
        self._webhooks = [ids[start : start + IN_A_WEBHOOK] for start in range(0, ENTRIES, IN_A_WEBHOOK)]

    def send(self, worker: Worker, mine: int) -> None:
        """Return what a sender does: the same webhook again until it is answered 2xx."""
        for number, events in enumerate(self._webhooks[mine::SENDERS]):
            body = json.dumps({"events": [{"id": one} for one in events]}).encode()
            path = "/impatient" if number % 2 else "/patient"
            while not self._posted(worker, path, body):
                self.told["sent again"] += 1
            self.acknowledged.update(events)

    def _posted(self, worker: Worker, path: str, body: bytes) -> bool:
        signed = SIGNERS["standard-webhooks"](SECRET, body)
        try:
            answer = worker.invoke(http_api_event(path, body, signed))
        except Killed:
            return False
        if answer["statusCode"] == 202:
            told = json.loads(answer["body"])
            self.told.update({name: told[name] for name in ("accepted", "queued", "dead_lettered")})
        return bool(answer["statusCode"] == 202)

    def redeliver(self, worker: Worker) -> None:
        """Do what Lambda's event source mapping does."""
        while not self.ended.is_set():
            messages = self._sqs.receive_message(
                QueueUrl=self._queue_url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
            ).get("Messages")
            if not messages:
                self.ended.wait(0.2)
                continue
            records = [
                {
                    "messageId": one["MessageId"],
                    "receiptHandle": one["ReceiptHandle"],
                    "body": one["Body"],
                    "attributes": one["Attributes"],
                    "eventSource": "aws:sqs",
                    "eventSourceARN": self._queue_arn,
                }
                for one in messages
            ]
            try:
                failed = {one["itemIdentifier"] for one in worker.invoke({"Records": records})["batchItemFailures"]}
            except Killed:
                continue
            done = [one for one in messages if one["MessageId"] not in failed]
            for one in done:
                # The other has received it again meanwhile, which the local SQS refuses and AWS's does not.
                with suppress(self._sqs.exceptions.ReceiptHandleIsInvalid):
                    self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=one["ReceiptHandle"])

    def kill(self, victims: list[Worker], chance: random.Random) -> None:
        """Kill functions in the middle of what they do, while webhooks are sent."""
        while self.sending and self.kills < KILLS:
            self.ended.wait(chance.uniform(0.5, 1.5))
            chance.choice(victims).kill()
            self.kills += 1

    def collect(self, customer: Customer) -> None:
        """Collect what reaches the customer, as it comes."""
        while not self.ended.is_set():
            self.arrived.update(event["detail"]["id"] for event in customer.received())
            self.ended.wait(0.1)

    def waiting(self) -> int:
        """How many messages are in the retry queue, hidden or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._queue_url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)


def test_no_acknowledged_entry_is_lost(
    bus: LocalAws, environment: dict[str, str], tmp_path: Path, faults: Inject, print_row: PrintRow
) -> None:
    customer = Customer(bus, REGION, queue="soak")
    customer.subscribe([SOURCE])
    soak, begun = Soak(bus, environment), time.monotonic()
    faults([{"chaos": 0.3, "seed": SEED}])
    with (
        workers("ingest", SENDERS, environment, tmp_path) as ingest,
        workers("redeliver", REDELIVERERS, environment, tmp_path) as redeliver,
        ThreadPoolExecutor(SENDERS + REDELIVERERS + 2) as threads,
    ):
        try:
            sending = [threads.submit(soak.send, worker, number) for number, worker in enumerate(ingest)]
            others = [threads.submit(soak.redeliver, worker) for worker in redeliver]
            others.append(threads.submit(soak.kill, [*ingest, *redeliver], random.Random(SEED)))
            others.append(threads.submit(soak.collect, customer))
            for one in sending:
                one.result()
            soak.sending, sent = False, time.monotonic() - begun
            faults([])  # the bus is well again
            deadline = time.monotonic() + END_SECONDS
            while soak.waiting() and time.monotonic() < deadline:
                time.sleep(0.2)
            settled, waiting = time.monotonic() - begun, soak.waiting()
        finally:
            soak.sending = False
            soak.ended.set()
        for one in others:
            one.result()
    arrived = soak.arrived + Counter(event["detail"]["id"] for event in customer.received())
    sqs = bus.client("sqs", PARTNER, REGION)
    kept = [
        json.loads(json.loads(message["Body"])["entry"]["Detail"])["id"]
        for url in (environment["RETRY_QUEUE_URL"], environment["DEAD_LETTER_QUEUE_URL"])
        for message in drain(sqs, url)
    ]
    twice = arrived.total() - len(arrived)
    lost = soak.acknowledged - arrived.keys() - set(kept)
    for row in (
        "",
        f"soak: {len(soak.acknowledged)} entries acknowledged in {sent:.0f} s: {dict(soak.told)}",
        f"      {soak.kills} functions killed; settled after {settled:.0f} s",
        f"      arrived {len(arrived)}, in a queue {len(kept)}, lost {len(lost)}, twice {twice}",
    ):
        print_row(row)
    assert len(soak.acknowledged) == ENTRIES
    assert soak.kills > 0
    assert soak.told["queued"] > 0
    assert waiting == 0  # what is hidden in the queue is neither lost nor kept here: it has not come back in time
    assert not lost
    assert kept == []
