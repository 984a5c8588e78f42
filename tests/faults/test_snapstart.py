"""A function that was restored from a snapshot, or frozen between invocations, answers 202, by both transports."""

import json
import random
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
import trustme

from relay.config.choices import TRANSPORTS
from relay_local.samples import SIGNERS
from tests.conftest import http_api_event
from tests.contract.json_service import Aws, serving
from tests.faults.conftest import PrintRow
from tests.faults.runtime_api import Sandbox, sandbox

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"type":"order.created"}'
RELAY_TOML = """
transport = "%s"
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[[route]]
name = "orders"
path = "/orders"
retry_for = "0 s"
auth = { scheme = "standard-webhooks", secret = "acme/orders" }
event = { source = "aws.partner/acme.example/orders", detail_type = "${body.type}" }
"""
SECRET_STRING = json.dumps({"SecretString": SECRET}).encode()
LATER = datetime(2099, 1, 1, tzinfo=UTC)


def credentials(access_key: str, expires: datetime) -> tuple[int, bytes]:
    """As the endpoint of the container credentials answers, which a function has where SnapStart is on."""
    found = {"AccessKeyId": access_key, "SecretAccessKey": "secret", "Token": "token"}
    return 200, json.dumps({**found, "Expiration": expires.isoformat()}).encode()


@dataclass
class World:
    """AWS, the endpoint of the container credentials, and a function that has started."""

    aws: Aws
    container: Aws
    sandbox: Sandbox

    def restore(self) -> None:
        """Much later: the endpoint has other credentials, and those of the snapshot are about to expire."""
        self.container.answers = [credentials("AKIDAFTER", LATER)] * 9
        self.sandbox.restore()

    def post(self) -> float:
        """Post a webhook, which has to be answered 202 and to be in EventBridge; return the seconds that took."""
        put = len(self.put_by())
        event = http_api_event("/orders", BODY, SIGNERS["standard-webhooks"](SECRET, BODY))
        answer, seconds = self.sandbox.invoke(event)
        assert (answer["statusCode"], json.loads(answer["body"])["accepted"]) == (202, 1)
        assert len(self.put_by()) == put + 1
        return seconds

    def put_by(self) -> list[str]:
        """Return the access key of each PutPartnerEvents there was."""
        return [
            headers["authorization"].partition("Credential=")[2].partition("/")[0]
            for headers, _ in self.aws.asked
            if headers["x-amz-target"] == "AWSEvents.PutPartnerEvents"
        ]


class Start(Protocol):
    """Starts a function; `before` is what the endpoint of the credentials answers until it is restored."""

    def __call__(self, transport: str, before: tuple[int, bytes] | None = None) -> AbstractContextManager[World]: ...


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Return a function with this transport, up to its snapshot, on AWS's protocol over TLS."""

    @contextmanager
    def start(transport: str, before: tuple[int, bytes] | None = None) -> Iterator[World]:
        (tmp_path / "relay.toml").write_text(RELAY_TOML % transport)
        authority = trustme.CA()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        expiring = credentials("AKIDBEFORE", datetime.now(UTC) + timedelta(minutes=2))
        aws, container = Aws([(200, SECRET_STRING)]), Aws([before or expiring] * 20)
        with serving(aws, context) as port, serving(container) as credentials_port:
            environment = {
                "AWS_REGION": "us-east-1",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_ENDPOINT_URL": f"https://127.0.0.1:{port}",
                "AWS_CA_BUNDLE": str(tmp_path / "ca.pem"),
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{credentials_port}/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "token",
                "RELAY_CONFIG": str(tmp_path / "relay.toml"),
                "POWERTOOLS_SERVICE_NAME": "relay",
                "POWERTOOLS_METRICS_NAMESPACE": "relay",
            }
            with sandbox("relay.ingest.handler", environment) as made:
                made.initialized()
                yield World(aws, container, made)

    return start


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_a_restored_function_answers_with_the_credentials_of_today(
    start: Start, transport: str, print_row: PrintRow
) -> None:
    with start(transport) as world:
        assert (world.aws.asked, world.aws.connections) == ([], 0)  # nothing of it would live in a snapshot
        world.restore()
        first = world.post()
        warm = world.post()
        assert world.put_by() == ["AKIDAFTER", "AKIDAFTER"]
    print_row(f"after SnapStart, {transport:6}: first webhook {first * 1000:4.0f} ms, second {warm * 1000:4.0f} ms")


def test_a_frozen_function_goes_on_with_its_connection(start: Start, transport: str) -> None:
    with start(transport) as world:
        world.restore()
        world.post()
        connections = world.aws.connections
        world.sandbox.freeze()
        world.sandbox.thaw()
        world.post()
        assert world.aws.connections == connections


def test_a_frozen_function_replaces_a_connection_that_was_closed_meanwhile(start: Start, transport: str) -> None:
    with start(transport) as world:
        world.restore()
        world.post()
        world.aws.hang_up = True
        world.post()
        world.aws.hang_up = False
        connections = world.aws.connections
        world.sandbox.freeze()
        world.sandbox.thaw()
        world.post()
        assert world.aws.connections == connections + 1


def test_a_function_starts_although_there_are_no_credentials_yet(start: Start, transport: str) -> None:
    with start(transport, before=(500, b"")) as world:
        world.restore()
        world.post()
        assert world.put_by() == ["AKIDAFTER"]


def test_two_restored_functions_do_not_draw_the_same_numbers(tmp_path: Path) -> None:
    """Botocore takes its pauses between attempts from `random`, whose state is in the snapshot."""
    (tmp_path / "drawing.py").write_text(
        "import random\n"
        "from relay.aws import snapstart\n"
        "snapstart.reseed_after_restore()\n"
        "random.seed(0)\n"
        "def handler(event, context):\n"
        "    return {'drawn': random.random()}\n"
    )
    with sandbox("drawing.handler", {"PYTHONPATH": str(tmp_path)}) as made:
        made.initialized()
        made.restore()
        answer, _ = made.invoke({})
    assert answer["drawn"] != random.Random(0).random()
