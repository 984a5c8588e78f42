"""The relay's functions as processes on the local partner bus, one environment a process."""

import base64
import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from relay_local.deploy import Customer
from relay_local.process import PARTNER, ROOT, LocalAws, run_emulator
from relay_local.samples import SIGNERS

REGION, SECRET_NAME = "us-east-1", "simulation/orders"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - of the local AWS
SOURCE = "aws.partner/acme.example/simulation/orders"
RELAY_TOML = f"""
partner = "aws.partner/acme.example"
regions = ["{REGION}"]
[[route]]
name = "orders"
path = "/orders"
retry_for = "0 s"
auth = {{ scheme = "standard-webhooks", secret = "{SECRET_NAME}" }}
[route.event]
each = "${{body.events}}"
source = "{SOURCE}"
detail_type = "order.created"
detail = "${{item}}"
"""
Json = dict[str, Any]


class Worker:
    """One execution environment: a process that has one invocation at a time."""

    def __init__(self, function: str, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.simulation.worker", function],
            cwd=ROOT,
            env={**os.environ, **environment, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "lambda_src")])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def invoke(self, event: Json) -> Json:
        """Return the answer to an event."""
        assert self._process.stdin  # noqa: S101 - it was opened as a pipe
        assert self._process.stdout  # noqa: S101 - it was opened as a pipe
        self._process.stdin.write(json.dumps(event) + "\n")
        self._process.stdin.flush()
        answer: Json = json.loads(self._process.stdout.readline())
        return answer

    def end(self) -> None:
        """Let the process end."""
        self._process.kill()
        self._process.communicate()


@dataclass(frozen=True)
class Rig:
    """The local AWS, a customer who receives everything, and the environment of the functions."""

    aws: LocalAws
    customer: Customer
    environment: Mapping[str, str]
    queue_url: str

    def set_faults(self, faults: Sequence[Json]) -> None:
        """Put these faults in force on the partner bus."""
        httpx.put(f"{self.aws.url}/_partner_bus/faults", json=list(faults)).raise_for_status()

    def sqs(self) -> Any:
        """Return a client of the partner's queues; a thread needs its own."""
        return self.aws.client("sqs", PARTNER, REGION)


@contextmanager
def start_rig() -> Iterator[Rig]:
    """Run the local AWS with the queues and the customer of one route."""
    with tempfile.TemporaryDirectory() as folder, run_emulator(region=REGION, iam=False) as aws:
        path = Path(folder) / "relay.toml"
        path.write_text(RELAY_TOML)
        aws.client("secretsmanager", PARTNER, REGION).create_secret(Name=SECRET_NAME, SecretString=SECRET)
        aws.client("s3", PARTNER, REGION).create_bucket(Bucket="simulation")
        sqs = aws.client("sqs", PARTNER, REGION)
        queue_url = sqs.create_queue(QueueName="retry", Attributes={"VisibilityTimeout": "360"})["QueueUrl"]
        customer = Customer(aws, REGION, queue="simulation")
        customer.subscribe([SOURCE])
        environment = {
            **aws.environment(PARTNER, REGION),
            "RELAY_CONFIG": str(path),
            "RETRY_QUEUE_URL": queue_url,
            "DEAD_LETTER_QUEUE_URL": sqs.create_queue(QueueName="dead-letters")["QueueUrl"],
            "OVERFLOW_BUCKET": "simulation",
            "POWERTOOLS_SERVICE_NAME": "Relay",
            "POWERTOOLS_METRICS_NAMESPACE": "PartnerEventRelay",
        }
        yield Rig(aws, customer, environment, queue_url)


def webhook(events: Sequence[Json]) -> Json:
    """Return the event of API Gateway for a signed webhook."""
    body = json.dumps({"events": list(events)}).encode()
    return {
        "version": "2.0",
        "routeKey": "ANY /orders",
        "rawPath": "/orders",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", **SIGNERS["standard-webhooks"](SECRET, body)},
        "requestContext": {
            "http": {"method": "POST", "path": "/orders", "sourceIp": "203.0.113.7"},
            "requestId": str(uuid.uuid4()),
            "timeEpoch": 0,
        },
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
