"""Both transports over real connections: the same requests and errors, and what the direct one has to do itself."""

import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay import call, direct, sdk
from relay.call import EVENTS, ONCE, SECRETS_MANAGER, SEVERAL, Call, CallFailed, Patience
from relay.entry import Accepted, Entry, Failed
from relay.partner_bus import sender

REGION = "us-east-1"
QUICK = Patience(1, 0.3, 1)
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

            def setup(self) -> None:
                super().setup()
                aws.connections += 1

            def do_GET(self) -> None:
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
                self.end_headers()
                self.wfile.write(content)
                self.close_connection = aws.hang_up

            def log_message(self, *_: object) -> None:
                """Nothing to say."""

        return Handler


@contextmanager
def serving(aws: Aws, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port it is on."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), aws.handler())
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        aws.released.set()
        direct.disconnect()
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
        sdk.client.cache_clear()
        yield made
        sdk.client.cache_clear()


def put(transport: Call, patience: Patience = ONCE) -> dict[str, Any]:
    return transport(EVENTS, REGION, "PutPartnerEvents", {"Entries": [ENTRY]}, patience)


def failure(work: Callable[[], Any]) -> CallFailed:
    with pytest.raises(CallFailed) as raised:
        work()
    return raised.value


ENTRIES = st.builds(
    Entry,
    time=st.integers(-(10**9), 10**10).map(lambda tenths: datetime.fromtimestamp(tenths / 10, UTC)),
    source=st.just("aws.partner/acme.example/c42/orders"),
    resources=st.lists(st.text("abc:/é", min_size=1, max_size=9), max_size=3).map(tuple),
    detail_type=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    detail=st.dictionaries(st.text("aé\n", max_size=3), st.text("b\x00\u2028", max_size=5)).map(json.dumps),
    region=st.just(REGION),
    bus=st.sampled_from(["", "own"]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entry=ENTRIES)
def test_both_put_the_same(entry: Entry, aws: Aws) -> None:
    aws.asked.clear()
    for transport in (direct.call, sdk.call):
        assert sender(transport)([entry]) == [Accepted("1")]
    (mine, my_body), (theirs, their_body) = aws.asked
    assert json.loads(my_body) == json.loads(their_body)
    for name in ("content-type", "x-amz-target", "x-amz-security-token", "host"):
        assert mine[name] == theirs[name]


@pytest.mark.parametrize("transport", [direct.call, sdk.call], ids=["direct", "boto3"])
@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([(400, b'{"__type":"com.amazonaws.events#ThrottlingException","message":"slow"}')], "ThrottlingException"),
        ([(503, b"")], "503"),
        ([(0, b"")], "ReadTimeoutError"),
    ],
    ids=["throttled", "503", "silent"],
)
def test_both_give_the_same_code(aws: Aws, transport: Call, answers: list[tuple[int, bytes]], code: str) -> None:
    aws.answers = [*answers]
    assert failure(lambda: put(transport, QUICK)).code == code


@pytest.mark.parametrize("transport", [direct.call, sdk.call], ids=["direct", "boto3"])
def test_nobody_there_is_an_endpoint_that_cannot_be_connected_to(
    transport: Call, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Aws()) as port:
        pass
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    assert failure(lambda: put(transport)).code == "EndpointConnectionError"
    assert aws.asked == []


def test_one_connection_serves_many_requests_and_a_closed_one_is_replaced(aws: Aws) -> None:
    for _ in range(3):
        put(direct.call)
    assert aws.connections == 1
    aws.hang_up = True
    put(direct.call)
    aws.hang_up = False
    put(direct.call)
    assert (aws.connections, len(aws.asked)) == (2, 5)


@pytest.mark.parametrize(
    ("answers", "code", "asked"),
    [
        ([(500, b"")] * 2, None, 3),
        ([(400, b'{"__type":"ThrottlingException"}')], None, 2),
        ([(500, b"")] * 3, "500", 3),
        ([(400, b'{"__type":"ResourceNotFoundException"}')], "ResourceNotFoundException", 1),
    ],
    ids=["recovers", "throttled", "gives-up", "final"],
)
def test_a_secret_is_asked_for_three_times(
    aws: Aws, answers: list[tuple[int, bytes]], code: str | None, asked: int
) -> None:
    aws.answers = [*answers]

    def ask() -> dict[str, Any]:
        return direct.call(SECRETS_MANAGER, REGION, "GetSecretValue", {"SecretId": "a"}, SEVERAL)

    assert (failure(ask).code if code else ask() and None) == code
    assert len(aws.asked) == asked


