"""Stands for AWS's JSON protocol, so that a test can say what is answered and see what was asked."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest

from relay import process_cache
from relay.aws import http_transport
from relay.aws.api import EVENTS, NO_RETRY, AwsCall, AwsError, CallOptions

REGION = "us-east-1"
ENTRY = {"Source": "aws.partner/acme.example/c42", "DetailType": "a", "Detail": "{}"}
ACCEPTED = json.dumps({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}).encode()


@dataclass
class Aws:
    """Stands for AWS: answers what it is told, and remembers what it was asked."""

    answers: list[tuple[int, bytes]] = field(default_factory=list)
    asked: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0
    hang_up: bool = False
    released: threading.Event = field(default_factory=threading.Event)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """For http.server."""
        aws = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else each answer waits for 40 ms
            wbufsize = -1

            def setup(self) -> None:
                super().setup()
                aws.connections += 1

            def do_GET(self) -> None:
                self.do_POST()

            def do_PUT(self) -> None:
                self.do_POST()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                aws.asked.append(({name.lower(): value for name, value in self.headers.items()}, body))
                status, content = aws.answers.pop(0) if aws.answers else (200, ACCEPTED)
                if not status:  # no answer at all
                    aws.released.wait(10)
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.send_header("x-amzn-RequestId", f"request-{len(aws.asked)}")
                self.end_headers()
                self.wfile.write(content)
                self.close_connection = aws.hang_up

            def log_message(self, *_: object) -> None:
                """Nothing to say."""

        return Handler


@contextmanager
def serving(aws: Aws, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Return the port it is on."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), aws.handler())
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        aws.released.set()
        http_transport.close_connections()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, name.lower())


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, credentials: None) -> Iterator[Aws]:  # noqa: ARG001 - they have to be there
    made = Aws()
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the credentials of another test
    with serving(made) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        process_cache.clear()
        yield made
        process_cache.clear()


def put(transport: AwsCall, options: CallOptions = NO_RETRY) -> dict[str, Any]:
    return transport(EVENTS, REGION, "PutPartnerEvents", {"Entries": [ENTRY]}, options)


def failure(work: Callable[[], Any]) -> AwsError:
    with pytest.raises(AwsError) as raised:
        work()
    return raised.value
