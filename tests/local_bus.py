"""Fixtures: the local partner bus alone (plain HTTP, no IAM), and both handlers with their real adapters on it."""

import json
import os
import socket
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config

from relay import bootstrap, process_cache
from relay.archive import keys
from relay.aws import boto3_transport, endpoints, http_transport
from relay.aws.api import AwsCall
from relay.aws.sqs import QUEUE_URLS
from relay.delivery.undelivered import Queue
from relay.pipeline.services import Services
from relay_local import process
from relay_local.deploy import CUSTOMER, drain
from relay_local.process import PARTNER, LocalAws
from relay_local.samples import SIGNERS
from tests.conftest import http_api_event
from tests.doubles import Context, RedeliverContext
from tests.handler import ingest, redeliver
from tests.transport import with_transport

REGION = "us-east-1"
SOURCE = "aws.partner/acme.example/c42/orders"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BUCKET = "relay-overflow"

Inject = Callable[[list[dict[str, Any]]], None]


@pytest.fixture(scope="session")
def bus() -> Iterator[LocalAws]:
    with process.run_emulator(region=REGION, iam=False) as local_aws:
        local_aws.client("events", PARTNER, REGION).create_partner_event_source(Name=SOURCE, Account=CUSTOMER)
        yield local_aws


@pytest.fixture
def faults(bus: LocalAws) -> Iterator[Inject]:
    """Injects faults; none is left behind."""

    def inject(document: list[dict[str, Any]]) -> None:
        httpx.put(f"{bus.url}/_partner_bus/faults", json=document).raise_for_status()

    yield inject
    inject([])


@dataclass
class Functions:
    """Both handlers on services that are composed as on Lambda: everything they need is in the environment."""

    bus: LocalAws
    call: AwsCall
    services: Services

    def restarted(self, clock: Callable[[], float] = time.time) -> "Functions":
        """Return the functions as if they had just started: no secret has been read. `clock` is the time of day."""
        return replace(self, services=bootstrap.services(self.services.config, self.call, clock))

    def post(
        self,
        path: str,
        body: bytes,
        headers: dict[str, str] | None = None,
        method: str = "POST",
        changes: dict[str, Any] | None = None,
        *,
        parsed: bool = True,
    ) -> dict[str, Any]:
        """Sign a body as the sender would (unless there are headers), and post it through the handler."""
        signed = SIGNERS["standard-webhooks"](SECRET, body) if headers is None else headers
        event = http_api_event(path, body, {"content-type": "application/json", **signed}, method=method) | (
            changes or {}
        )
        answer = self.handle(event)
        return answer | {"body": json.loads(answer["body"])} if parsed else answer

    def handle(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return the response of the ingest handler."""
        return ingest.create_handler(self.services)(event, Context())  # type: ignore[arg-type]  # what it uses

    def cut_off(self, services: Collection[str], patch: pytest.MonkeyPatch) -> None:
        """Nothing answers for these services any more, by either transport, until the patch is undone."""
        http_transport.close_connections()
        url, client = endpoints.endpoint_url, boto3_transport.client
        patch.setattr(
            endpoints,
            "endpoint_url",
            lambda service, region: _nobody() if service in services else url(service, region),
        )
        once = Config(retries={"total_max_attempts": 1}, connect_timeout=1)
        patch.setattr(
            boto3_transport,
            "client",
            lambda name, region, options: (
                boto3.client(name, region_name=region, endpoint_url=_nobody(), config=once)
                if name in services
                else client(name, region, options)
            ),
        )
        patch.setattr(self, "services", self.restarted().services)

    def taken(self, queue: Queue) -> list[dict[str, Any]]:
        """Every message that is in the queue, taken out of it."""
        return list(drain(self.bus.client("sqs", PARTNER, REGION), os.environ[QUEUE_URLS[queue]]))

    def batch(self, messages: list[dict[str, Any]], *, received: int = 1, sent_ms: int | None = None) -> dict[str, Any]:
        """Return the redeliver handler's response to messages, passed as Lambda's event source mapping does."""
        records = [
            {
                "messageId": str(number),
                "receiptHandle": f"handle-{number}",
                "body": message["Body"],
                "attributes": {
                    "ApproximateReceiveCount": str(received),
                    "SentTimestamp": str(sent_ms or 4_000_000_000_000),
                },
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:111111111111:retry",
                "awsRegion": REGION,
            }
            for number, message in enumerate(messages)
        ]
        handler = redeliver.create_handler(self.services)
        return handler({"Records": records}, RedeliverContext())  # type: ignore[arg-type]  # a double


def _nobody() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@contextmanager
def functions(bus: LocalAws, relay_toml: Path, name: str) -> Iterator[Functions]:
    """Yield the functions, with queues, a bucket and a table of their own."""
    relay_toml.write_text(with_transport(relay_toml.read_text("utf-8")), "utf-8")
    sqs, s3 = bus.client("sqs", PARTNER, REGION), bus.client("s3", PARTNER, REGION)
    for bucket in (f"{BUCKET}-{name}", f"held-{name}", f"archive-{name}"):
        s3.create_bucket(Bucket=bucket)
    bus.client("firehose", PARTNER, REGION).create_delivery_stream(
        DeliveryStreamName=name,
        ExtendedS3DestinationConfiguration={
            "RoleARN": f"arn:aws:iam::{PARTNER}:role/firehose",
            "BucketARN": f"arn:aws:s3:::archive-{name}",
            "Prefix": f"{keys.ROOT}!{{timestamp:yyyy/MM/dd/HH}}/",
            "ErrorOutputPrefix": keys.ERRORS,
            "CompressionFormat": "GZIP",
        },
    )
    create_destinations_table(bus, f"{name}-destinations")
    bus.client("dynamodb", PARTNER, REGION).create_table(
        TableName=f"{name}-seen",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    urls = {
        variable: sqs.create_queue(QueueName=f"{name}-{queue.name.lower()}")["QueueUrl"]
        for queue, variable in QUEUE_URLS.items()
    }
    fifo = {"FifoQueue": "true"}
    urls["RELEASE_QUEUE_URL"] = sqs.create_queue(QueueName=f"{name}-release.fifo", Attributes=fifo)["QueueUrl"]
    with pytest.MonkeyPatch.context() as environment:
        for variable, value in {
            **bus.environment(PARTNER, REGION),
            **urls,
            "RELAY_CONFIG": str(relay_toml),
            "OVERFLOW_BUCKET": f"{BUCKET}-{name}",
            "DEDUPE_TABLE": f"{name}-seen",
            "DESTINATIONS_TABLE": f"{name}-destinations",
            "HELD_BUCKET": f"held-{name}",
            "ARCHIVE_BUCKET": f"archive-{name}",
            "ARCHIVE_STREAM": name,
            "POWERTOOLS_SERVICE_NAME": "partner-event-relay",
            "POWERTOOLS_METRICS_NAMESPACE": "PartnerEventRelay",
        }.items():
            environment.setenv(variable, value)
        _disconnect()
        settings = bootstrap.load_config()
        call = bootstrap.connect(settings)
        yield Functions(bus, call, bootstrap.services(settings, call))
    _disconnect()


def create_destinations_table(bus: LocalAws, name: str) -> None:
    """Create the registry's table, as the stack does."""
    bus.client("dynamodb", PARTNER, REGION).create_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
            {"AttributeName": "attention", "AttributeType": "S"},
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "attention",
                "KeySchema": [{"AttributeName": "attention", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def _disconnect() -> None:
    """Drop connections and clients of another environment."""
    http_transport.close_connections()
    process_cache.clear()