@pytest.mark.parametrize(
    "content",
    [
        b"<html>",
        b"[]",
        b"null",
        b"\xff",
        b"{}",
        b'{"Entries":null}',
        b'{"Entries":"x"}',
        b'{"Entries":[null]}',
        b'{"Entries":[{}]}',
        b'{"Entries":[{"EventId":null,"ErrorCode":null}]}',
        b'{"Entries":[{"EventId":""}]}',
        b'{"Entries":[{"EventId":1}]}',
    ],
)
def test_an_answer_that_does_not_account_for_the_entry_is_no_success(aws: Aws, content: bytes) -> None:
    aws.answers = [(200, content)]
    [failed] = sender(direct.call)([Entry(datetime.now(UTC), "aws.partner/a/b", (), "a", "{}", REGION)])
    assert isinstance(failed, Failed)
    assert failed.code == "InvalidResponse"


def test_after_snapstart_the_credentials_are_those_of_the_container(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    found = {
        "AccessKeyId": "AKIDOFCONTAINER",
        "SecretAccessKey": "secret",
        "Token": "token",
        "Expiration": "2099-01-01T00:00:00Z",
    }
    container = Aws([(200, json.dumps(found).encode())])
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")
    with serving(container) as port:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{port}/credentials")
        monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "let me in")
        direct._found_by_botocore.cache_clear()
        try:
            call.prepare(direct.call, REGION)
            assert (len(container.asked), aws.connections) == (1, 0)
            put(direct.call)
            put(direct.call)
        finally:
            direct._found_by_botocore.cache_clear()
    assert [headers["authorization"] for headers, _ in container.asked] == ["let me in"]
    assert all("Credential=AKIDOFCONTAINER/" in headers["authorization"] for headers, _ in aws.asked)
    assert all(headers["x-amz-security-token"] == "token" for headers, _ in aws.asked)


def test_without_credentials_nothing_is_sent(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    direct._found_by_botocore.cache_clear()
    try:
        assert failure(lambda: put(direct.call)).code == "NoCredentialsError"
    finally:
        direct._found_by_botocore.cache_clear()
    assert aws.asked == []


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("name", "trusted", "code"),
    [("127.0.0.1", True, None), ("127.0.0.1", False, "SSLError"), ("events.example", True, "SSLError")],
    ids=["trusted", "unknown-authority", "another-host"],
)
def test_tls_is_verified(
    name: str, *, trusted: bool, code: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, other = trustme.CA(), trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    bundle = tmp_path / "ca.pem"
    (authority if trusted else other).cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    direct._tls.cache_clear()
    aws = Aws()
    try:
        with serving(aws, context) as port:
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://127.0.0.1:{port}")
            if code:
                assert failure(lambda: put(direct.call)).code == code
            else:
                put(direct.call)
                put(direct.call)  # TLS's session tickets are no reason to open another connection
                assert aws.connections == 1
    finally:
        direct._tls.cache_clear()
    assert len(aws.asked) == (0 if code else 2)


def test_the_connection_is_open_before_the_first_webhook_comes(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
    call.prepare(direct.call, REGION)
    put(direct.call)
    assert (aws.connections, len(aws.asked)) == (1, 1)


@pytest.mark.parametrize("how", ["snap-start", "on-demand"])
def test_a_function_starts_without_a_connection_too(how: str, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not from a snapshot, in which it would be dead, and not if nobody answers."""
    with serving(Aws()) as port:
        pass
    if how == "on-demand":
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", how)
    call.prepare(direct.call, REGION)
    assert aws.connections == 0


NOT_NEEDED = ("boto3", "botocore.session", "http.client", "urllib3", "email", "cryptography", "jwt", "urllib.request")


def test_a_healthy_webhook_imports_nothing_it_does_not_need(aws: Aws, tmp_path: Path) -> None:
    aws.answers = [(200, json.dumps({"SecretString": "It's a Secret to Everybody"}).encode()), (200, ACCEPTED)]
    script = tmp_path / "script.py"
    script.write_text(
        "import json, sys\n"
        "from bench.driver import Context\n"
        "from bench.events import event\n"
        "from relay import ingest\n"
        "answer = ingest.handler(event('/github', b'{}'), Context())\n"
        "assert answer['statusCode'] == 202, answer\n"
        f"print([name for name in {NOT_NEEDED} if name in sys.modules], file=sys.stderr)\n"
    )
    root = Path(__file__).parents[2]
    environment = {"PYTHONPATH": f"{root}:{root / 'lambda_src'}", "POWERTOOLS_METRICS_NAMESPACE": "a"}
    environment["POWERTOOLS_SERVICE_NAME"] = "a"
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        environment[name] = os.environ[name]
    environment |= {"AWS_REGION": REGION, "RELAY_CONFIG": str(root / "bench/relay.toml")}
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "[]\n")
    assert len(aws.asked) == 2
